// The smallest roles of deploy/sql, on the embedded PostgreSQL and on the one that is installed here.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { createTopicBody, postCallback } from '../support/callbacks.js';
import { createOwnServer, type OwnServer } from '../support/own-server.js';
import { findInstalled } from '../support/postgres-programs.js';
import { PRODUCTION, prisma, run, startService } from '../support/process.js';
import { until } from '../support/until.js';
import supertest from 'supertest';

jest.setTimeout(120_000);

const PASSWORD = 'secret';
const installed = await findInstalled();
const SERVERS = [
  ['embedded', undefined],
  ...(installed ? ([['installed', installed.binaries]] as const) : []),
] as const;

describe.each(SERVERS)('on the PostgreSQL that is %s', (_kind, binaries) => {
  let server: OwnServer;
  beforeAll(async () => {
    server = await createOwnServer(undefined, binaries);
    await server.start();
    // An administrator as managed services have: no superuser.
    await ask(
      server.urlOf('postgres'),
      `create role admin login createrole password '${PASSWORD}'`,
      'create database mirror owner admin',
    );
    const roles = await readFile('deploy/sql/roles.sql', 'utf8');
    await ask(as('admin'), roles);
    for (const role of ['mirror_migrate', 'mirror_serve']) {
      await ask(as('admin'), `alter role ${role} password '${PASSWORD}'`);
    }
    const migrated = await prisma(['migrate', 'deploy'], { DATABASE_URL: as('mirror_migrate') });
    if (migrated.code !== 0) throw new Error(migrated.output);
    await ask(as('admin'), roles);
    await ask(as('admin'), await readFile('deploy/sql/reader-role.sql', 'utf8'));
  });
  afterAll(() => server.remove());

  function as(role: string): string {
    const url = new URL(server.urlOf('mirror'));
    return Object.assign(url, { username: role, password: PASSWORD }).href;
  }

  const environment = () => ({
    ...PRODUCTION,
    DRAIN_SECONDS: '0',
    DATABASE_URL: as('mirror_serve'),
  });

  it('the service works with the role mirror_serve, and so does its command line', async () => {
    const service = startService(environment());
    const http = supertest.agent(await service.url);
    await until(async () => (await http.get('/readyz')).status === 200);
    await postCallback(http, createTopicBody({ GroupId: 'g', TopicId: 't' })).expect(200);
    await postCallback(http, createTopicBody({ GroupId: 'g', TopicId: 't', Name: 'new' })).expect(
      200,
    );
    const { body } = await http.get('/groups/g/topics').expect(200);
    expect(body.data).toHaveLength(1);
    expect((await http.get('/changes')).body.data.length).toBeGreaterThan(0);
    expect((await http.get('/metrics').expect(200)).text).toContain('topicmirror_seq');
    for (const command of [['doctor'], ['rebuild', '--check'], ['replay'], ['restored']]) {
      const { code, output } = await run(
        process.execPath,
        [resolve('dist/cli.js'), ...command],
        environment(),
      );
      expect([command, code, output]).toEqual([
        command,
        0,
        expect.not.stringMatching(/permission/),
      ]);
    }
    service.child.kill('SIGTERM');
    const { code, output } = await service.ended;
    expect(code).toBe(0);
    expect(output).not.toMatch(/permission denied|42501|"level":50/);
  });

  it.each([
    'drop table topics',
    'truncate changes',
    'alter table topics add column x int',
    'create table public.x (id int)',
    'create temporary table x (id int)',
    'create schema x',
    'delete from _prisma_migrations',
    'drop view mirror.topics',
    'drop trigger changes_deleted on changes',
    'create role x',
    'set session_replication_role = replica',
    'set role mirror_migrate',
    "select pg_read_file('postgresql.conf')",
  ])('the role mirror_serve may not %s', async (forbidden) => {
    await expect(ask(as('mirror_serve'), forbidden)).rejects.toMatchObject({ code: '42501' });
  });

  it('migrations of later versions need no further grant', async () => {
    await ask(
      as('mirror_migrate'),
      'create table later (id int)',
      'create view mirror.later as select id from later',
    );
    await ask(as('mirror_serve'), 'insert into later values (1)');
    const [row] = await ask(
      as('mirror_migrate'),
      `select has_table_privilege('mirror_reader', 'mirror.later', 'select') as "isReadable"`,
    );
    expect(row).toEqual({ isReadable: true });
    await ask(as('mirror_migrate'), 'drop table later cascade');
  });

  it('without grants the start names each of them, and so does the doctor', async () => {
    const grants = [
      'grant insert, update on callbacks, topics to "mirror_serve"',
      'grant select on _prisma_migrations to "mirror_serve"',
      'grant usage on schema public to "mirror_serve"',
    ];
    for (const grant of grants) {
      const revoke = grant.replace('grant', 'revoke').replace(' to ', ' from ');
      const owner = grant.includes('schema') ? 'admin' : 'mirror_migrate';
      await ask(as(owner), revoke, 'revoke usage on schema public from public');
    }
    const { code, output } = await startService(environment()).ended;
    expect(code).toBe(1);
    const doctor = await run(process.execPath, [resolve('dist/cli.js'), 'doctor'], environment());
    for (const grant of grants) {
      expect(output).toContain(JSON.stringify(grant).slice(1, -1));
      expect(doctor.output).toContain(grant);
    }
  });

  it('a migration without the grant names the script', async () => {
    const { code, output } = await startService({
      ...environment(),
      NODE_ENV: 'development',
      DATABASE_URL: await emptyFor('mirror_serve'),
    }).ended;
    expect(code).toBe(1);
    expect(output).toContain('deploy/sql/roles.sql');
  });

  async function emptyFor(role: string): Promise<string> {
    await ask(server.urlOf('postgres'), 'create database empty');
    return Object.assign(new URL(as(role)), { pathname: '/empty' }).href;
  }
});

/** The rows of the last of some statements of one session. */
async function ask(url: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const text of statements) rows = (await client.query(text)).rows ?? [];
    return rows;
  } finally {
    await client.end();
  }
}
