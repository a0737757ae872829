import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { callbackQuery, createTopicBody, OK, topicPath } from '../support/callbacks.js';
import { createOwnServer, type OwnServer } from '../support/own-server.js';
import {
  createDataDir,
  prisma,
  type Service,
  startService,
  PRODUCTION,
} from '../support/process.js';
import { until } from '../support/until.js';

// Each test starts processes and a server, on machines that may be busy.
jest.setTimeout(60_000);

const PROMPT = { ...PRODUCTION, DRAIN_SECONDS: '0' };

let server: OwnServer;
let dataDir: Awaited<ReturnType<typeof createDataDir>>;
let services: Service[] = [];
beforeAll(async () => {
  server = await createOwnServer();
});
beforeEach(async () => {
  dataDir = await createDataDir();
});
afterEach(async () => {
  for (const { child } of services) child.kill('SIGKILL');
  await Promise.all(services.map(({ ended }) => ended));
  services = [];
  await server.stop();
  await dataDir.remove();
});
afterAll(() => server.remove());

function start(env: Record<string, string> = {}): Service {
  const service = startService({
    DATABASE_URL: server.urlOf('topic_mirror'),
    DATA_DIR: dataDir.path,
    ...env,
  });
  services.push(service);
  return service;
}

async function post(service: Service, TopicId: string): Promise<string> {
  const body = createTopicBody({ GroupId: 'g', TopicId });
  const query = new URLSearchParams(callbackQuery('Group.CallbackAfterCreateTopic'));
  const answer = await fetch(`${await service.url}/webhooks/im?${query}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return `${answer.status} ${await answer.text()}`;
}

async function ask(service: Service, path: string) {
  const answer = await fetch((await service.url) + path);
  return { status: answer.status, body: await answer.json() };
}

const untilReady = (service: Service) =>
  until(async () => (await ask(service, '/readyz')).status === 200);
const untilThere = (service: Service, topicId: string) =>
  until(async () => (await ask(service, topicPath('g', topicId))).status === 200);
const spooled = () => readdir(join(dataDir.path, 'spool'));

it('with PostgreSQL down the service lives, takes callbacks, and is ready when PostgreSQL is there', async () => {
  const service = start();
  expect(await post(service, 'early')).toBe(`200 ${OK}`);
  expect((await ask(service, '/livez')).status).toBe(200);
  expect(await ask(service, '/readyz')).toEqual({
    status: 503,
    body: { status: 'starting', database: 'down', spooled: 1 },
  });
  expect(await ask(service, '/groups')).toMatchObject({
    status: 503,
    body: { code: 'DATABASE_UNAVAILABLE' },
  });

  await server.start();
  await untilReady(service);
  await untilThere(service, 'early');
  expect(await post(service, 'late')).toBe(`200 ${OK}`);
  await untilThere(service, 'late');
  expect(await spooled()).toEqual([]);
  service.child.kill('SIGTERM');
  const { code, output } = await service.ended;
  expect(code).toBe(0);
  // However often it was asked before.
  expect(output.match(/does not answer, it is asked until/g)?.length ?? 0).toBeLessThan(2);
  expect(output.match(/PostgreSQL answers, and its schema is current/g)).toHaveLength(1);
  expect(output).toContain('applied migrations');
});

it('in production as well; stopped before, it leaves its callbacks to the next start', async () => {
  await server.start();
  const url = server.urlOf('topic_mirror');
  expect(await prisma(['migrate', 'deploy'], { DATABASE_URL: url })).toMatchObject({ code: 0 });
  await server.stop();
  const first = start(PROMPT);
  expect(await post(first, 'first')).toBe(`200 ${OK}`);
  first.child.kill('SIGTERM');
  expect(await first.ended).toMatchObject({ code: 0 });
  expect(await spooled()).toHaveLength(1);

  const second = start(PROMPT);
  expect(await post(second, 'second')).toBe(`200 ${OK}`);
  await server.start();
  await untilReady(second);
  await untilThere(second, 'first');
  await untilThere(second, 'second');
});

it('a schema that turns out to be behind ends it; what it took stays on disk', async () => {
  const service = start({ ...PROMPT, DATABASE_URL: server.urlOf('postgres') });
  expect(await post(service, 't')).toBe(`200 ${OK}`);
  await server.start();
  const { code, output } = await service.ended;
  expect(code).toBe(1);
  expect(output).toMatch(/not started: .*is behind by \d+ migration.*npx prisma migrate deploy/);
  expect(await spooled()).toHaveLength(1);
});

it.each([
  ['a wrong password', () => server.urlOf('topic_mirror').replace(/:\w+@/, ':wrong@')],
  ['an unknown database', () => server.urlOf('nowhere')],
])('%s means no start, now or later', async (_what, url) => {
  const waiting = start({ ...PROMPT, DATABASE_URL: url() });
  await waiting.url;
  await server.start();
  const told = /not started: (password authentication failed|database "nowhere" does not exist)/;
  const late = await waiting.ended;
  expect([late.code, late.output.replaceAll('\\', '')]).toEqual([1, expect.stringMatching(told)]);
  const atOnce = await start({ ...PROMPT, DATABASE_URL: url() }).ended;
  expect(atOnce.code).toBe(1);
  expect(atOnce.output).not.toContain('Server listening');
});
