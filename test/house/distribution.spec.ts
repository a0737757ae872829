// Whether the tables can be distributed by group, as docs/performance.md describes for Citus. PostgreSQL's own
// partitions by hash have the same rule for keys: each must contain the column of the distribution.
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { type Body, createTopicBody, OK, postCallback } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

/** By what each table is distributed. */
const DISTRIBUTED: Readonly<Record<string, string>> = {
  groups: 'group_id',
  topics: 'group_id',
  changes: 'group_id',
  reconcile_queue: 'group_id',
  callbacks: 'id',
};
/** Tables of a few rows, which stay where they are. */
const LOCAL = [
  'call_rates',
  'clocks',
  'deletion_brake',
  'epoch',
  'feed_floor',
  'group_listing',
  'relay',
  'relay_backlog',
  'relay_lanes',
  'sequencer',
];
const PARTITIONS = 4;
const MIGRATIONS = readdirSync('prisma/migrations').filter((name) => !name.endsWith('.toml'));

let database: TestDatabase;
let distributed: TestApp;
let ordinary: TestApp;
beforeAll(async () => {
  database = await createDatabase('empty');
  for (const name of MIGRATIONS) {
    await database.query(
      partitioned(readFileSync(`prisma/migrations/${name}/migration.sql`, 'utf8')),
    );
  }
  await database.query(`
    create table _prisma_migrations (migration_name text, finished_at timestamptz, rolled_back_at timestamptz)`);
  await database.query('insert into _prisma_migrations select unnest($1::text[]), now()', [
    MIGRATIONS,
  ]);
  [distributed, ordinary] = await Promise.all([startApp({}, database), startApp()]);
});
afterAll(async () => {
  await Promise.all([distributed.close(), ordinary.close()]);
  await database.drop();
});

describe('the schema', () => {
  it('has a place for every table', async () => {
    const tables = await ordinary.database.query<{ name: string }>(
      `select relname as name from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'r' and relname not like '\\_%'`,
    );
    const placed = [...Object.keys(DISTRIBUTED), ...LOCAL].toSorted();
    expect(tables.map(({ name }) => name).toSorted()).toEqual(placed);
  });

  it('keeps its keys, and all of a distributed table contain its column', async () => {
    const keysOf = ({ query }: Pick<TestDatabase, 'query'>) =>
      query<{ table: string; columns: string[] }>(
        `select t.relname as "table",
                array(select a.attname::text from pg_attribute a
                       where a.attrelid = t.oid and a.attnum = any (x.indkey) order by 1) as columns
           from pg_index x join pg_class t on t.oid = x.indrelid
          where x.indisunique and t.relname = any ($1) order by 1, 2`,
        [Object.keys(DISTRIBUTED)],
      );
    const keys = await keysOf(database);
    expect(keys).toEqual(await keysOf(ordinary.database));
    expect(keys.length).toBeGreaterThanOrEqual(Object.keys(DISTRIBUTED).length);
    for (const { table, columns } of keys) expect(columns).toContain(DISTRIBUTED[table]);
  });

  it('has no foreign key that leads from one group to another, or away from a distributed table', async () => {
    const references = await ordinary.database.query<{ from: string; to: string; both: string[] }>(
      `select c.conrelid::regclass::text as "from", c.confrelid::regclass::text as "to",
              array(select f.attname || ' ' || r.attname
                      from unnest(c.conkey, c.confkey) as k(f, r)
                      join pg_attribute f on f.attrelid = c.conrelid and f.attnum = k.f
                      join pg_attribute r on r.attrelid = c.confrelid and r.attnum = k.r) as both
         from pg_constraint c where c.contype = 'f'`,
    );
    expect(references).not.toEqual([]);
    for (const { from, to, both } of references) {
      expect([from, DISTRIBUTED[from], to, DISTRIBUTED[to]]).toEqual([
        from,
        'group_id',
        to,
        'group_id',
      ]);
      expect(both).toContain('group_id group_id');
    }
  });

  it('would be refused with a key that does not contain it', async () => {
    const refused = database.query('create unique index on topics (topic_id)');
    await expect(refused).rejects.toThrow('must include all partitioning columns');
  });
});

