// Backups as operators make them: files put back, recovery to a point in time, pg_dump and pg_restore, a promotion.
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { runCli } from '../../src/cli/run.js';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, postCallback } from '../support/callbacks.js';
import { createOwnServer, type OwnServer } from '../support/own-server.js';
import { findInstalled, run } from '../support/postgres-programs.js';
import {
  expectRefused,
  GROUP,
  type Held,
  hold,
  rename,
  TOPICS,
  write,
} from '../support/timeline.js';
import { until } from '../support/until.js';

jest.setTimeout(90_000);

const OPERATIONS = readFileSync('docs/operations.md', 'utf8');

const installed = await findInstalled();

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function server(...args: Parameters<typeof createOwnServer>): Promise<OwnServer> {
  const made = await createOwnServer(...args);
  cleanups.push(() => made.remove());
  return made;
}

async function serve(url: string): Promise<TestApp> {
  const query = <Row extends pg.QueryResultRow>(text: string) => ask<Row>(url, text);
  const mirror = await startApp({}, { url, query, drop: async () => undefined });
  let isClosed = false;
  const { close } = mirror;
  const once = async () => {
    if (!isClosed) await close();
    isClosed = true;
  };
  cleanups.push(once);
  return { ...mirror, close: once };
}

async function ask<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

const epochs = (mirror: TestApp) =>
  mirror.log.filter(({ msg }) => String(msg).startsWith('a new epoch began'));

/** Two groups, and what a reader may hold of them. */
async function begin(mirror: TestApp): Promise<void> {
  await write(mirror, 1, 'other', 'another group');
  // With one change for each group.
  await write(mirror, 45, 'first');
}

async function goOn(mirror: TestApp): Promise<Held> {
  await write(mirror, 5, 'second');
  await rename(mirror, 'first-0');
  return hold(mirror);
}

const copyFiles = (from: string, to: string) => run('cp', ['-a', from, to]);

describe('the files of a stopped server, put back', () => {
  it('are noticed by a service that runs on', async () => {
    const primary = await server();
    await primary.start();
    const mirror = await serve(primary.urlOf('topic_mirror'));
    await begin(mirror);
    const backup = `${primary.path}.backup`;
    await primary.stop();
    await copyFiles(primary.path, backup);
    await primary.start();
    await until(async () => (await mirror.http.get('/readyz')).body.database === 'up');
    const held = await goOn(mirror);
    await primary.stop();
    await rm(primary.path, { recursive: true });
    await copyFiles(backup, primary.path);
    await primary.start();
    await until(async () => (await mirror.http.get('/readyz')).body.database === 'up');
    await write(mirror, 10, 'others');
    expect(epochs(mirror)).toMatchObject([{ reason: 'behind', seqFound: 48, seqSeen: 54 }]);
    await expectRefused(mirror, held);
  });
});

describe('recovery to a point in time', () => {
  it('is another timeline', async () => {
    const primary = await server();
    const archive = join(dirname(primary.path), 'archive');
    await run('install', ['-d', '-o', await ownerOf(primary.path), archive]);
    await configure(primary, [
      'archive_mode = on',
      `archive_command = 'cp "%p" "${archive}/%f"'`,
      `restore_command = 'cp "${archive}/%f" "%p"'`,
    ]);
    const backup = `${primary.path}.backup`;
    await copyFiles(primary.path, backup);
    await primary.start();
    const url = primary.urlOf('topic_mirror');
    let mirror = await serve(url);
    await begin(mirror);
    await ask(url, `select pg_create_restore_point('at 48')`);
    const held = await goOn(mirror);
    await ask(url, 'select pg_switch_wal()');
    await mirror.close();
    // Archives what is left.
    await primary.stop();

    await rm(primary.path, { recursive: true });
    await copyFiles(backup, primary.path);
    await configure(primary, [
      `recovery_target_name = 'at 48'`,
      'recovery_target_action = promote',
    ]);
    await writeFile(join(primary.path, 'recovery.signal'), '');
    await primary.start();
    await until(async () => {
      const [row] = await ask<{ over: boolean }>(url, 'select not pg_is_in_recovery() as over');
      return row?.over;
    });
    mirror = await serve(url);
    expect(epochs(mirror)).toMatchObject([
      {
        reason: 'identity',
        seqFound: 48,
        was: { timeline: '00000001' },
        is: { timeline: '00000002' },
      },
    ]);
    await write(mirror, 10, 'others');
    await expectRefused(mirror, held);
  });
});

