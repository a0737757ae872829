// What may be set on a database or a role. The service works with it, or names it and does not start.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, OK, postCallback, topicPath } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { runCli } from '../../src/cli/run.js';
import { PRODUCTION } from '../support/process.js';

let database: TestDatabase;
let apps: TestApp[];
beforeEach(async () => {
  database = await createDatabase();
  apps = [];
});
afterEach(async () => {
  for (const app of apps) await app.close();
  await database.drop();
});

async function start(): Promise<TestApp> {
  const app = await startApp({ DATABASE_URL: database.url }, database);
  apps.push(app);
  return app;
}

async function setOnDatabase(name: string, value: string): Promise<void> {
  const database_name = new URL(database.url).pathname.slice(1);
  await database.query(`alter database ${database_name} set ${name} = '${value}'`);
}

const outcomes = async (log: TestApp['log'], msg: string) => log.filter((line) => line.msg === msg);

describe.each(['repeatable read', 'serializable'])('default isolation %s', (level) => {
  it('is no reason for a callback to be spooled, with two processes that write', async () => {
    await setOnDatabase('default_transaction_isolation', level);
    const mirrors = [await start(), await start()];
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(
        mirrors.flatMap((mirror, number) =>
          Array.from({ length: 8 }, (_, index) => {
            const TopicId = `t${index}`;
            const Name = `${round} of ${number}`;
            return postCallback(
              mirror.http,
              createTopicBody({ GroupId: 'g', TopicId, Name }),
            ).expect(200, OK);
          }),
        ),
      );
      await mirrors[0]?.http.get('/groups/g/topics').expect(200);
    }
    for (const { log } of mirrors) {
      const spooled = await outcomes(log, 'PostgreSQL is away, callbacks are spooled');
      // A machine that stands still for a second is another reason.
      const isLate = (line: object) => JSON.stringify(line).includes('DeadlineError');
      expect(spooled.filter((line) => !isLate(line))).toEqual([]);
    }
    const [row] = await database.query('select count(*)::int as entries from callbacks');
    expect(row).toEqual({ entries: 320 });
  });
});

it.each([
  ['bytea_output', 'escape'],
  ['standard_conforming_strings', 'off'],
  ['IntervalStyle', 'sql_standard'],
  ['extra_float_digits', '0'],
  ['client_encoding', 'LATIN1'],
  ['statement_timeout', '30s'],
  ['idle_in_transaction_session_timeout', '60s'],
])('%s = %s changes nothing', async (name, value) => {
  await setOnDatabase(name, value);
  const mirror = await start();
  const TopicId = 'back\\slash "quoted" \\x41';
  const Name = `it's \\ "é" 中`;
  await postCallback(mirror.http, createTopicBody({ GroupId: 'g', TopicId, Name })).expect(200, OK);
  const { body } = await mirror.http.get(topicPath('g', TopicId)).expect(200);
  expect(body.name).toBe(Name);
  const { body: list } = await mirror.http.get('/topics').query({ q: '\\', sort: 'name' });
  expect(list.data).toHaveLength(1);
  const { body: feed } = await mirror.http.get('/changes').query({ after: body.seq - 1 });
  expect(feed).toMatchObject({
    data: [{ seq: body.seq, after: { name: Name } }],
    nextAfter: body.seq,
  });
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  expect(await runCli(['replay'], { DATABASE_URL: database.url }, print, print)).toBe(0);
  expect(lines.at(-1)).toBe('1 entry: 1 unchanged');
});

it.each([
  ['default_transaction_read_only', 'on'],
  ['statement_timeout', '50ms'],
  ['lock_timeout', '10ms'],
  ['idle_in_transaction_session_timeout', '100ms'],
  ['transaction_timeout', '100ms'],
  ['extra_float_digits', '-10'],
  ['array_nulls', 'off'],
  ['session_replication_role', 'replica'],
])('%s = %s is refused by its name at the start', async (name, value) => {
  await setOnDatabase(name, value);
  await expect(start()).rejects.toThrow(name);
});

it.each(['SQL_ASCII', 'LATIN1'])('a database in %s is refused before a migration', async (name) => {
  const { pathname } = new URL(database.url);
  const other = `${pathname.slice(1)}_other`;
  await database.query(
    `create database ${other} encoding '${name}' lc_collate 'C' lc_ctype 'C' template template0`,
  );
  const url = Object.assign(new URL(database.url), { pathname: `/${other}` }).href;
  const remedy = /UTF8.*createdb --encoding UTF8 --template template0/;
  try {
    for (const production of [{}, PRODUCTION]) {
      const starting = startApp({ ...production, DATABASE_URL: url }, database);
      await expect(starting).rejects.toThrow(remedy);
    }
    const lines: string[] = [];
    const print = (line: string) => void lines.push(line);
    expect(await runCli(['doctor'], { DATABASE_URL: url }, print, print)).toBe(1);
    expect(lines.join('\n')).toMatch(remedy);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query('select from pg_class where relname ~ $1', ['migrations']);
    await client.end();
    expect(rows).toEqual([]);
  } finally {
    await database.query(`drop database ${other} with (force)`);
  }
});