describe('the service on it', () => {
  beforeAll(async () => {
    for (const body of callbacks()) {
      for (const { http } of [distributed, ordinary]) {
        const { status, text } = await postCallback(http, body);
        if (status !== 200 || text !== OK) throw new Error(`${status} ${text}`);
      }
    }
  });

  it.each([
    '/groups',
    '/topics?deleted=include&sort=name&limit=500',
    '/topics?custom.color=red',
    '/topics?ownerAccount=grace',
    '/groups/g7/topics?sort=-topicId',
    '/groups/g7/topics/t1/history',
    '/changes?limit=500',
  ])('answers %s like one on ordinary tables', async (path) => {
    const [here, there] = await Promise.all([distributed.http.get(path), ordinary.http.get(path)]);
    expect([here.status, there.status]).toEqual([200, 200]);
    expect(here.body.data.length).toBeGreaterThan(0);
    expect(withoutTimes(here.body)).toEqual(withoutTimes(there.body));
  });

  it('spreads groups and what belongs to them over all parts, each group in one', async () => {
    for (const table of ['groups', 'topics', 'changes']) {
      const parts = await database.query<{ part: string; groups: string[] }>(
        `select tableoid::regclass::text as part, array_agg(distinct group_id) as groups from ${table} group by 1`,
      );
      expect(parts).toHaveLength(PARTITIONS);
      const all = parts.flatMap(({ groups }) => groups);
      expect(new Set(all).size).toBe(all.length);
    }
  });
});

describe('docs/performance.md', () => {
  const page = readFileSync('docs/performance.md', 'utf8');

  it('distributes every table by its column', () => {
    const told = [...page.matchAll(/create_distributed_table\('(\w+)', '(\w+)'/g)];
    expect(Object.fromEntries(told.map(([, table, column]) => [table, column]))).toEqual(
      DISTRIBUTED,
    );
  });

  it('names every table that stays', () => {
    for (const table of LOCAL) expect(page).toContain(`\`${table}\``);
  });
});

/** A migration's script with the tables that are distributed divided by hash. */
function partitioned(script: string): string {
  let text = script
    .replaceAll('index concurrently', 'index')
    // How full its pages are, and what waits unsorted, is a matter of each part.
    .replaceAll(/^alter (table|index) "\w+" set \(.*\);$/gm, '');
  for (const [table, column] of Object.entries(DISTRIBUTED)) {
    const parts = Array.from(
      { length: PARTITIONS },
      (_, part) =>
        `create table "${table}_${part}" partition of "${table}" for values with (modulus ${PARTITIONS}, remainder ${part});`,
    );
    text = text.replace(
      new RegExp(`(create table "${table}" \\([\\s\\S]*?\\n\\))(\\s*with \\([^)]*\\))?;`),
      (_whole, head: string) => `${head} partition by hash ("${column}");\n${parts.join('\n')}`,
    );
  }
  return text;
}

function callbacks(): Body[] {
  const ids = Array.from({ length: 20 }, (_, index) => `g${index}`);
  const at = (minute: number) => Date.UTC(2026, 0, 1, 0, minute);
  return [
    ...ids.flatMap((GroupId, index) =>
      ['t1', 't2', 't3'].map((TopicId, minute) =>
        createTopicBody({
          GroupId,
          TopicId,
          Name: `${TopicId} of ${GroupId}`,
          EventTime: at(minute),
          UserDefinedDataList: [{ Key: 'color', Value: index % 2 === 0 ? 'red' : 'blue' }],
        }),
      ),
    ),
    ...ids.map((GroupId) => ({
      CallbackCommand: 'Group.CallbackAfterTopicInfoChanged',
      GroupId,
      TopicId: 't1',
      Name: 'another name',
      EventTime: at(10),
    })),
    {
      CallbackCommand: 'Group.CallbackAfterTopicDestroyed',
      GroupId: 'g7',
      TopicIdList: ['t2'],
      EventTime: at(11),
    },
    {
      CallbackCommand: 'Group.CallbackAfterChangeGroupOwner',
      GroupId: 'g8',
      Type: 'Community',
      NewOwner_Account: 'grace',
      EventTime: at(12),
    },
    {
      CallbackCommand: 'Group.CallbackAfterGroupDestroyed',
      GroupId: 'g9',
      Type: 'Community',
      EventTime: at(13),
    },
  ];
}

// When something arrived, and cursors, which are signed by each database for itself.
const TIMES = new Set(['updatedAt', 'lastCallbackAt', 'at', 'nextCursor']);

function withoutTimes(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body, (key, value) => (TIMES.has(key) ? undefined : value)));
}
