// The PostgreSQL that comes along where none is configured. A supervisor process owns the server;
// each user holds a connection to the supervisor, its lease. When the last lease is gone, for
// whatever reason, also by kill -9, the supervisor stops the server and ends.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EmbeddedPostgresError, hasCode } from './error.mjs';

export { EmbeddedPostgresError } from './error.mjs';

const SUPERVISOR = fileURLToPath(new URL('./supervisor.mjs', import.meta.url));
// The first start makes the database cluster; crash recovery may take longer than a usual start.
const START_TIMEOUT_MS = 120_000;
const RETRY_MS = 100;
const HANDSHAKE_TIMEOUT_MS = 5_000;

/**
 * A running server and the right to use it.
 * @typedef {object} Lease
 * @property {string} url `postgresql://` URL of its database `topic_mirror`, on the loopback
 * @property {() => Promise<void>} release gives the right back; resolves when the server has stopped,
 *   if this was the last lease, else at once
 */

/**
 * Makes sure that the PostgreSQL of a data directory runs. Processes that ask for the same
 * directory share one server.
 * @param {{ dataDir: string }} options the directory is made if it is not there
 * @returns {Promise<Lease>}
 * @throws {EmbeddedPostgresError} whose message names the next step
 */
export async function acquireServer({ dataDir }) {
  const directory = await prepare(dataDir);
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const lease = await joinSupervisor(directory);
    if (lease) return lease;
    const isStarted = await startSupervisor(directory);
    // Another process is starting or stopping the same server: look again.
    if (!isStarted) await delay(RETRY_MS);
  }
  throw new EmbeddedPostgresError(
    'START_TIMEOUT',
    `The embedded PostgreSQL did not start in time; see ${join(directory, 'postgres.log')}.`,
  );
}

/** @param {string} dataDir */
async function prepare(dataDir) {
  try {
    await makeDirectory(dataDir);
    return await realpath(dataDir);
  } catch (error) {
    throw new EmbeddedPostgresError(
      'DATA_DIR_UNUSABLE',
      `The directory ${dataDir} cannot be made or entered: set DATA_DIR to one that can, or DATABASE_URL to a PostgreSQL of yours.`,
      { cause: error },
    );
  }
}

/**
 * Makes a directory and those above it. Not by `recursive`: that never ends where a directory is there in which the
 * system finds no place for another, as /proc.
 * @param {string} path
 * @returns {Promise<void>}
 */
async function makeDirectory(path) {
  try {
    await mkdir(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT') && !existsSync(dirname(path))) {
      await makeDirectory(dirname(path));
      return makeDirectory(path);
    }
    const entry = await stat(path).catch(() => null);
    if (!entry?.isDirectory()) throw error;
  }
}

/**
 * @param {string} directory
 * @returns {Promise<Lease | null>} `null` when no supervisor answers
 */
async function joinSupervisor(directory) {
  const state = await readState(directory);
  if (!state) return null;
  const socket = connect({ host: '127.0.0.1', port: state.port });
  socket.on('error', () => socket.destroy());
  const url = await new Promise((resolve) => {
    let answer = '';
    socket.setTimeout(HANDSHAKE_TIMEOUT_MS, () => socket.destroy());
    socket.once('close', () => resolve(null));
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      if (answer.endsWith('\n')) resolve(answer.trim());
    });
    socket.write(`${state.secret}\n`);
  });
  if (url === null) return null;
  socket.setTimeout(0);
  // A process that ends without releasing must not be kept alive by its lease.
  socket.unref();
  return { url, release: () => release(socket) };
}

/**
 * The supervisor closes its side when nothing is left to do for this lease.
 * @param {import('node:net').Socket} socket
 * @returns {Promise<void>}
 */
function release(socket) {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    socket.ref();
    socket.once('close', () => resolve());
    socket.resume();
    socket.end();
  });
}

/**
 * @param {string} directory
 * @returns {Promise<{ port: number, secret: string } | null>}
 */
async function readState(directory) {
  try {
    return JSON.parse(await readFile(join(directory, 'postgres.json'), 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/**
 * @param {string} directory
 * @returns {Promise<boolean>} `false` when another supervisor has the directory
 * @throws {EmbeddedPostgresError}
 */
function startSupervisor(directory) {
  const child = spawn(process.execPath, [SUPERVISOR, directory], {
    // Of its own session: a Ctrl-C at the terminal is for the app, which then releases.
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    cwd: directory,
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(
        new EmbeddedPostgresError(
          'SUPERVISOR_DIED',
          `The supervisor of the embedded PostgreSQL ended with ${code}.`,
        ),
      ),
    );
    child.once('message', (message) => {
      const { status, code, text } = /** @type {Record<string, string>} */ (message);
      child.removeAllListeners('exit');
      child.disconnect();
      child.unref();
      if (status === 'failed') reject(new EmbeddedPostgresError(code ?? '', text ?? ''));
      else resolve(status === 'ready');
    });
  });
}
