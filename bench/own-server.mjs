// A PostgreSQL under the hand of whoever wants to break it: no supervisor starts it again.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { findAccount } from '../tools/embedded-postgres/account.mjs';
import { findBinaries } from '../tools/embedded-postgres/binaries.mjs';
import { ensureCluster, SUPERUSER } from '../tools/embedded-postgres/cluster.mjs';
import { findServer, startServer } from '../tools/embedded-postgres/server.mjs';

const SMALL_DISK = 'size=160m';
const CHUNK = Buffer.alloc(1024 * 1024);

/**
 * @param {string} directory for its files
 * @param {{ needsSmallDisk?: boolean }} options a disk of its own that can be filled; takes root
 * @returns `null` when the disk cannot be had
 */
export async function startOwnServer(directory, { needsSmallDisk = false } = {}) {
  const place = join(directory, 'server');
  await mkdir(place);
  if (needsSmallDisk && !mount(place, SMALL_DISK)) return null;
  await chmod(directory, 0o755);
  await chmod(place, 0o777);
  const binaries = await findBinaries();
  const account = findAccount([binaries.postgres, place]);
  const { path, password } = await ensureCluster(place, binaries, account);
  const port = await freePort();
  const base = `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}`;
  const logFile = join(directory, 'postgres.log');
  const filler = join(place, 'filler');
  /** @type {import('../tools/embedded-postgres/server.mjs').Running | null} */
  let running = null;

  const start = async () => {
    const started = await startServer({ path, port, logFile, binaries, account });
    if ('failure' in started) throw new Error(`PostgreSQL did not start: ${started.failure}`);
    running = started;
    void started.ended.then(() => {
      if (running === started) running = null;
    });
  };
  const pids = async () => {
    const postmaster = (await findServer(path))?.pid;
    if (postmaster === undefined) return [];
    return [postmaster, ...(await childrenOf(postmaster))];
  };
  const stop = async () => {
    await running?.stop();
    running = null;
  };

  await start();
  const client = new pg.Client({ connectionString: `${base}/postgres` });
  await client.connect();
  await client.query('create database topic_mirror');
  await client.end();
  return {
    url: `${base}/topic_mirror`,
    start,
    stop,
    isRunning: () => running !== null,
    /** Every process of the server at once, as when the machine loses its power. */
    kill: async () => {
      const ended = running?.ended;
      for (const pid of await pids()) signalTo(pid, 'SIGKILL');
      await ended;
    },
    /** @param {NodeJS.Signals} signal */
    signalAll: async (signal) => {
      for (const pid of await pids()) signalTo(pid, signal);
    },
    fillDisk: () => fill(filler),
    freeDisk: () => rm(filler, { force: true }),
    close: async () => {
      for (const pid of await pids()) signalTo(pid, 'SIGCONT');
      await stop();
      if (needsSmallDisk) unmount(place);
    },
  };
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function signalTo(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // A process of the server ends with its client, maybe just now.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/**
 * A small disk that is gone with `unmount`; takes root.
 * @param {string} place
 * @param {string} size as `size=8m`
 */
export function mount(place, size) {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', place], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** @param {string} place */
export function unmount(place) {
  execFileSync('umount', [place]);
}

/**
 * Takes all the room that is left on a disk.
 * @param {string} filler a file on it
 */
export async function fill(filler) {
  const file = await open(filler, 'w');
  try {
    // The last write is a short one.
    for (;;) await file.write(CHUNK);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  } finally {
    await file.close();
  }
}

/** @param {number} parent */
async function childrenOf(parent) {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  /** @type {number[]} */
  const children = [];
  for (const name of names) {
    // The name of a program may hold anything, but what follows its last bracket does not.
    const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => '');
    const [, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(ppid) === parent) children.push(Number(name));
  }
  return children;
}

export async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  return typeof address === 'object' && address ? address.port : 0;
}
