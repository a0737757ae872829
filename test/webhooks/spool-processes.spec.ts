// The spool as processes of the operating system meet it: killed, in containers, side by side, on a slow disk.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { slowSync } from '../../bench/slow-sync.mjs';
import { createTopicBody, OK } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type Proxy, startProxy } from '../support/proxy.js';
import { until } from '../support/until.js';

jest.setTimeout(90_000);
const QUERY = 'SdkAppid=1400000000&CallbackCommand=Group.CallbackAfterCreateTopic&contenttype=json';
const { PATH, HOME } = process.env;
let database: TestDatabase;
let proxy: Proxy;
let directory: string;
let services: Service[];

interface Service {
  readonly url: string;
  kill(): Promise<void>;
}

beforeEach(async () => {
  database = await createDatabase();
  proxy = await startProxy(database.url);
  directory = await mkdtemp(join(tmpdir(), 'topic-mirror-processes-'));
  services = [];
});
afterEach(async () => {
  for (const service of services) await service.kill();
  await proxy.close();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

async function start(command: readonly string[] = [], env: Record<string, string> = {}) {
  const [file = '', ...args] = [...command, process.execPath, resolve('dist/main.js')];
  const child = spawn(file, args, {
    cwd: directory,
    env: {
      PATH,
      HOME,
      PORT: '0',
      DATABASE_URL: proxy.url,
      DATA_DIR: join(directory, 'data'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const url = await new Promise<string>((found, failed) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, listening] = /Server listening at (http:[^"]+)/.exec(line) ?? [];
      if (listening) found(listening);
    });
    child.once('exit', () => failed(new Error('it did not start')));
  });
  const service = {
    url,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
  services.push(service);
  await until(async () => (await readiness(service)).includes('"database":"up"'));
  return service;
}

const readiness = async ({ url }: Service) => (await fetch(`${url}/readyz`)).text();

async function post({ url }: Service, topicId: string): Promise<{ answer: string; ms: number }> {
  const startedAt = performance.now();
  const body = JSON.stringify(createTopicBody({ GroupId: 'g', TopicId: topicId }));
  const answer = await fetch(`${url}/webhooks/im?${QUERY}`, { method: 'POST', body });
  return { answer: `${answer.status} ${await answer.text()}`, ms: performance.now() - startedAt };
}

async function postAll(service: Service, ids: readonly string[]): Promise<void> {
  const answers = await Promise.all(ids.map((id) => post(service, id)));
  expect(new Set(answers.map(({ answer }) => answer))).toEqual(new Set([`200 ${OK}`]));
}

const idsOf = (prefix: string) => Array.from({ length: 20 }, (_, index) => `${prefix}${index}`);
const files = () => readdir(join(directory, 'data', 'spool'));
const topics = async () => {
  const rows = await database.query<{ id: string }>('select topic_id as id from topics order by 1');
  return rows.map(({ id }) => id);
};

it('two processes on one DATA_DIR leave each other alone; the living one takes over from the killed one', async () => {
  const [one, other] = [await start(), await start()];
  proxy.set('refuse');
  await postAll(one, idsOf('a'));
  await postAll(other, idsOf('b'));
  expect(await files()).toHaveLength(2);
  await one.kill();
  proxy.set('pass');
  await until(async () => (await files()).length === 0);
  expect(await topics()).toEqual([...idsOf('a'), ...idsOf('b')].toSorted());
});

const UNSHARE = ['unshare', '--uts', '--pid', '--fork'];
const container = (host: string) => [
  ...UNSHARE,
  '--kill-child=SIGKILL',
  'sh',
  '-c',
  `hostname ${host} && exec "$@"`,
  'sh',
];
const hasContainers = (() => {
  try {
    const [command = '', ...args] = [...UNSHARE, 'hostname', 'x'];
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
(hasContainers ? describe : describe.skip)('in containers (takes root)', () => {
  it('a new container on the same DATA_DIR, another host and again process 1, applies what the old one left', async () => {
    const old = await start(container('old'));
    proxy.set('refuse');
    await postAll(old, idsOf('a'));
    await old.kill();
    proxy.set('pass');
    const next = await start(container('next'));
    await until(async () => (await files()).length === 0);
    expect(await topics()).toEqual(idsOf('a').toSorted());
    // While both live, neither takes from the other.
    const third = await start(container('third'));
    proxy.set('refuse');
    await postAll(next, idsOf('b'));
    await postAll(third, idsOf('c'));
    proxy.set('pass');
    await until(async () => (await files()).length === 0);
    expect(await topics()).toEqual([...idsOf('a'), ...idsOf('b'), ...idsOf('c')].toSorted());
  });
});

const workshop = mkdtempSync(join(tmpdir(), 'topic-mirror-slow-sync-'));
afterAll(() => rm(workshop, { recursive: true, force: true }));
const compiler = slowSync(workshop);
(compiler ? describe : describe.skip)('on a disk with slow syncs (takes a C compiler)', () => {
  it.each([5, 20, 400])(
    '%d ms each: no callback is refused or lost while the spool is drained again and again',
    async (ms) => {
      const service = await start([], compiler?.env);
      compiler?.set(ms);
      const ids: string[] = [];
      const answers: ReturnType<typeof post>[] = [];
      for (let turn = 0; turn < 8; turn += 1) {
        proxy.set(turn % 2 === 0 ? 'refuse' : 'pass');
        for (let step = 0; step < 20; step += 1) {
          const id = `t${turn}-${step}`;
          ids.push(id);
          answers.push(post(service, id));
          await new Promise((done) => setTimeout(done, 20));
        }
      }
      for (const { answer, ms: took } of await Promise.all(answers)) {
        expect(answer).toBe(`200 ${OK}`);
        expect(took).toBeLessThan(4_000);
      }
      proxy.set('pass');
      await until(async () => (await files()).length === 0);
      expect(await topics()).toEqual(ids.toSorted());
    },
  );

  it('6 s each: no OK, and no answer later than 2.2 s', async () => {
    const service = await start([], compiler?.env);
    proxy.set('refuse');
    compiler?.set(6_000);
    for (const { answer, ms } of await Promise.all([post(service, 'a'), post(service, 'b')])) {
      expect(answer).toMatch(/^503 .*"FAIL"/);
      expect(ms).toBeGreaterThan(2_000);
      // The vendor has gone; a machine under load may be a little later.
      expect(ms).toBeLessThan(4_500);
    }
    compiler?.set(0);
    await until(async () => (await post(service, 'c')).answer === `200 ${OK}`);
    proxy.set('pass');
    await until(async () => (await files()).length === 0);
    expect(await topics()).toContain('c');
  });
});
