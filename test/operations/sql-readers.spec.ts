// Readers of the schema `mirror`: the reader role reads nothing else, and the recipes of docs/sql.md work.
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, postCallback } from '../support/callbacks.js';
import { createOwnServer, type OwnServer } from '../support/own-server.js';
import { findInstalled, run } from '../support/postgres-programs.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

const PASSWORD = 'secret';
const psql = await findInstalled().then((installed) => installed?.psql);

let server: OwnServer;
let mirror: TestApp;
let docs: string;
beforeAll(async () => {
  server = await createOwnServer();
  await appendFile(join(server.path, 'postgresql.auto.conf'), 'wal_level = logical\n');
  await server.start();
  const url = server.urlOf('topic_mirror');
  mirror = await startApp(
    {},
    { url, query: (text) => ask(url, text), drop: async () => undefined },
  );
  docs = await readFile('docs/sql.md', 'utf8');
  for (const [TopicId, board] of [
    ['t1', 'news'],
    ['t2', 'a, "b"'],
  ]) {
    const UserDefinedDataList = [{ Key: 'board', Value: board }];
    const body = createTopicBody({ GroupId: 'g', TopicId, Name: TopicId, UserDefinedDataList });
    await postCallback(mirror.http, body).expect(200);
  }
  const script = await readFile('deploy/sql/reader-role.sql', 'utf8');
  // It can be repeated.
  for (let times = 0; times < 2; times += 1) await ask(url, script);
  await ask(url, `alter role mirror_reader password '${PASSWORD}'`);
});
afterAll(async () => {
  await mirror.close();
  await server.remove();
});

describe('the role mirror_reader', () => {
  it('reads the four views', async () => {
    for (const view of ['groups', 'topics', 'topic_fields', 'changes']) {
      expect((await ask(readerUrl(), `select * from ${view}`)).length).toBeGreaterThan(0);
    }
  });

  it('has no privilege on any other relation', async () => {
    const found = await ask(
      readerUrl(),
      `select c.oid::regclass::text as relation, p.privilege
         from pg_class c
        cross join unnest('{select,insert,update,delete,truncate,references,trigger}'::text[]) p (privilege)
        where c.relkind in ('r', 'p', 'v', 'm', 'f')
          and c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
          and has_table_privilege(c.oid, p.privilege)
        order by 1`,
    );
    expect(found).toEqual(
      ['changes', 'groups', 'topic_fields', 'topics'].map((relation) => ({
        relation,
        privilege: 'select',
      })),
    );
  });

  it.each([
    'select body from public.callbacks',
    'select * from public.topics',
    'select * from public.sequencer',
    'select * from public._prisma_migrations',
    "update mirror.groups set name = 'x'",
    'delete from mirror.changes',
    'delete from public.changes',
    'create table x (id int)',
    'create table mirror.x (id int)',
    'create table public.x (id int)',
    'create temporary table x (id int)',
    'create view mirror.x as select 1',
    'create schema x',
    'create publication x for table mirror.topics',
    'create role x',
    'alter role mirror_reader superuser',
    'alter role mirror_reader connection limit -1',
    'set role postgres',
    "select pg_read_file('postgresql.conf')",
    "select pg_ls_dir('.')",
    "select lo_import('/etc/passwd')",
    "copy (select 1) to '/tmp/x'",
    "copy (select 1) to program 'cat'",
    'select * from pg_authid',
    'select pg_switch_wal()',
    'select pg_reload_conf()',
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres' limit 1",
  ])('may not %s', async (forbidden) => {
    await expect(
      ask(readerUrl(), 'set default_transaction_read_only = off', forbidden),
    ).rejects.toMatchObject({
      code: '42501',
    });
  });

  it('is limited in time and connections, and read-only from the start', async () => {
    const [limits] = await ask(
      readerUrl(),
      `select current_setting('default_transaction_read_only') as "isReadOnly",
              current_setting('statement_timeout') as statement,
              current_setting('idle_in_transaction_session_timeout') as idle`,
    );
    expect(limits).toEqual({ isReadOnly: 'on', statement: '30s', idle: '1min' });
    const clients = Array.from({ length: 6 }, () => new pg.Client(readerUrl()));
    const opened = await Promise.allSettled(clients.map((client) => client.connect()));
    // A connection of the test before may not have ended yet.
    const count = opened.filter(({ status }) => status === 'fulfilled').length;
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThanOrEqual(5);
    await Promise.allSettled(clients.map((client) => client.end()));
  });
});

