// What the lists read of many topics, by PostgreSQL's own count of what indexes gave and of scans over
// the whole table. PLANS_GROUPS=10000 makes it a million, which takes a minute.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, postCallback } from '../support/callbacks.js';
import { handInCounts, readsOf } from '../support/table-reads.js';

const GROUPS = Number(process.env.PLANS_GROUPS ?? 1_000);
const TOPICS_OF_GROUP = 100;
// Two indexes may be read for one answer, and what both lead to is taken.
const OF_A_GROUP = 1.5 * TOPICS_OF_GROUP;
const LIMIT = 50;
// One of fifty topics is deleted: in another order than their index has, a page of them lies this far apart.
const OF_A_FILTER = 60 * LIMIT;
const LOOKED_THROUGH = 10_000;
const MIGRATION = readFileSync('prisma/migrations/20261127000000_init/migration.sql', 'utf8');
const INDEXES = MIGRATION.match(/^create index "topics_[^;]+;/gm) ?? [];

let mirror: TestApp;
beforeAll(async () => {
  mirror = await startApp({ DATABASE_POOL_SIZE: '3' });
  const { query } = mirror.database;
  await query(
    `insert into groups (group_id, seq) select 'g' || g, g from generate_series(1, ${GROUPS}) g`,
  );
  // Many rows are written faster without the indexes; they are then made as the migration makes them.
  for (const statement of INDEXES) {
    await query(`drop index ${/create index (\S+)/.exec(statement)?.[1]}`);
  }
  await query('alter table topics disable trigger all');
  await query(`
    insert into topics (group_id, topic_id, name, owner_account, operator_account,
                        user_defined_data_list, created_at, updated_at, deleted_at, seq)
    select 'g' || g, 't' || (g * 7919 % ${GROUPS}) || '-' || t, 'name ' || (g * 31 + t * 17) % 50000,
           case when t % 4 = 0 then 'owner' || g end, case when t = 7 then 'operator' || g else 'root' end,
           jsonb_build_array(jsonb_build_object('Key', 'color', 'Value', case when t % 2 = 0 then 'red' else 'blue' end),
                             jsonb_build_object('Key', 'number', 'Value', (g * 100 + t)::text)),
           case when t % 3 > 0 then timestamptz '2026-01-01' + (g + t * 1000) * interval '1 minute' end,
           timestamptz '2026-02-01' + (g * 100 + t) * interval '1 second',
           case when t % 50 = 0 then timestamptz '2026-03-01' end, g * 100 + t
      from generate_series(1, ${GROUPS}) g, generate_series(1, ${TOPICS_OF_GROUP}) t`);
  await query('alter table topics enable trigger all');
  for (const statement of INDEXES) await query(statement);
  await query('vacuum analyze topics');
  // To make an index is a scan, and a connection may hand in its counts much later.
  const handIn = 'select pg_stat_force_next_flush(), pg_sleep(0.1)';
  await Promise.all([query(handIn), query(handIn)]);
}, 300_000);
afterAll(() => mirror.close());

const SORTS = ['topicId', 'name', 'createdAt', 'updatedAt'].flatMap((field) => [
  field,
  `-${field}`,
]);
const FILTERS = [
  'name=name%207777',
  'ownerAccount=owner77',
  'operatorAccount=operator77',
  'custom.number=77077',
  'custom.color=red',
  'custom.color=red&custom.number=77078',
  'updatedSince=2026-02-12T13:00:00Z',
  'deleted=only',
  'deleted=include',
  'ownerAccount=nobody',
  'custom.color=green',
];

describe('of very many topics', () => {
  it.each(SORTS)('a page of a group reads little more than the group: sort=%s', async (sort) => {
    expect(await readOf(`/groups/g770/topics?sort=${sort}`)).toBeLessThanOrEqual(OF_A_GROUP);
  });

  it.each([...FILTERS, 'q=77'])(
    'a filter in a group reads little more than the group: %s',
    async (filter) => {
      expect(await readOf(`/groups/g770/topics?${filter}`)).toBeLessThanOrEqual(OF_A_GROUP);
    },
  );

  it.each(SORTS)('a page of all groups reads little more than it holds: sort=%s', async (sort) => {
    const first = await readOf(`/topics?sort=${sort}`);
    expect(first).toBeLessThanOrEqual(2 * LIMIT);
  });

  it.each(SORTS)(
    'a page deep in all groups reads no more than the first: sort=%s',
    async (sort) => {
      const cursor = await cursorAfterPages(sort, 20);
      expect(await readOf(`/topics?cursor=${cursor}`)).toBeLessThanOrEqual(2 * LIMIT);
    },
  );

  it.each(FILTERS)(
    'a filter over all groups reads little more than it finds: %s',
    async (filter) => {
      for (const sort of ['topicId', '-updatedAt']) {
        expect(await readOf(`/topics?${filter}&sort=${sort}`)).toBeLessThanOrEqual(OF_A_FILTER);
      }
    },
  );

  it('a part of a name over all groups reads a bounded number', async () => {
    expect(await readOf('/topics?q=no%20such')).toBeLessThanOrEqual(1.1 * LOOKED_THROUGH);
    expect(await readOf('/topics?q=name')).toBeLessThanOrEqual(2 * LIMIT);
  });
});

it('a batch looks its rows up by their keys, though the tables were vacuumed while they were empty', async () => {
  const empty = await startApp();
  try {
    const { query } = empty.database;
    await query('vacuum analyze groups, topics');
    const create = (index: number) =>
      postCallback(
        empty.http,
        createTopicBody({ GroupId: `g${index % 300}`, TopicId: `t${index}` }),
      ).expect(200);
    // More than once PostgreSQL plans a prepared statement for its parameters; then it keeps a plan.
    for (let index = 0; index < 20; index += 1) await create(index);
    for (let index = 20; index < 2_000; index += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, more) => create(index + more)));
    }
    await handInCounts(query);
    const [scanned] = await query<{ rows: number }>(
      `select seq_tup_read::int as rows from pg_stat_user_tables where relname = 'topics'`,
    );
    // Some 8,000, as the first plans are made for small tables; two million where a plan stays.
    expect(scanned?.rows).toBeLessThan(200_000);
  } finally {
    await empty.close();
  }
});

/** How many entries the indexes of `topics` gave for one answer. */
async function readOf(url: string): Promise<number> {
  const { entries, scans } = await readsOf(mirror, 'topics', `${url}&limit=${LIMIT}`);
  expect([url, 'scans', scans]).toEqual([url, 'scans', 0]);
  return entries;
}

async function cursorAfterPages(sort: string, pages: number): Promise<string> {
  let cursor: string | null = null;
  for (let page = 0; page < pages; page += 1) {
    const where = cursor === null ? `sort=${sort}` : `cursor=${cursor}`;
    const { body } = await mirror.http.get(`/topics?${where}&limit=500&fields=seq`);
    cursor = body.nextCursor;
  }
  return String(cursor);
}
