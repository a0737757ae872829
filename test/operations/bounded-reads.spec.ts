// Reads that lead to more rows than fit into a process of little memory.
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type Service, startService } from '../support/process.js';
import { seed } from '../support/rows.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

const CHANGES = 160;

let database: TestDatabase;
let service: Service;
let url: string;
beforeAll(async () => {
  database = await createDatabase();
  await seed(
    database,
    [{ group_id: 'g', topic_count: 1 }],
    [{ group_id: 'g', topic_id: 't', name: 'now', updated_at: '2026-02-01Z', seq: CHANGES }],
  );
  await database.query(
    `insert into changes (group_id, seq, topic_id, kind, origin, at, before, after)
     select 'g', i, 't', case i when 1 then 'created' else 'updated' end, 'callback',
            timestamptz '2026-01-01Z' + i * interval '1 minute',
            case when i > 1 then json_build_object('introduction', repeat('x', 900 * 1024) || i) else '{}' end,
            '{}'
       from generate_series(1, $1) i`,
    [CHANGES],
  );
  await database.query('update sequencer set seq = $1', [CHANGES]);
  service = startService({
    DATABASE_URL: database.url,
    DATABASE_POOL_SIZE: '4',
    NODE_OPTIONS: '--max-old-space-size=96',
  });
  url = await service.url;
  await until(async () => (await fetch(`${url}/readyz`)).status === 200);
});
afterAll(async () => {
  service.child.kill('SIGTERM');
  await service.ended;
  await database.drop();
});

it('a topic of many large changes is told as it was before them', async () => {
  const ask = (asOf: string) => fetch(`${url}/groups/g/topics/t?asOf=${asOf}`);
  const first = (await (await ask('2026-01-01T00:01:30Z')).json()) as Record<string, string>;
  // What the second change has replaced.
  expect(first).toMatchObject({ name: 'now', seq: 1, updatedAt: '2026-01-01T00:01:00.000Z' });
  expect(first.introduction).toHaveLength(900 * 1024 + 1);
  expect(first.introduction?.endsWith('x2')).toBe(true);
  expect((await ask('2025-01-01')).status).toBe(404);
  expect(service.child.exitCode).toBeNull();
});

it('reads that PostgreSQL does not end in time leave no statements behind', async () => {
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  await holder.query('begin');
  await holder.query('lock table groups in access exclusive mode');
  const over = performance.now() + 17_000;
  const reads = Array.from({ length: 30 }, async (_, index) => {
    while (performance.now() < over) await fetch(`${url}/groups/g/topics?limit=${index + 1}`);
  });
  let most = 0;
  while (performance.now() < over) {
    const [row] = await database.query<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity
        where datname = current_database() and application_name = 'topic-mirror' and wait_event_type = 'Lock'`,
    );
    most = Math.max(most, row?.count ?? 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await holder.query('rollback');
  await Promise.all(reads);
  await holder.end();
  // Half of the pool, and as many once more while a connection is replaced.
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(4);
});
