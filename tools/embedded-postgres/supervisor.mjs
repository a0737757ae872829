// A process of its own: supervisor.mjs DIRECTORY. Runs the server as long as somebody holds a lease.
// Recognised by PostgreSQL's own lock file: only one server runs on a cluster.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { findAccount } from './account.mjs';
import { findBinaries } from './binaries.mjs';
import { ensureCluster, SUPERUSER } from './cluster.mjs';
import { EmbeddedPostgresError } from './error.mjs';
import { clearRemains, findServer, startServer } from './server.mjs';

const DATABASE = 'topic_mirror';
const FIRST_LEASE_TIMEOUT_MS = 10_000;
const MAX_LOG_BYTES = 5_000_000;
const START_ATTEMPTS = 5;
const RESTART_DELAYS_MS = [100, 500, 1_000, 2_000, 5_000];

const directory = process.argv[2] ?? '.';
const stateFile = join(directory, 'postgres.json');
const logFile = join(directory, 'postgres.log');
const secret = randomBytes(24).toString('hex');
/** @type {Set<import('node:net').Socket>} */
const leases = new Set();
let isStopping = false;

try {
  await supervise();
} catch (error) {
  const known = error instanceof EmbeddedPostgresError;
  const text = known ? error.message : `The embedded PostgreSQL cannot run: ${String(error)}`;
  await tell({ status: 'failed', code: known ? error.code : 'FAILED', text });
  process.exitCode = 1;
}

async function supervise() {
  // The terminal's Ctrl-C and hang-up are for those who hold a lease.
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  await trimLog();
  const binaries = await findBinaries();
  const account = findAccount([binaries.postgres, directory]);
  const cluster = await ensureCluster(directory, binaries, account);
  const started = await start({ path: cluster.path, logFile, binaries, account });
  if (!started) {
    await tell({ status: 'taken' });
    return;
  }
  const url = `postgresql://${SUPERUSER}:${cluster.password}@127.0.0.1:${started.port}/${DATABASE}`;
  await ensureDatabase(url);
  const listener = await listen(url);
  await publish(listener);
  await tell({ status: 'ready' });
  await watch(started, listener);
}

/**
 * @typedef {{ path: string, logFile: string, binaries: import('./cluster.mjs').Binaries, account: import('./cluster.mjs').Account }} Place
 * @typedef {{ running: import('./server.mjs').Running, port: number, again: () => Promise<import('./server.mjs').Running | null> }} Started
 */

/**
 * @param {Place} place
 * @returns {Promise<Started | null>} `null` when another supervisor runs the server
 */
async function start(place) {
  let failure = '';
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt += 1) {
    const port = await freePort();
    const outcome = await startServer({ ...place, port });
    if (!('failure' in outcome)) {
      return { running: outcome, port, again: () => restart({ ...place, port }) };
    }
    failure = outcome.failure;
    if (!failure.includes('postmaster.pid')) continue;
    if ((await findServer(place.path))?.isSupervised) return null;
    await clearRemains(place.path);
  }
  throw new EmbeddedPostgresError(
    'NOT_STARTED',
    `The embedded PostgreSQL did not start: ${failure.trim()}. Its log is ${logFile}.`,
  );
}

/**
 * After a crash, on the same port: those who use it find it again.
 * @param {Place & { port: number }} place
 */
async function restart(place) {
  const outcome = await startServer(place);
  if (!('failure' in outcome)) return outcome;
  if (outcome.failure.includes('postmaster.pid')) await clearRemains(place.path);
  return null;
}

/**
 * Ends when the last lease is gone; starts a server anew that ended by itself.
 * @param {Started} started
 * @param {import('node:net').Server} listener
 */
async function watch({ running, again }, listener) {
  const last = new Promise((resolve) => listener.once('last', resolve));
  process.on('SIGTERM', () => {
    isStopping = true;
    listener.emit('last');
  });
  /** @type {import('./server.mjs').Running | null} */
  let current = running;
  for (let failures = 0; ;) {
    const ended = current ? current.ended : Promise.resolve();
    if ((await Promise.race([last.then(() => 'last'), ended.then(() => 'ended')])) === 'last')
      break;
    await Promise.race([
      last,
      delay(RESTART_DELAYS_MS[Math.min(failures, 4)], null, { ref: false }),
    ]);
    if (isStopping) break;
    current = await again();
    failures = current ? 0 : failures + 1;
  }
  listener.close();
  await rm(stateFile, { force: true });
  await current?.stop();
  // Only now: who released its lease waits for this.
  for (const lease of leases) lease.destroy();
}

/**
 * @param {string} url
 * @returns {Promise<import('node:net').Server>}
 */
function listen(url) {
  let holders = 0;
  const leave = () => {
    holders -= 1;
    if (holders > 0 || isStopping) return holders > 0;
    isStopping = true;
    listener.emit('last');
    return false;
  };
  const listener = createServer({ allowHalfOpen: true }, (socket) => {
    let isHolder = false;
    let received = '';
    leases.add(socket);
    const depart = () => {
      if (isHolder) {
        isHolder = false;
        // The last client is answered when the server has stopped.
        if (leave()) socket.destroy();
      } else if (!isStopping) socket.destroy();
    };
    socket.on('error', () => socket.destroy());
    socket.on('end', depart);
    socket.on('close', () => {
      leases.delete(socket);
      depart();
    });
    socket.on('data', (chunk) => {
      received += chunk.toString();
      if (isHolder || !received.endsWith('\n')) return;
      if (isStopping || !isSecret(received.trim())) socket.destroy();
      else {
        isHolder = true;
        holders += 1;
        socket.write(`${url}\n`);
      }
    });
  });
  setTimeout(() => {
    holders += 1;
    leave();
  }, FIRST_LEASE_TIMEOUT_MS).unref();
  return new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(0, '127.0.0.1', () => resolve(listener));
  });
}

/** @param {string} given */
function isSecret(given) {
  return given.length === secret.length && timingSafeEqual(Buffer.from(given), Buffer.from(secret));
}

/** @param {import('node:net').Server} listener */
async function publish(listener) {
  const address = listener.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const draft = `${stateFile}.${process.pid}`;
  await writeFile(draft, JSON.stringify({ port, secret }), { mode: 0o600 });
  await rename(draft, stateFile);
}

/** @param {string} url */
async function ensureDatabase(url) {
  const client = new pg.Client({
    connectionString: Object.assign(new URL(url), { pathname: '/postgres' }).href,
  });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [
      DATABASE,
    ]);
    if (!rowCount) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

/** @returns {Promise<number>} */
function freePort() {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

async function trimLog() {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  if (size > MAX_LOG_BYTES) await rm(logFile, { force: true });
}

/**
 * Reports the result to the process that started this one, which may have ended.
 * @param {Record<string, string>} message
 * @returns {Promise<void>}
 */
function tell(message) {
  return new Promise((resolve) => {
    if (!process.send) return resolve();
    process.send(message, () => resolve());
  });
}
