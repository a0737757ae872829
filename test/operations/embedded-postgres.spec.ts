import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { acquireServer } from '../../tools/embedded-postgres/embedded-postgres.mjs';
import { createDataDir } from '../support/process.js';

const CLI = join(process.cwd(), 'tools', 'embedded-postgres', 'cli.mjs');
const GONE_WITHIN_MS = 8_000;
const POLL_MS = 25;

describe('the embedded PostgreSQL', () => {
  let dataDir: string;
  let remove: () => Promise<void>;
  const children: ChildProcess[] = [];
  beforeEach(async () => ({ path: dataDir, remove } = await createDataDir()));
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await until(async () => (await serverPid(dataDir)) === null);
    await remove();
  });

  /** Another process that holds a lease, as `npm run db` does. */
  async function hold(): Promise<{ child: ChildProcess; url: string }> {
    const child = spawn(process.execPath, [CLI, dataDir], { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    const [url] = await once(createInterface({ input: child.stdout }), 'line');
    return { child, url: String(url) };
  }

  it('keeps its data from one start to the next', async () => {
    const first = await acquireServer({ dataDir });
    await query(first.url, 'create table kept as select 42 as answer');
    await first.release();
    expect(await serverPid(dataDir)).toBeNull();

    const second = await acquireServer({ dataDir });
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await second.release();
  });

  it('is in the DATA_DIR of the .env file where `npm run db` names none', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'topic-mirror-db-'));
    await writeFile(join(directory, '.env'), `DATA_DIR="${dataDir}"\n`);
    const { DATA_DIR: _, ...env } = process.env;
    const child = spawn(process.execPath, [CLI], { cwd: directory, env });
    children.push(child);
    const [url] = await once(createInterface({ input: child.stdout }), 'line');
    expect(await query(String(url), 'show data_directory')).toEqual([
      { data_directory: await realpath(join(dataDir, 'postgres')) },
    ]);
    child.stdin.end();
    await once(child, 'exit');
    await rm(directory, { recursive: true });
  });

  it.each([
    [['--help'], 0, /^Starts the embedded PostgreSQL/, /^$/],
    [['a', 'b'], 64, /^$/, /^There is one DATA_DIR; b is too many/],
    [['--data'], 64, /^$/, /--data/],
  ])('is described by `npm run db -- %s`', (args, status, out, error) => {
    const run = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
    expect(run).toMatchObject({
      status,
      stdout: expect.stringMatching(out),
      stderr: expect.stringMatching(error),
    });
  });

  // Where nothing can be made, though the directory above is there; and below a file.
  it.each(['/proc/x', '/proc/x/y', '/dev/null', '/dev/null/x'])(
    'says that DATA_DIR cannot be %s',
    (path) => {
      const run = spawnSync(process.execPath, [CLI, path], { encoding: 'utf8', timeout: 10_000 });
      expect(run).toMatchObject({
        status: 1,
        stderr: expect.stringContaining(`The directory ${path} cannot be made or entered`),
      });
    },
  );

  it('commits durably', async () => {
    const { url, release } = await acquireServer({ dataDir });
    const rows = await query(
      url,
      `select name, setting from pg_settings
        where name in ('fsync', 'synchronous_commit', 'full_page_writes') order by name`,
    );
    expect(rows.map(({ setting }) => setting)).toEqual(['on', 'on', 'on']);
    await release();
  });

  it('is one server for all processes that start it at once, also where there is none yet', async () => {
    await rm(join(dataDir, 'postgres'), { recursive: true });
    const [other, own] = await Promise.all([hold(), acquireServer({ dataDir })]);
    expect(other.url).toBe(own.url);
    other.child.kill('SIGKILL');
    await once(other.child, 'exit');
    expect(await query(own.url, 'select 1 as up')).toEqual([{ up: 1 }]);
    await own.release();
  });

  it('stops when the only process that used it is killed, and recovers at the next start', async () => {
    const { child, url } = await hold();
    await query(url, 'create table kept as select 42 as answer');
    child.kill('SIGKILL');
    await until(async () => (await serverPid(dataDir)) === null);
    const again = await acquireServer({ dataDir });
    expect(await query(again.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await again.release();
  });

  it('takes over a server whose supervisor was killed', async () => {
    const { child, url } = await hold();
    await query(url, 'create table kept as select 42 as answer');
    const pid = await serverPid(dataDir);
    process.kill(await parentOf(pid ?? 0), 'SIGKILL');
    child.kill('SIGKILL');
    const again = await acquireServer({ dataDir });
    expect(await serverPid(dataDir)).not.toBe(pid);
    expect(await query(again.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await again.release();
  });

  it('comes back on the same port when the server itself is killed', async () => {
    const { url, release } = await acquireServer({ dataDir });
    await query(url, 'create table kept as select 42 as answer');
    process.kill((await serverPid(dataDir)) ?? 0, 'SIGKILL');
    await until(() => query(url, 'select answer from kept').then(Boolean, () => false));
    await release();
    expect(await serverPid(dataDir)).toBeNull();
  });

  it('serves whoever comes while the last one leaves', async () => {
    let { url, release } = await acquireServer({ dataDir });
    for (let turn = 0; turn < 3; turn += 1) {
      const [next] = await Promise.all([acquireServer({ dataDir }), release()]);
      ({ url, release } = next);
      expect(await query(url, 'select 1 as up')).toEqual([{ up: 1 }]);
    }
    await release();
  });
});

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client
    .query(text)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}

/** The pid of the server on a data directory, or `null` when none runs. */
async function serverPid(dataDir: string): Promise<number | null> {
  const file = join(dataDir, 'postgres', 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return pid > 0 && isAlive(pid) ? pid : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function parentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + GONE_WITHIN_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
