// Whatever style of dates and time zone are set on the database, the answers are the same.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { runCli } from '../../src/cli/run.js';
import { type Simulator, startSimulator } from '../../tools/simulator/simulator.js';
import { startApp, type TestApp } from '../support/app.js';
import { groupPath, topicPath } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { seed } from '../support/rows.js';
import { NO_LIMITS, SECRET_KEY } from '../support/vendor.js';
import { settingsFor } from '../support/world.js';

const SETTINGS = {
  DateStyle: 'German, DMY',
  TimeZone: 'Asia/Kathmandu',
  IntervalStyle: 'sql_standard',
  extra_float_digits: '0',
  bytea_output: 'escape',
};
const SQL_STYLE = { ...SETTINGS, DateStyle: 'SQL, DMY', TimeZone: 'America/St_Johns' };
const COUNT = 60;

let plain: TestApp;
const others: TestApp[] = [];
beforeAll(async () => {
  plain = await startApp();
  await fill(plain.database);
  for (const settings of [SETTINGS, SQL_STYLE]) {
    const database = await createDatabase();
    await fill(database);
    await alter(database, settings);
    others.push(await startApp({ DATABASE_URL: database.url }));
  }
});
afterAll(async () => {
  for (const mirror of [plain, ...others]) await mirror.close();
});

async function alter(database: TestDatabase, settings: Record<string, string>): Promise<void> {
  const name = new URL(database.url).pathname.slice(1);
  for (const [key, value] of Object.entries(settings)) {
    await database.query(`alter database ${name} set ${key} = '${value}'`);
  }
}

async function fill(database: TestDatabase): Promise<void> {
  const topics = Array.from({ length: COUNT }, (_, index) => ({
    group_id: `g${index % 2}`,
    topic_id: `t${String(index).padStart(2, '0')}`,
    name: `n${index % 7}`,
    created_at:
      index % 5 === 0
        ? null
        : new Date(Date.UTC(index * 41, index % 12, index % 28, 23, 59))
            .toISOString()
            .replace(/^[+-]\d+/, '2000'),
    updated_at: new Date(
      Date.UTC(2026, index % 12, (index % 27) + 1, index % 24, 7, 3, index),
    ).toISOString(),
    deleted_at: index % 9 === 0 ? '2026-11-12T01:02:03.004Z' : null,
    seq: index + 1,
  }));
  await seed(
    database,
    [{ group_id: 'g0', verified_at: '2026-03-04T05:06:07.089Z' }, { group_id: 'g1' }],
    topics,
  );
  await database.query(
    `insert into changes (group_id, seq, topic_id, kind, origin, at, before, after)
     select 'g0', n, 't02', case n when 1 then 'created' else 'updated' end, 'callback',
            timestamptz '2026-01-01Z' + n * interval '1 day', '{}', '{}'
       from generate_series(1, 40) n`,
  );
  await database.query('update sequencer set seq = 40');
}

async function answers(mirror: TestApp): Promise<unknown[]> {
  const found: unknown[] = [];
  const ask = async (path: string) => {
    const { status, body } = await mirror.http.get(path);
    const { nextCursor, requestId: _, ...told } = body;
    found.push([path, status, told]);
    return typeof nextCursor === 'string' ? nextCursor : null;
  };
  for (const path of [
    '/topics',
    `${groupPath('g0')}/topics`,
    '/groups',
    `${topicPath('g0', 't02')}/history`,
  ]) {
    const isList = path.endsWith('topics');
    const sorts = isList
      ? ['topicId', 'name', 'createdAt', 'updatedAt'].flatMap((field) => [field, `-${field}`])
      : [''];
    for (const sort of sorts) {
      const query = isList ? `?deleted=include&sort=${sort}&limit=7` : '?limit=7';
      let cursor = await ask(path + query);
      for (let page = 0; cursor !== null && page < 20; page += 1) {
        const asked = found.length;
        const next: string | null = await ask(`${path}?limit=7&cursor=${cursor}`);
        // The cursor itself names another epoch.
        found[asked] = [path, sort, page, (found[asked] as unknown[]).slice(1)];
        cursor = next;
      }
      expect([path, sort, cursor]).toEqual([path, sort, null]);
    }
  }
  await ask('/topics?updatedSince=2026-03-05T00:00:00Z');
  await ask('/changes?after=0&limit=5');
  await ask(groupPath('g0'));
  for (const asOf of [
    '2026-01-02T00:00:00Z',
    '2026-01-20T12:00:00%2B05:45',
    '2026-01-01T23:59:59.999Z',
  ]) {
    await ask(`${topicPath('g0', 't02')}?asOf=${asOf}`);
  }
  return found;
}

it('lists, history, changes and past states are told alike', async () => {
  const expected = await answers(plain);
  const updated = expected.filter((answer) => JSON.stringify(answer).includes('"-updatedAt"'));
  expect(updated.length).toBeGreaterThan(5);
  for (const mirror of others) expect(await answers(mirror)).toEqual(expected);
});

it.each([SETTINGS, { ...SETTINGS, TimeZone: 'America/St_Johns', DateStyle: 'SQL, DMY' }])(
  'a backfill and doctor end as they should with %j',
  async (settings) => {
    const simulator: Simulator = await startSimulator({
      seed: 1,
      secretKey: SECRET_KEY,
      limits: NO_LIMITS,
    });
    for (let index = 0; index < 5; index += 1)
      simulator.vendor.createGroup({ name: `Group ${index}`, ownerAccount: 'a' });
    const database = await createDatabase();
    await alter(database, settings);
    const env = { ...settingsFor(simulator), DATABASE_URL: database.url };
    const lines: string[] = [];
    const print = (line: string) => void lines.push(line);
    expect([await runCli(['backfill'], env, print, print), lines]).toEqual([0, expect.anything()]);
    expect(lines.join('\n')).toMatch(/groups +5/);
    const [row] = await database.query(
      'select count(*)::int as count from reconcile_queue where snapshot_at is not null',
    );
    expect(row).toEqual({ count: 5 });
    await simulator.close();
    await database.drop();
  },
  60_000,
);
