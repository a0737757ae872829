import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { callbackQuery, createTopicBody, fixture, groupPath, OK } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { createDataDir, type Service, startService, PRODUCTION } from '../support/process.js';

// Each test starts several processes, on machines that may be busy.
jest.setTimeout(60_000);

const SECOND_SIGNAL_AFTER_MS = 1_100;
const CREATE = 'Group.CallbackAfterCreateTopic';

const services: Service[] = [];
const databases: TestDatabase[] = [];
afterEach(async () => {
  for (const { child } of services) child.kill('SIGKILL');
  await Promise.all(services.splice(0).map(({ ended }) => ended));
  await Promise.all(databases.splice(0).map((database) => database.drop()));
});

function start(env: Record<string, string>): Service {
  const service = startService(env);
  services.push(service);
  return service;
}

async function databaseOf(kind: 'migrated' | 'empty'): Promise<TestDatabase> {
  const database = await createDatabase(kind);
  databases.push(database);
  return database;
}

describe('the service with nothing set', () => {
  it('brings its PostgreSQL along, and keeps what it answered OK over kill -9', async () => {
    const dataDir = await createDataDir();
    const first = start({ DATA_DIR: dataDir.path });
    const url = await first.url;
    expect(await post(url, fixture('cb_after_create_topic'))).toMatchObject({
      status: 200,
      text: OK,
    });
    first.child.kill('SIGKILL');
    const { output } = await first.ended;
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(output).toContain(
      `topic-mirror ${version} at ${url}, embedded PostgreSQL in ${dataDir.path}; page at ${url}/, documentation at ${url}/docs`,
    );

    const second = start({ DATA_DIR: dataDir.path });
    const answer = await fetch(`${await second.url}${groupPath('@TGS#2J4SZEAEL')}/topics`);
    expect(await answer.json()).toMatchObject({
      data: [
        {
          name: 'MyFirstTopic',
          userDefinedDataList: [
            { key: 'UserDefined1', value: 'hello' },
            { key: 'UserDefined2', value: 'world' },
          ],
        },
      ],
    });
    second.child.kill('SIGTERM');
    expect(await second.ended).toMatchObject({ code: 0 });
    await dataDir.remove();
  });
});

describe('the service in production', () => {
  it('tells all that is missing at once, and does not start', async () => {
    const { code, output } = await start({ NODE_ENV: 'production' }).ended;
    expect(code).toBe(78);
    expect(output.match(/[A-Z_]+(?= is missing)/g)).toEqual([
      'IM_CALLBACK_TOKENS',
      'IM_SDK_APP_ID',
      'DATABASE_URL',
      'API_KEYS',
    ]);
  });

  it('refuses a schema that is behind, and names the command', async () => {
    const { url } = await databaseOf('empty');
    const { code, output } = await start({ ...PRODUCTION, DATABASE_URL: url }).ended;
    expect(code).toBe(1);
    expect(output).toMatch(/is behind by \d+ migration.*Run: npx prisma migrate deploy/);
  });
});

describe('a port that is taken', () => {
  it.each(['PORT', 'API_PORT'])('as %s means no start', async (name) => {
    const { url } = await databaseOf('migrated');
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const { code, output } = await start({ DATABASE_URL: url, [name]: port }).ended;
    holder.close();
    expect(code).toBe(1);
    expect(output).toContain(
      `not started: 127.0.0.1:${port} is in use: set ${name} to another port`,
    );
    // Nothing was begun.
    expect(output).not.toMatch(/PostgreSQL|migrations|listening/);
  });
});

