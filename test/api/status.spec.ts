import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, postCallback, signed } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type Proxy, startProxy } from '../support/proxy.js';
import type { StatusResponse } from '../../src/status/responses.js';

const TOKEN = 'a-token-of-the-console';
const KEY = 'k3y-of-the-tools';

let database: TestDatabase;
let proxy: Proxy;
let mirror: TestApp;
beforeAll(async () => {
  database = await createDatabase();
  proxy = await startProxy(database.url);
  mirror = await startApp(
    {
      DATABASE_URL: proxy.url,
      IM_CALLBACK_TOKENS: TOKEN,
      API_KEYS: `tools:${createHash('sha256').update(KEY).digest('hex')}`,
    },
    database,
  );
  const past = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
  await database.query(
    `insert into groups (group_id, seq, verified_at, stale_since, destroyed_at)
     values ('g1', 1, null, null, null), ('g2', 1, $1, null, null), ('g3', 1, null, $2, null), ('g4', 1, null, $2, $2)`,
    [past(3), past(1)],
  );
  await database.query(
    `insert into reconcile_queue (group_id, snapshot_at) values ('g2', $1), ('g1', $2)`,
    [past(3), past(2)],
  );
  await database.query(`
    insert into changes (group_id, seq, topic_id, kind, origin, at, before, after)
    select 'g2', n, 't', case when n % 2 = 0 then 'created' else 'deleted' end,
           case when n <= 7 then 'reconcile' else 'callback' end,
           case when n <= 4 then now() - interval '26 hours' else now() end, '{}', '{}'
      from generate_series(1, 9) n`);
});
afterAll(async () => {
  proxy.set('pass');
  await mirror.close();
  await proxy.close();
  await database.drop();
});

async function status(): Promise<StatusResponse> {
  const { body } = await mirror.http
    .get('/status')
    .set('authorization', `Bearer ${KEY}`)
    .expect(200)
    .expect('cache-control', 'no-store');
  return body;
}

