// One PostgreSQL for the whole run, with one migrated template database that every spec clones.
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { acquireServer } from '../../tools/embedded-postgres/embedded-postgres.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TEMPLATE = 'topic_mirror_template';
// The disk in memory of Linux, where there is room: specs then wait for no flush.
const MEMORY_DISK = '/dev/shm';
const ROOM_BYTES = 4 * 1024 ** 3;

/** @type {(() => Promise<void>) | undefined} */
let releaseServer;
let directory = '';

/** Starts the server, or takes the one that TEST_DATABASE_URL names; tells the specs by variables. */
export async function startServer() {
  const dataDir = await makeDataDir();
  const url = process.env.TEST_DATABASE_URL ?? (await startEmbedded(dataDir));
  const templateUrl = Object.assign(new URL(url), { pathname: `/${TEMPLATE}` }).href;
  await prisma(['migrate', 'deploy'], templateUrl);
  process.env.TEST_SERVER_URL = url;
  process.env.TEST_TEMPLATE = TEMPLATE;
}

export async function stopServer() {
  await releaseServer?.();
  await rm(directory, { recursive: true, force: true });
}

/** @param {string} dataDir */
async function startEmbedded(dataDir) {
  const { url, release } = await acquireServer({ dataDir });
  releaseServer = release;
  return url;
}

/** Making the files of a server takes seconds: they are made once, and copied wherever one is needed. */
async function makeDataDir() {
  directory = await mkdtemp(join(await fastestDirectory(), 'topic-mirror-test-'));
  const dataDir = join(directory, 'data');
  const { release } = await acquireServer({ dataDir });
  await release();
  process.env.TEST_CLUSTER = join(directory, 'cluster');
  await promisify(execFile)('cp', ['-a', join(dataDir, 'postgres'), process.env.TEST_CLUSTER]);
  return dataDir;
}

async function fastestDirectory() {
  const { bavail, bsize } = await statfs(MEMORY_DISK).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize > ROOM_BYTES ? MEMORY_DISK : tmpdir();
}

/**
 * @param {string[]} args
 * @param {string} databaseUrl
 */
async function prisma(args, databaseUrl) {
  const manifest = createRequire(import.meta.url).resolve('prisma/package.json');
  const command = join(dirname(manifest), 'build', 'index.js');
  await promisify(execFile)(process.execPath, [command, ...args], {
    cwd: ROOT,
    env: { ...process.env, DATABASE_URL: databaseUrl },
  });
}