describe('migrations at the start', () => {
  it('are applied once by two processes that start together on an empty database', async () => {
    const { url } = await databaseOf('empty');
    const both = [start({ DATABASE_URL: url }), start({ DATABASE_URL: url })];
    const urls = await Promise.all(both.map((service) => service.url));
    await post(urls[0], JSON.stringify(createTopicBody({ GroupId: 'shared', TopicId: 't' })));
    const answer = await fetch(`${urls[1]}/groups/shared/topics/t`);
    expect(answer.status).toBe(200);
    for (const { child } of both) child.kill('SIGTERM');
    const ended = await Promise.all(both.map((service) => service.ended));
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    expect(ended.filter(({ output }) => output.includes('applied migrations'))).toHaveLength(1);
  });

  it('that fail mean no start: the reason is told at each, until it is removed', async () => {
    const database = await databaseOf('empty');
    await database.query('create view topics as select 1 as in_the_way');
    const env = { DATABASE_URL: database.url };
    const failed = await start(env).ended;
    expect(failed.code).toBe(1);
    expect(failed.output).toMatch(/not started: .*relation \\"topics\\" already exists/);

    const again = await start(env).ended;
    expect(again.code).toBe(1);
    expect(again.output).toMatch(/not started: .*relation \\"topics\\" already exists/);
    const inProduction = await start({ ...env, ...PRODUCTION }).ended;
    expect(inProduction.output).toMatch(/not applied; run: .*resolve --rolled-back \w+, then: /);

    await database.query('drop view topics');
    const service = start(env);
    await service.url;
    service.child.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
  });

  it('that were applied, and not recorded since the process was killed, are recorded', async () => {
    const database = await databaseOf('migrated');
    const [last] = await database.query<{ name: string }>(
      `update _prisma_migrations set finished_at = null
        where migration_name = (select max(migration_name) from _prisma_migrations)
        returning migration_name as name`,
    );
    const env = { DATABASE_URL: database.url };
    const refused = await start({ ...env, ...PRODUCTION }).ended;
    expect(refused.output).toContain(
      `applied; run: npx prisma migrate resolve --applied ${last?.name}`,
    );
    const service = start(env);
    await service.url;
    service.child.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
  });

  it('that are not those of this build mean no start, and nothing is written', async () => {
    const database = await databaseOf('migrated');
    await database.query(`update _prisma_migrations set migration_name = '20250101000000_before'`);
    const { code, output } = await start({ DATABASE_URL: database.url }).ended;
    expect(code).toBe(1);
    expect(output).toMatch(/not started: .*set DATABASE_URL to a new database/);
    const rows = await database.query('select distinct migration_name from _prisma_migrations');
    expect(rows).toEqual([{ migration_name: '20250101000000_before' }]);
  });
});

describe('on SIGTERM', () => {
  it('/readyz fails first; what runs is answered, and kept; the process ends with 0', async () => {
    const database = await databaseOf('migrated');
    const dataDir = await createDataDir();
    const env = { ...PRODUCTION, DATABASE_URL: database.url, DATA_DIR: dataDir.path };
    const service = start({ ...env, DRAIN_SECONDS: '1' });
    const url = await service.url;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);

    const release = await blockWriters(database.url);
    const running = post(url, JSON.stringify(createTopicBody({ GroupId: 'late', TopicId: 't' })));
    await isWaiting(database);
    service.child.kill('SIGTERM');
    const readiness = await untilStatus(`${url}/readyz`, 503);
    expect(readiness).toMatchObject({ status: 'draining', database: 'up' });
    await untilRefused(`${url}/livez`);
    await release();

    expect(await running).toEqual({ status: 200, text: OK, connection: 'close' });
    expect(await service.ended).toMatchObject({ code: 0 });
    // Kept in the database, or in the spool where that took too long: a next start has it.
    const next = start(env);
    await until(async () => {
      const answer = await fetch(`${await next.url}/groups/late/topics/t`);
      return answer.status === 200;
    });
    next.child.kill('SIGKILL');
    await next.ended;
    await dataDir.remove();
  });

  it('a second one ends the process at once', async () => {
    const { url } = await databaseOf('migrated');
    const service = start({ ...PRODUCTION, DATABASE_URL: url, DRAIN_SECONDS: '60' });
    await untilStatus(`${await service.url}/readyz`, 200);
    service.child.kill('SIGTERM');
    await untilStatus(`${await service.url}/readyz`, 503);
    await new Promise((resolve) => setTimeout(resolve, SECOND_SIGNAL_AFTER_MS));
    service.child.kill('SIGTERM');
    expect(await service.ended).toMatchObject({ code: 128 + 15 });
  });
});

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
  readonly connection: string | undefined;
}

/** Posts a callback on a connection that is kept, as the vendor does. */
function post(url: string | undefined, body: string): Promise<Answer> {
  const query = new URLSearchParams(callbackQuery(CREATE));
  return new Promise((resolve, reject) => {
    const headers = { connection: 'keep-alive' };
    request(`${url}/webhooks/im?${query}`, { method: 'POST', headers }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (part: string) => (text += part));
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode, text, connection: incoming.headers.connection }),
      );
    })
      .on('error', reject)
      .end(body);
  });
}

/** Takes the lock that writers take turns with. */
async function blockWriters(url: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('begin');
  await client.query('select from sequencer for update');
  return () => client.end();
}

async function isWaiting(database: TestDatabase): Promise<void> {
  const waiting = `select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  await until(async () => (await database.query(waiting)).length > 0);
}

async function untilStatus(url: string, status: number): Promise<unknown> {
  let body: unknown;
  await until(async () => {
    const answer = await fetch(url);
    body = await answer.json();
    return answer.status === status;
  });
  return body;
}

async function untilRefused(url: string): Promise<void> {
  await until(() =>
    fetch(url).then(
      () => false,
      () => true,
    ),
  );
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
