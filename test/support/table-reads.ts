import { expect } from '@jest/globals';
import type { TestApp } from './app.js';
import type { TestDatabase } from './database.js';
import { until } from './until.js';

/** By PostgreSQL's own count. */
export interface TableReads {
  /** Scans over the whole table. */
  readonly scans: number;
  /** What the indexes of the table gave. */
  readonly entries: number;
}

/** What one answer reads of a table. */
export async function readsOf(mirror: TestApp, table: string, url: string): Promise<TableReads> {
  const { query } = mirror.database;
  await handInCounts(query);
  const before = await counted(query, table);
  const { status, body } = await mirror.http.get(url);
  expect([url, status, body.code]).toEqual([url, 200, undefined]);
  await handInCounts(query);
  const after = await counted(query, table);
  return { scans: after.scans - before.scans, entries: after.entries - before.entries };
}

/** A connection hands in its counts when it ends; the service makes another. */
export async function handInCounts(query: TestDatabase['query']): Promise<void> {
  const ours = `select pg_terminate_backend(pid) from pg_stat_activity
                 where datname = current_database() and application_name like 'topic-mirror%'`;
  await until(async () => (await query(ours)).length === 0);
}

async function counted(query: TestDatabase['query'], table: string): Promise<TableReads> {
  const [row] = await query<{ [Key in keyof TableReads]: number }>(
    `select (select seq_scan from pg_stat_user_tables where relname = $1)::int as scans,
            (select sum(idx_tup_read) from pg_stat_user_indexes where relname = $1)::int as entries`,
    [table],
  );
  if (!row) throw new Error('PostgreSQL counts nothing');
  return row;
}