describe('the recipes of docs/sql.md', () => {
  it('write a CSV file', async () => {
    // psql does not come with the embedded server.
    if (psql === undefined) return;
    const [, command = ''] = /psql "\$READER_URL" --command "(\\copy .*)"/.exec(docs) ?? [];
    const cwd = await mkdtemp(join(tmpdir(), 'topic-mirror-csv-'));
    await run(psql, [readerUrl(), '--command', command], { cwd });
    const csv = await readFile(join(cwd, 'topics.csv'), 'utf8');
    await rm(cwd, { recursive: true });
    const [header, ...lines] = csv.trim().split('\n');
    expect(header).toBe('group_id,topic_id,name,board');
    expect(lines.toSorted()).toEqual(['g,t1,t1,news', 'g,t2,t2,"a, ""b"""']);
  });

  it('count topics by a custom field', async () => {
    expect(await ask(readerUrl(), statement('select f.value'))).toEqual(
      expect.arrayContaining([{ value: 'news', topics: '1' }]),
    );
  });

  it('load the changes since the last load', async () => {
    const [first] = await seqs(readerUrl());
    const text = statement('select * from mirror.changes').replace('$1', String(first));
    expect(await ask(readerUrl(), text)).toMatchObject([{ topic_id: 't2' }]);
  });

  it('replicate changes to another database, without deletions', async () => {
    const copy = await createOwnServer();
    await copy.start();
    const [url, copyUrl] = [server.urlOf('topic_mirror'), copy.urlOf('topic_mirror')];
    try {
      await ask(url, statement('create role mirror_replication'));
      await ask(url, `alter role mirror_replication password '${PASSWORD}'`);
      // A subscription cannot be made in a transaction: not in one query with the table.
      const [table = '', subscription = ''] =
        statement('create table changes').split(/(?=create subscription)/);
      await ask(copyUrl, table);
      await ask(copyUrl, subscription.replace('port=5432', `port=${new URL(url).port}`));
      const arrived = async () => {
        const all = await seqs(copyUrl);
        return all.length > 0 && all.at(-1) === (await seqs(url)).at(-1) && all;
      };
      const first = await until(arrived);
      expect(first).toHaveLength(2);
      await ask(url, `delete from changes where seq = ${first[0]}`);
      await postCallback(mirror.http, createTopicBody({ GroupId: 'g', TopicId: 't3' })).expect(200);
      expect(await until(arrived)).toHaveLength(3);
      const newest = 'select * from changes order by seq desc limit 1';
      const names = ({ fields }: pg.QueryResult) => fields.map(({ name }) => name).toSorted();
      expect(await ask(copyUrl, newest)).toEqual(
        await ask(url, newest.replace('changes', 'mirror.changes')),
      );
      expect(names(await result(copyUrl, newest))).toEqual(names(await result(url, newest)));
      await ask(copyUrl, 'drop subscription mirror_changes');
    } finally {
      await copy.remove();
    }
  });
});

async function seqs(url: string): Promise<number[]> {
  return (await ask(url, 'select seq::int as seq from changes order by seq')).map(({ seq }) =>
    Number(seq),
  );
}

/** A block of SQL in the documentation, by how it begins. */
function statement(start: string): string {
  const blocks = [...docs.matchAll(/```sql\n([^]*?)```/g)].map(([, block = '']) => block);
  const found = blocks.find((block) => block.startsWith(start));
  if (found === undefined) throw new Error(`docs/sql.md has no statement ${start}`);
  return found;
}

function readerUrl(): string {
  const url = new URL(server.urlOf('topic_mirror'));
  return Object.assign(url, { username: 'mirror_reader', password: PASSWORD }).href;
}

async function result(url: string, ...statements: string[]): Promise<pg.QueryResult<Row>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    let last = await client.query<Row>('select 1');
    for (const text of statements) last = await client.query<Row>(text);
    return last;
  } finally {
    await client.end();
  }
}

/** The rows of the last of some statements of one session. */
async function ask<T extends pg.QueryResultRow = Row>(
  url: string,
  ...statements: string[]
): Promise<T[]> {
  const { rows } = await result(url, ...statements);
  return rows as unknown as T[];
}

type Row = Record<string, unknown>;
