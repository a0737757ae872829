// What lists of callbacks and groups read of many rows, by PostgreSQL's own count. PLANS_CALLBACKS=1000000 makes it a
// million callbacks and 100,000 groups, which takes a minute.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { readsOf } from '../support/table-reads.js';

const CALLBACKS = Number(process.env.PLANS_CALLBACKS ?? 100_000);
const GROUPS = CALLBACKS / 10;
const FIRST_MS = Date.parse('2026-01-31T12:00:00Z');
const LIMIT = 50;
const EXAMINED = 10_000;

let mirror: TestApp;
beforeAll(async () => {
  mirror = await startApp({ DATABASE_POOL_SIZE: '3' });
  const { query } = mirror.database;
  await query(`
    insert into groups (group_id, name, seq, last_callback_at, destroyed_at, stale_since, verified_at)
    select 'g' || g, 'Community ' || g * 7919 % ${GROUPS}, g, now() - g * interval '1 second',
           case when g % 1000 = 0 then now() end, case when g % 500 = 1 then now() end,
           case when g % 300 > 0 then now() end
      from generate_series(1, ${GROUPS}) g`);
  // Nearly all are messages; one in a thousand is of the mirror, and of these few fail.
  await query(`
    insert into callbacks (id, command, group_id, query, body, outcome, position)
    select (left(micros, 12) || '8' || right(micros, 3) || repeat('8', 16))::uuid,
           case when n % 1000 = 0 then 'Group.CallbackAfterTopicDestroyed' else 'C2C.CallbackAfterSendMsg' end,
           'g' || n % ${GROUPS}, 'OptPlatform=RESTAPI', '{}',
           case when n % 5000 = 0 then 'invalid' when n % 1000 = 0 then 'applied' else 'ignored' end,
           n / 7
      from generate_series(1, ${CALLBACKS}) n,
           lateral (select lpad(to_hex(${FIRST_MS}::bigint * 1000 + n * 1000), 15, '0') as micros) arrival`);
  await query(`update sequencer set journal_position = ${CALLBACKS}`);
  await query('vacuum analyze groups, callbacks');
}, 300_000);
afterAll(() => mirror.close());

async function read(table: string, url: string): Promise<number> {
  const { entries, scans } = await readsOf(mirror, table, url);
  expect([url, 'scans', scans]).toEqual([url, 'scans', 0]);
  return entries;
}

describe('of very many callbacks', () => {
  const instant = (n: number) => new Date(FIRST_MS + n);
  const filters = [
    '',
    'command=Group.CallbackAfterTopicDestroyed',
    'command=Nothing',
    'groupId=g77',
    'groupId=nothing',
    'outcome=invalid',
    'outcome=unknown',
    `until=${instant(CALLBACKS / 2).toISOString()}`,
    `groupId=g77&until=${instant(CALLBACKS / 2).toISOString()}`,
  ];

  it.each(filters)('a page reads little more than it holds: %s', async (filter) => {
    expect(await read('callbacks', `/callbacks?${filter}&limit=${LIMIT}`)).toBeLessThanOrEqual(
      3 * LIMIT,
    );
  });

  it('a page deep in the list reads no more than the first', async () => {
    const { body } = await mirror.http.get('/callbacks?limit=200');
    const url = `/callbacks?cursor=${body.nextCursor}&limit=${LIMIT}`;
    expect(await read('callbacks', url)).toBeLessThanOrEqual(3 * LIMIT);
  });

  it.each(['outcome=applied', 'groupId=g0&outcome=stale', 'outcome=invalid&command=Nothing'])(
    'a filter without an index of its own reads a bounded number: %s',
    async (filter) => {
      expect(await read('callbacks', `/callbacks?${filter}&limit=${LIMIT}`)).toBeLessThanOrEqual(
        1.1 * EXAMINED,
      );
    },
  );

  it('what was committed since is found at its place', async () => {
    const { body } = await mirror.http.get('/callbacks?limit=1');
    const cursor = JSON.parse(Buffer.from(body.nextAfter, 'base64url').toString());
    const after = (position: number) => {
      const value = { ...cursor.value, position };
      return Buffer.from(JSON.stringify({ ...cursor, value })).toString('base64url');
    };
    const from = (position: number, filter = '') =>
      read('callbacks', `/callbacks?after=${after(position)}&limit=${LIMIT}${filter}`);
    expect(await from(CALLBACKS)).toBeLessThanOrEqual(LIMIT);
    expect(await from(1000)).toBeLessThanOrEqual(3 * LIMIT);
    expect(await from(1, '&command=Nothing')).toBeLessThanOrEqual(1.1 * EXAMINED);
  });
});

describe('of very many groups', () => {
  it.each(['groupId', '-groupId', 'name', '-name'])(
    'a page reads little more than it holds: sort=%s',
    async (sort) => {
      const url = `/groups?sort=${sort}&limit=${LIMIT}`;
      expect(await read('groups', url)).toBeLessThanOrEqual(2 * LIMIT);
      const { body } = await mirror.http.get(`/groups?sort=${sort}&limit=500`);
      const next = `/groups?cursor=${body.nextCursor}&limit=${LIMIT}`;
      expect(await read('groups', next)).toBeLessThanOrEqual(2 * LIMIT);
    },
  );

  it.each(['verified', 'hooked', 'stale', 'destroyed'])(
    'a page of a state reads little more than it holds: %s',
    async (state) => {
      const url = `/groups?state=${state}&limit=${LIMIT}`;
      expect(await read('groups', url)).toBeLessThanOrEqual(6 * LIMIT);
    },
  );

  it.each(['seq', '-seq', 'lastCallbackAt', '-lastCallbackAt'])(
    'an order that every callback changes reads all groups once: sort=%s',
    async (sort) => {
      const { entries, scans } = await readsOf(mirror, 'groups', `/groups?sort=${sort}&limit=50`);
      expect(entries).toBeLessThanOrEqual(LIMIT);
      // A parallel scan is counted for each process.
      expect(scans).toBeLessThanOrEqual(5);
    },
  );

  it('a part of an id or a name reads a bounded number', async () => {
    expect(await read('groups', '/groups?q=nothing')).toBeLessThanOrEqual(1.1 * EXAMINED);
  });
});
