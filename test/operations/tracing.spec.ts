import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type Environment, readEnvironment } from '../../src/config/environment.js';
import { startSimulator } from '../../tools/simulator/simulator.js';
import { callbackQuery, createTopicBody, signed } from '../support/callbacks.js';
import { type Collected, type Collector, startCollector } from '../support/collector.js';
import { createDatabase } from '../support/database.js';
import { type Service, startService } from '../support/process.js';
import { NO_LIMITS } from '../support/vendor.js';
import { until } from '../support/until.js';

// Each test starts a process, on machines that may be busy.
jest.setTimeout(60_000);

const TOKEN = 'c4llback-t0ken';
const CALLBACK = 'POST /webhooks/im';
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`;
const INTERNAL = 1;
const SERVER = 2;
const CLIENT = 3;

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) await close();
});

describe('without OTEL_EXPORTER_OTLP_ENDPOINT', () => {
  it('nothing of OpenTelemetry is loaded but what prom-client brings', async () => {
    expect(await packagesLoaded({})).toEqual(['@opentelemetry/api']);
  });

  it('nor with OTEL_SDK_DISABLED=true', async () => {
    const { url } = await collector();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SDK_DISABLED: 'true' };
    expect(await packagesLoaded(env)).toEqual(['@opentelemetry/api']);
  });
});

describe('a traced callback', () => {
  it('leads to the commit that kept it, inside of it or by a link; the sender is its parent', async () => {
    const { spans, ended } = await traced(async (url) => {
      await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          post(url, { TopicId: `t${index}` }, index === 7 ? { traceparent: TRACEPARENT } : {}),
        ),
      );
    });
    expect(ended.code).toBe(0);
    const callbacks = spans.filter(({ name }) => name === CALLBACK);
    const commits = spans.filter(({ name }) => name === 'commit');
    expect(callbacks).toHaveLength(40);
    for (const callback of callbacks) {
      const own = commits.filter(({ parentSpanId }) => parentSpanId === callback.spanId);
      const linked = commits.filter(({ spanId }) => callback.links.includes(spanId));
      expect([own.length, linked.length].toSorted()).toEqual([0, 1]);
      for (const commit of linked) expect(commit.links).toContain(callback.spanId);
    }
    const sizes = commits.map(({ attributes }) => Number(attributes['topicmirror.commit.size']));
    expect(sizes.reduce((total, size) => total + size, 0)).toBe(40);
    expect(commits.length).toBeLessThan(40);
    const called = callbacks.filter(({ traceId }) => traceId === TRACE_ID);
    expect(called.map(({ parentSpanId }) => parentSpanId)).toEqual([PARENT_ID]);
  });

  it('tells what became of it, of which service, and no secret', async () => {
    const { spans, requests } = await traced(async (url) => {
      await post(url, { Name: 'a private name' });
      await post(url, {}, {}, { Sign: 'f0rged' });
    }, SERVICE);
    const [kept, refused] = spans.filter(({ name }) => name === CALLBACK);
    expect(kept).toMatchObject({
      kind: SERVER,
      isFailed: false,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/webhooks/im',
        'http.response.status_code': 200,
        'topicmirror.command': 'Group.CallbackAfterCreateTopic',
        'topicmirror.outcome': 'applied',
        'topicmirror.callback.id': expect.stringMatching(/^[\da-f-]{36}$/),
      },
      resource: { 'service.name': 'mirror-of-mine', 'deployment.environment': 'test' },
    });
    expect(refused?.attributes).toMatchObject({ 'http.response.status_code': 403 });
    for (const { body, headers } of requests) {
      expect(body).not.toMatch(/Sign|RequestTime|ClientIP|private|f0rged|cQVLVHIM62CJ/);
      expect(`${body}${headers}`).not.toContain(TOKEN);
    }
    expect(requests[0]?.headers).toContain('"x-collector-key":"of-mine"');
  });

  it('has its ids in the lines of the log', async () => {
    const { spans, ended } = await traced((url) => post(url, {}, {}, { Sign: 'f0rged' }));
    const line = ended.output.split('\n').find((text) => text.includes('callback refused'));
    const [span] = spans.filter(({ name }) => name === CALLBACK);
    const ids = { trace_id: span?.traceId, span_id: span?.spanId };
    expect(JSON.parse(line ?? '{}')).toMatchObject(ids);
  });

  it('is left out where the sampler says so, and kept where its sender is traced', async () => {
    const { spans } = await traced(
      async (url) => {
        await post(url, { TopicId: 'unheard-of' });
        await post(url, { TopicId: 'followed' }, { traceparent: TRACEPARENT });
        await post(url, { TopicId: 'unheard-of as well' });
      },
      { OTEL_TRACES_SAMPLER: 'parentbased_always_off' },
    );
    expect(spans.map(({ name }) => name).toSorted()).toEqual([CALLBACK, 'commit']);
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE_ID]));
  });

  it('is sent as protobuf where nothing else is asked for', async () => {
    const { requests } = await traced((url) => post(url, {}), {
      OTEL_EXPORTER_OTLP_PROTOCOL: '',
    });
    expect(requests.map(({ path, type }) => [path, type])).toEqual([
      ['/v1/traces', 'application/x-protobuf'],
    ]);
    expect(requests[0]?.body).toContain(CALLBACK);
  });
});

describe('a traced comparison with the vendor', () => {
  it('holds its REST calls and its commits, and no credential', async () => {
    const secretKey = 's3cret-k3y';
    const vendor = await startSimulator({ seed: 1, secretKey, limits: NO_LIMITS });
    toClose.push(() => vendor.close());
    const group = vendor.vendor.createGroup({ name: 'Club', ownerAccount: 'ada' });
    vendor.vendor.createTopic(group.groupId, { name: 'imported' }, 'ada');
    const { spans, requests } = await traced(
      async (url) => {
        await until(async () => {
          const answer = await fetch(`${url}/groups/${encodeURIComponent(group.groupId)}`);
          return answer.ok && (await answer.text()).includes('"verified"');
        });
      },
      { IM_API_HOST: vendor.url, IM_SECRET_KEY: secretKey },
    );
    const looks = spans.filter(({ name }) => name === 'reconcile');
    expect(looks[0]).toMatchObject({ kind: INTERNAL, attributes: { 'topicmirror.groups': 1 } });
    const inside = childrenOf(looks[0], spans);
    expect(inside.map(({ name }) => name)).toEqual(['get_group_info', 'get_topic', 'commit']);
    expect(inside[1]).toMatchObject({
      kind: CLIENT,
      isFailed: false,
      attributes: { 'http.response.status_code': 200, 'topicmirror.vendor.code': 0 },
    });
    for (const { body } of requests)
      expect(body).not.toMatch(/usersig|identifier|s3cret-k3y|eJ[\w*-]{20}/);
  });

  it('tells which REST calls failed', async () => {
    const { spans } = await traced(
      (url) =>
        until(async () =>
          /outcome="retried"\} [1-9]/.test(await (await fetch(`${url}/metrics`)).text()),
        ),
      { IM_API_HOST: 'http://127.0.0.1:9', IM_SECRET_KEY: 'key' },
    );
    const [call] = spans.filter(({ name }) => name === 'get_appid_group_list');
    expect(call).toMatchObject({ isFailed: true, attributes: { 'error.type': 'no answer' } });
  });
});

describe('a collector that is away', () => {
  it.each([
    ['answers nothing', () => collector({ hangs: true }).then(({ url }) => url)],
    ['is not there', () => Promise.resolve('http://127.0.0.1:9')],
  ])('and %s changes no answer, and keeps no process from ending', async (_name, where) => {
    const service = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: await where() });
    expect(await post(await service.url, {})).toBe(200);
    const begun = performance.now();
    service.child.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
    expect(performance.now() - begun).toBeLessThan(9_000);
  });
});

describe('variables of OpenTelemetry in .env', () => {
  it('reach it as those of the environment do, and do not win over them', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'topic-mirror-env-'));
    const file = join(directory, '.env');
    await writeFile(file, 'OTEL_EXAMPLE_OF_FILE=file\nOTEL_EXAMPLE_OF_BOTH=file\n');
    process.env.OTEL_EXAMPLE_OF_BOTH = 'process';
    const env = readEnvironment(file);
    expect(process.env).toMatchObject({
      OTEL_EXAMPLE_OF_FILE: 'file',
      OTEL_EXAMPLE_OF_BOTH: 'process',
    });
    expect(env.OTEL_EXAMPLE_OF_BOTH).toBe('process');
    delete process.env.OTEL_EXAMPLE_OF_FILE;
    delete process.env.OTEL_EXAMPLE_OF_BOTH;
    await rm(directory, { recursive: true });
  });
});

const SERVICE = {
  OTEL_SERVICE_NAME: 'mirror-of-mine',
  OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
  OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=of-mine',
};

async function collector(options: { hangs?: boolean } = {}): Promise<Collector> {
  const started = await startCollector(options);
  toClose.push(() => started.close());
  return started;
}

async function start(env: Environment): Promise<Service> {
  const database = await createDatabase();
  toClose.push(() => database.drop());
  const service = startService({ DATABASE_URL: database.url, IM_CALLBACK_TOKENS: TOKEN, ...env });
  toClose.push(async () => {
    service.child.kill('SIGKILL');
    await service.ended;
  });
  return service;
}

/** Lets the service work, stops it, and tells what the collector had got by then. */
async function traced(work: (url: string) => Promise<unknown>, env: Environment = {}) {
  const { url, spans, requests } = await collector();
  const service = await start({
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    ...env,
  });
  await work(await service.url);
  service.child.kill('SIGTERM');
  return { spans, requests, ended: await service.ended };
}

async function post(
  url: string,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
  query: Record<string, string> = {},
): Promise<number> {
  const whole = createTopicBody(body);
  const sent = { ...callbackQuery(String(whole.CallbackCommand)), ...signed(TOKEN), ...query };
  const answer = await fetch(`${url}/webhooks/im?${new URLSearchParams(sent)}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(whole),
  });
  return answer.status;
}

function childrenOf(parent: Collected | undefined, spans: readonly Collected[]): Collected[] {
  return spans.filter(({ parentSpanId }) => parentSpanId === parent?.spanId);
}

/** The packages of OpenTelemetry that a process has loaded by its end, as V8 lists its scripts. */
async function packagesLoaded(env: Environment): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'topic-mirror-loaded-'));
  const service = await start({ NODE_V8_COVERAGE: directory, ...env });
  expect(await post(await service.url, {})).toBe(200);
  service.child.kill('SIGTERM');
  expect((await service.ended).code).toBe(0);
  const files = await readdir(directory);
  const reports = await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')));
  await rm(directory, { recursive: true });
  const names = reports.flatMap((text) => text.match(/@opentelemetry\/[\w-]+(?=\/)/g) ?? []);
  return [...new Set(names)];
}