/** Answers are shared for a moment. */
async function statusSoon(holds: (body: StatusResponse) => unknown): Promise<StatusResponse> {
  for (;;) {
    const body = await status();
    if (holds(body)) return body;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

it('is for keys', async () => {
  const { body } = await mirror.http.get('/status').expect(401);
  expect(body.code).toBe('UNAUTHORIZED');
});

it('tells the process, the database and the groups by state', async () => {
  expect(await status()).toMatchObject({
    version: '0.1.0',
    status: 'ready',
    ready: true,
    production: false,
    sdkAppId: '1400000000',
    database: { up: true, version: expect.stringMatching(/^\d+\.\d+/), replica: null },
    callbacks: { signed: true, lastAt: null, any: false, received: { total: 0, byOutcome: [] } },
    restApi: { configured: false, reachable: null, lastOkAt: null, lastErrorAt: null },
    spool: { records: 0, bytes: 0, damaged: 0, setAsideFiles: 0 },
    groups: { hooked: 1, verified: 1, stale: 1, destroyed: 1 },
    feed: { subscribers: 0 },
    rejections: { byReason: [], latest: [] },
  });
  const { now, startedAt, oldestVerifiedAt } = await status();
  expect(Date.parse(startedAt)).toBeLessThan(Date.parse(now));
  expect(Date.parse(now) - Date.parse(oldestVerifiedAt ?? '')).toBeCloseTo(3 * 3_600_000, -5);
});

it('counts the repairs of the day', async () => {
  const { repairsToday } = await status();
  expect(repairsToday).toEqual([
    { kind: 'created', count: 1 },
    { kind: 'updated', count: 0 },
    { kind: 'deleted', count: 2 },
    { kind: 'restored', count: 0 },
  ]);
});

it('finds what is open, what is missing, and a switch that is off', async () => {
  const { findings } = await status();
  expect(findings).toEqual([
    expect.objectContaining({ level: 'warning', code: 'NO_REST_API' }),
    expect.objectContaining({ level: 'warning', code: 'NO_CALLBACK' }),
  ]);
  await postCallback(mirror.http, createTopicBody({ GroupId: 'g1' }), signed(TOKEN)).expect(200);
  const body = await statusSoon(({ callbacks }) => callbacks.any);
  expect(body).toMatchObject({
    callbacks: { received: { total: 1, byOutcome: [{ outcome: 'applied', count: 1 }] } },
    findings: [
      { code: 'NO_REST_API' },
      {
        level: 'error',
        code: 'CALLBACK_SWITCH_OFF',
        message: expect.stringContaining('AfterTopicDestroyed'),
        advice: expect.stringContaining('after group disbanded'),
      },
    ],
  });
  expect(Date.now() - Date.parse(body.callbacks.lastAt ?? '')).toBeLessThan(60_000);
});

describe('rejected callbacks', () => {
  it('are counted by reason, the latest twenty without secrets', async () => {
    const sign = 'd'.repeat(64);
    const refused = (query: Record<string, string>) =>
      postCallback(mirror.http, createTopicBody({ Name: 'private' }), query).expect(403);
    await refused({ ...signed(TOKEN), Sign: sign });
    await refused({ ...signed(TOKEN), SdkAppid: '1400000001' });
    for (let index = 0; index < 20; index += 1) await refused({ UserId: 'somebody' });
    await postCallback(mirror.http, createTopicBody(), {
      ...signed(TOKEN),
      CallbackCommand: 'Group.CallbackAfterTopicDestroyed',
    }).expect(403);
    const { rejections } = await statusSoon((body) => body.rejections.latest[0]);
    expect(rejections.byReason).toEqual([
      { reason: 'wrong Sign', count: 1 },
      { reason: 'wrong SdkAppid', count: 1 },
      { reason: 'missing Sign or RequestTime', count: 20 },
      { reason: 'query and body name different commands', count: 1 },
    ]);
    expect(rejections.latest).toHaveLength(20);
    expect(rejections.latest[0]).toMatchObject({
      reason: 'query and body name different commands',
      command: 'Group.CallbackAfterTopicDestroyed',
      from: '127.0.0.1',
    });
    expect(rejections.latest[19]).toEqual({
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      reason: 'missing Sign or RequestTime',
      message: expect.stringContaining('not signed'),
      command: 'Group.CallbackAfterCreateTopic',
      from: '127.0.0.1',
    });
    const text = JSON.stringify(rejections);
    for (const secret of [sign, 'somebody', 'private', TOKEN]) expect(text).not.toContain(secret);
  });
});

it('is answered while the database is away, with null for what only that knows', async () => {
  proxy.set('refuse');
  const body = await statusSoon(({ database: { up } }) => !up);
  expect(body).toMatchObject({
    status: 'ready',
    database: { up: false, version: null },
    callbacks: { lastAt: null, any: null, received: { total: 2 } },
    groups: null,
    oldestVerifiedAt: null,
    repairsToday: null,
  });
  expect(body.findings).toContainEqual(
    expect.objectContaining({ level: 'error', code: 'DATABASE_UNAVAILABLE' }),
  );
  await postCallback(mirror.http, createTopicBody({ GroupId: 'g9' }), signed(TOKEN)).expect(200);
  const spooled = await statusSoon(({ spool }) => spool.records > 0);
  expect(spooled.spool).toMatchObject({ records: 1, bytes: expect.any(Number) });
  proxy.set('pass');
  expect(await statusSoon(({ database: { up } }) => up)).toMatchObject({
    database: { up: true },
    groups: { verified: expect.any(Number) },
  });
});

it('rejects parameters, since it takes none', async () => {
  for (const query of ['token=abc', 'toString=x']) {
    const { body } = await mirror.http
      .get(`/status?${query}`)
      .set('authorization', `Bearer ${KEY}`)
      .expect(400);
    expect(body).toMatchObject({
      code: 'INVALID_PARAMETER',
      detail: `Unknown parameter "${query.split('=')[0]}"; allowed: none.`,
    });
  }
});