describe('the promotion of a standby that has not got all', () => {
  it('is another timeline', async () => {
    const primary = await server();
    const standby = await server(primary);
    await Promise.all([primary.start(), standby.start()]);
    const first = await serve(primary.urlOf('topic_mirror'));
    await begin(first);
    const url = standby.urlOf('topic_mirror');
    const seq = 'select seq::int as seq from sequencer';
    await until(async () => (await ask<{ seq: number }>(url, seq))[0]?.seq === 48);
    await standby.stop();
    const held = await goOn(first);
    await first.close();
    await primary.stop();

    await standby.start();
    const mirror = await serve(url);
    // Nothing can be written before; afterwards the service opens by itself.
    expect((await mirror.http.get('/readyz')).body.status).toBe('starting');
    await ask(url, 'select pg_promote()');
    await until(async () => (await mirror.http.get('/readyz')).body.status === 'ready');
    expect(epochs(mirror)).toMatchObject([{ reason: 'identity', seqFound: 48 }]);
    await write(mirror, 10, 'others');
    await expectRefused(mirror, held);
  });
});

(installed === null ? describe.skip : describe)('pg_dump and pg_restore', () => {
  it('into another database, and into the living one', async () => {
    if (installed === null) return;
    const { binaries, pgDump, pgRestore } = installed;
    const primary = await server(undefined, binaries);
    await primary.start();
    const url = primary.urlOf('topic_mirror');
    await ask(primary.urlOf('postgres'), 'create database topic_mirror');
    const living = await serve(url);
    await begin(living);
    const dump = `${primary.path}.dump`;
    await run(pgDump, ['--format=custom', `--file=${dump}`, `--dbname=${url}`]);
    const held = await goOn(living);

    const copy = primary.urlOf('restored');
    await ask(primary.urlOf('postgres'), 'create database restored');
    await run(pgRestore, ['--exit-on-error', `--dbname=${copy}`, dump]);
    const restored = await serve(copy);
    expect(epochs(restored)).toMatchObject([{ reason: 'identity', seqFound: 48 }]);
    await write(restored, 10, 'others');
    await expectRefused(restored, held);

    await run(pgRestore, ['--clean', '--if-exists', '--exit-on-error', `--dbname=${url}`, dump]);
    await write(living, 10, 'others');
    // What came while the tables were away has waited on disk.
    await until(async () => (await living.http.get('/readyz')).body.spooled === 0);
    // All log lines go to the service that was started last.
    expect(epochs(restored)).toMatchObject([{ seqFound: 48 }, { seqFound: 48 }]);
    await expectRefused(living, held);
  });
});

(installed === null ? describe.skip : describe)('a restored database and the old one', () => {
  it('together have all callbacks, by the commands of docs/operations.md', async () => {
    if (installed === null) return;
    const { binaries, pgDump, pgRestore, psql } = installed;
    const primary = await server(undefined, binaries);
    await primary.start();
    const [OLD_URL, RESTORED_URL] = [primary.urlOf('topic_mirror'), primary.urlOf('restored')];
    await ask(primary.urlOf('postgres'), 'create database topic_mirror');
    const old = await serve(OLD_URL);
    await begin(old);
    await run(pgDump, ['--format=custom', `--file=${primary.path}.dump`, `--dbname=${OLD_URL}`]);
    const custom = [{ Key: 'board', Value: 'since the backup' }];
    const topic = { GroupId: GROUP, TopicId: 'since', UserDefinedDataList: custom };
    await postCallback(old.http, createTopicBody(topic)).expect(200);
    await old.close();

    await ask(primary.urlOf('postgres'), 'create database restored');
    await run(pgRestore, ['--exit-on-error', `--dbname=${RESTORED_URL}`, `${primary.path}.dump`]);
    const [, commands = ''] = /\n(SEEN=[^]*?\n)npm run cli -- replay/.exec(OPERATIONS) ?? [];
    await run('sh', ['-ec', commands], {
      cwd: dirname(primary.path),
      env: { PATH: `${dirname(psql)}:${process.env.PATH}`, OLD_URL, RESTORED_URL },
    });
    const lines: string[] = [];
    const settings = { DATABASE_URL: RESTORED_URL, NODE_ENV: 'test' };
    const print = (line: string) => lines.push(line);
    expect(await runCli(['replay'], settings, print, print)).toBe(0);
    // The two groups and the other topics are known already.
    expect(lines.at(-1)).toMatch(/^47 entries: .*\b1 applied/);
    const restored = await serve(RESTORED_URL);
    const { body } = await restored.http.get(`${TOPICS}/since`).expect(200);
    expect(body.userDefinedDataList).toEqual([{ key: 'board', value: 'since the backup' }]);
    // A relay does not take what is copied for something new.
    const late = 'select from callbacks, sequencer where position > journal_position';
    expect(await restored.database.query(late)).toEqual([]);
  });
});

async function configure({ path }: OwnServer, lines: readonly string[]): Promise<void> {
  await appendFile(join(path, 'postgresql.auto.conf'), `${lines.join('\n')}\n`);
}

async function ownerOf(path: string): Promise<string> {
  return (await run('stat', ['-c', '%u', path])).stdout.trim();
}
