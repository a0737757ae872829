// One run of the server process, and what an earlier one left behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readlinkSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execFileSync } from 'node:child_process';
import { environment } from './cluster.mjs';

const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 50;
// A standby takes connections that only read.
const READY = /database system is ready to accept (read-only )?connections/;

/**
 * @typedef {object} Running
 * @property {Promise<unknown>} ended
 * @property {() => Promise<void>} stop
 */

/**
 * Starts the server on a cluster and waits until it takes connections, crash recovery included.
 * @param {{ path: string, port: number, logFile: string, binaries: import('./cluster.mjs').Binaries, account: import('./cluster.mjs').Account }} options
 * @returns {Promise<Running | { failure: string }>}
 */
export async function startServer({ path, port, logFile, binaries, account }) {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 100,
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
  const [command = '', ...args] = [
    ...account.prefix,
    binaries.postgres,
    '-D',
    path,
    '-p',
    String(port),
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const child = spawn(command, args, {
    ...account.identity,
    cwd: '/',
    env: environment(binaries),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const log = createWriteStream(logFile, { flags: 'a' });
  const ended = once(child, 'close').catch((error) => error);
  let output = '';
  const ready = new Promise((resolve) => {
    child.stderr.on('data', (chunk) => {
      log.write(chunk);
      output = `${output}${chunk}`.slice(-4000);
      if (READY.test(output)) resolve(true);
    });
  });
  if (await Promise.race([ready, ended.then(() => false)])) {
    return { ended, stop: () => stop(child, ended) };
  }
  return { failure: output };
}

/**
 * Fast shutdown; an immediate one, with recovery at the next start, if that takes too long.
 * @param {import('node:child_process').ChildProcess} child
 * @param {Promise<unknown>} ended
 */
async function stop(child, ended) {
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGQUIT'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}

/**
 * The process that `postmaster.pid` names, if it is a server on this cluster.
 * @param {string} path
 * @returns {Promise<{ pid: number, isSupervised: boolean } | null>}
 */
export async function findServer(path) {
  const text = await readFile(join(path, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  if (!(pid > 1) || !isServerOf(pid, path)) return null;
  const parent = parentOf(pid);
  return { pid, isSupervised: parent !== null && commandOf(parent).includes('supervisor.mjs') };
}

/**
 * Ends a server that nobody watches over, and removes a pid file that names none.
 * @param {string} path
 */
export async function clearRemains(path) {
  const server = await findServer(path);
  if (!server) {
    await rm(join(path, 'postmaster.pid'), { force: true });
    return;
  }
  const { pid } = server;
  process.kill(pid, 'SIGINT');
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (isServerOf(pid, path)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGQUIT');
    await delay(POLL_MS);
  }
}

/**
 * A pid in an old file may since belong to anybody: only a server on this cluster counts.
 * @param {number} pid
 * @param {string} path
 */
function isServerOf(pid, path) {
  if (process.platform === 'linux') {
    try {
      // The server changes to the directory of its cluster.
      return readlinkSync(`/proc/${pid}/cwd`) === path;
    } catch {
      return false;
    }
  }
  return commandOf(pid).includes(path);
}

/** @param {number} pid */
function parentOf(pid) {
  const parent = Number.parseInt(ps(pid, 'ppid='), 10);
  return parent > 1 ? parent : null;
}

/** @param {number} pid */
function commandOf(pid) {
  return ps(pid, 'command=');
}

/**
 * @param {number} pid
 * @param {string} column
 */
function ps(pid, column) {
  try {
    return execFileSync('ps', ['-o', column, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return '';
  }
}
