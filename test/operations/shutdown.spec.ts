// Whatever hangs when it is told to stop: it ends by itself, in time, and keeps what it has answered.
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { callbackQuery, createTopicBody, OK } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { createDataDir, type Service, startService, PRODUCTION } from '../support/process.js';
import { type Mode, type Proxy, startProxy } from '../support/proxy.js';
import { until } from '../support/until.js';

jest.setTimeout(120_000);

const PROMPT = { ...PRODUCTION, DRAIN_SECONDS: '0' };
// What docs/install.md promises.
const STOPPED_WITHIN_MS = 15_000;
const CALLBACKS = 400;
const BODY_BYTES = 64 * 1024;
const AT_ONCE = 50;

let database: TestDatabase;
let proxy: Proxy;
let dataDir: Awaited<ReturnType<typeof createDataDir>>;
const services: Service[] = [];
beforeEach(async () => {
  database = await createDatabase();
  proxy = await startProxy(database.url);
  dataDir = await createDataDir(false);
});
afterEach(async () => {
  for (const { child } of services) child.kill('SIGKILL');
  await Promise.all(services.splice(0).map(({ ended }) => ended));
  await proxy.close();
  await database.drop();
  await dataDir.remove();
});

function start(url: string): Service {
  const service = startService({ ...PROMPT, DATABASE_URL: url, DATA_DIR: dataDir.path });
  services.push(service);
  return service;
}

async function post(url: string, TopicId: string, Introduction = ''): Promise<boolean> {
  const body = createTopicBody({ GroupId: 'g', TopicId, Introduction });
  const query = new URLSearchParams(callbackQuery(String(body.CallbackCommand)));
  const answer = await fetch(`${url}/?${query}`, { method: 'POST', body: JSON.stringify(body) });
  return (await answer.text()) === OK;
}

async function idsOf({ query }: TestDatabase): Promise<ReadonlySet<string>> {
  const rows = await query<{ topic_id: string }>('select topic_id from topics');
  return new Set(rows.map((row) => row.topic_id));
}

/** @returns which were answered OK. */
async function fillSpool(url: string): Promise<string[]> {
  const kept: string[] = [];
  for (let from = 0; from < CALLBACKS; from += AT_ONCE) {
    const ids = Array.from({ length: AT_ONCE }, (_, index) => `t${from + index}`);
    const isOk = await Promise.all(ids.map((id) => post(url, id, 'x'.repeat(BODY_BYTES))));
    kept.push(...ids.filter((_, index) => isOk[index]));
  }
  return kept;
}

it.each<Mode>(['slow', 'stall'])(
  'a long spool while PostgreSQL is of mode %s: it ends with 0 in time, and a next start has all',
  async (mode) => {
    const first = start(proxy.url);
    const url = await first.url;
    await until(() => post(url, 'before'));
    proxy.set('refuse');
    const kept = await fillSpool(url);
    expect(kept.length).toBeGreaterThan(CALLBACKS / 2);
    proxy.set('pass');
    // It is being applied, and something that nobody answers yet is on its way as well.
    await until(async () => (await idsOf(database)).size > 10);
    proxy.set(mode);
    const running = post(url, 'late').catch(() => false);
    const startedAt = performance.now();
    first.child.kill('SIGTERM');
    const { code, output } = await first.ended;
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
    expect(performance.now() - startedAt).toBeLessThan(STOPPED_WITHIN_MS);
    if (await running) kept.push('late');

    start(database.url);
    await until(async () => {
      const ids = await idsOf(database);
      return kept.every((id) => ids.has(id));
    }, 60_000);
  },
);

it('told to stop while PostgreSQL stalls at the start, it ends with 0 in time', async () => {
  proxy.set('stall');
  const service = start(proxy.url);
  await proxy.nextRequest();
  const startedAt = performance.now();
  service.child.kill('SIGTERM');
  expect((await service.ended).code).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(STOPPED_WITHIN_MS);
});
