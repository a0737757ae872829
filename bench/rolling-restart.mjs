// npm run bench -- rolling-restart [--rounds 3 --rate 300 --sabotage NAME]: two replicas in production form behind
// HAProxy with deploy/haproxy.cfg, restarted one after the other under a steady load of callbacks and
// reads, and with an open stream of the feed on each. Nothing may fail, be lost or be kept twice; exit
// code 1 when something was. A sabotage has to end so.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { Follower } from './follower.mjs';
import { startOwnServer } from './own-server.mjs';
import { findProgram, startHaproxy } from './proxies.mjs';
import { makeSecrets, Replica } from './replica.mjs';
import { compare, SteadyLoad } from './steady-load.mjs';

const ROOT = join(import.meta.dirname, '..');
const EXIT_WITHIN_MS = 10_000;
const PAUSE_MS = 1_000;
const CHECK_TIMEOUT_MS = 10_000;
const READ_PAUSE_MS = 50;
// The default in production.
const DRAIN_SECONDS = '5';
const SABOTAGES = {
  kill: 'no replica is asked to stop',
  'no-drain': 'a replica stops without telling before',
  'no-repeat': 'no replica is asked to stop, and HAProxy repeats nothing',
};

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    rate: { type: 'string', default: '300' },
    sabotage: { type: 'string' },
  },
});
const rounds = Number(options.rounds);
const rate = Number(options.rate);
const { sabotage } = options;
if (sabotage !== undefined && !(sabotage in SABOTAGES)) {
  throw new Error(`--sabotage takes one of: ${Object.keys(SABOTAGES).join(', ')}`);
}
const isKilling = sabotage === 'kill' || sabotage === 'no-repeat';

/** @typedef {Awaited<ReturnType<typeof startHaproxy>>} Proxy */

/** What was promised and not kept. @type {string[]} */
const broken = [];
try {
  findProgram('haproxy');
  await run();
} catch (error) {
  broken.push(error instanceof Error ? error.message : String(error));
}
print(broken.length === 0 ? '\nall promises were kept' : `\nbroken: ${broken.join('; ')}`);
process.exitCode = broken.length === 0 ? 0 : 1;

async function run() {
  print(
    `${rate} callbacks/s, ${rounds} rounds, ${availableParallelism()} cores, Node ${process.version}\n`,
  );
  const secrets = makeSecrets();
  const directory = await mkdtemp(join(tmpdir(), 'topic-mirror-rolling-'));
  const server = await startOwnServer(directory);
  if (server === null) throw new Error('no place for the files of PostgreSQL');
  /** @type {Replica[]} */
  const replicas = [];
  try {
    await migrate(server.url);
    const drainSeconds = sabotage === 'no-drain' ? '0' : DRAIN_SECONDS;
    for (let index = 0; index < 2; index += 1) {
      const settings = { DRAIN_SECONDS: drainSeconds };
      replicas.push(
        await Replica.create(directory, { databaseUrl: server.url, secrets, settings }),
      );
    }
    await Promise.all(replicas.map((replica) => replica.start()));
    const urls = replicas.map(({ url }) => url);
    const proxy = await startHaproxy(urls, { repeats: sabotage !== 'no-repeat' });
    try {
      await trial({ proxy, replicas, secrets, databaseUrl: server.url });
    } finally {
      await proxy.close();
    }
  } finally {
    await Promise.all(replicas.map((replica) => replica.end('SIGKILL')));
    await server.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * @param {{ proxy: Proxy, replicas: Replica[], secrets: import('./replica.mjs').Secrets, databaseUrl: string }} world
 */
async function trial({ proxy, replicas, secrets, databaseUrl }) {
  await untilUp(proxy);
  const load = new SteadyLoad({ url: proxy.url, rate, secrets });
  const stop = new AbortController();
  // Behind HAProxy, to go on whatever happens; while a replica stops it has one of its own besides.
  const through = new Follower(proxy.apiUrl, secrets);
  const following = through.follow(stop.signal);
  const sending = load.run();
  const reading = read(proxy.apiUrl, secrets, stop.signal);
  try {
    const begun = performance.now();
    for (let round = 0; round < rounds; round += 1) {
      for (const replica of replicas) await restart(proxy, replica, secrets);
    }
    await sleep(PAUSE_MS);
    const seconds = (performance.now() - begun) / 1000;
    load.stop();
    await sending;
    const found = await compare(databaseUrl, load);
    await through.reach(found.latest, CHECK_TIMEOUT_MS);
    stop.abort();
    const reads = await reading;
    report({ load, found, through, reads, seconds, repeated: await countRepeated(proxy) });
  } finally {
    load.stop();
    stop.abort();
    await Promise.all([sending, following, reading]);
  }
}

/**
 * Asks the query API again and again.
 * @param {string} url
 * @param {import('./replica.mjs').Secrets} secrets
 * @param {AbortSignal} signal
 */
async function read(url, { apiKey }, signal) {
  const reads = { asked: 0, failed: 0 };
  const headers = { authorization: `Bearer ${apiKey}` };
  while (!signal.aborted) {
    const answer = await fetch(`${url}/topics?limit=1&sort=-updatedAt`, { headers }).catch(
      () => null,
    );
    await answer?.arrayBuffer().catch(() => undefined);
    reads.asked += 1;
    if (!answer?.ok) reads.failed += 1;
    await sleep(READ_PAUSE_MS);
  }
  return reads;
}

/**
 * @param {Proxy} proxy
 * @param {Replica} replica
 * @param {import('./replica.mjs').Secrets} secrets
 */
async function restart(proxy, replica, secrets) {
  await sleep(PAUSE_MS);
  const own = new Follower(replica.url, secrets);
  await own.open();
  const { code, ms } = await replica.end(isKilling ? 'SIGKILL' : 'SIGTERM');
  const { reason, retryMs } = await own.ended;
  const startMs = await replica.start();
  await untilUp(proxy);
  print(
    `${new URL(replica.url).port}  ended in ${cell(ms)} ms with ${code}, ready in ${cell(startMs)} ms, ` +
      `stream: ${reason ?? 'cut'}, retry ${retryMs ?? 'not told'}`,
  );
  expect(code === 0, `a replica ended with ${code}`);
  expect(ms <= EXIT_WITHIN_MS, `a replica took ${Math.round(ms)} ms to end`);
  expect(reason === 'draining' && retryMs !== null, 'a stream was cut without a word');
}

/**
 * @param {{ load: SteadyLoad, found: Awaited<ReturnType<typeof compare>>, through: Follower, reads: { asked: number, failed: number }, seconds: number, repeated: number }} result
 */
function report({ load, found, through, reads, seconds, repeated }) {
  const { sent, ok, refused, unanswered, slowestMs } = load;
  print(
    `\n${sent} callbacks in ${seconds.toFixed(1)} s: ${ok.size} OK, ${refused} refused, ${unanswered} unanswered, ` +
      `slowest ${Math.round(slowestMs)} ms; repeated by HAProxy: ${repeated}\n` +
      `in topics: ${found.topics}, in the journal: ${found.journal}, missing ${found.missing}, twice ${found.twice}\n` +
      `feed behind HAProxy: ${through.count} changes of ${found.changes}, ${through.connections} connections; ` +
      `${reads.asked} reads, ${reads.failed} failed`,
  );
  expect(ok.size === sent && sent > 0, `${sent - ok.size} callbacks were not answered OK`);
  expect(slowestMs <= 2_000, `an answer took ${Math.round(slowestMs)} ms`);
  expect(repeated === 0, `HAProxy had to repeat ${repeated} requests`);
  expect(found.missing === 0, `${found.missing} are missing`);
  expect(found.twice === 0, `${found.twice} are there twice`);
  expect(through.faults.length === 0, `the feed: ${through.faults[0]}`);
  expect(reads.failed === 0 && reads.asked > 0, `${reads.failed} reads failed`);
  expect(through.count === found.changes, 'the feed did not tell every change once');
}

/** @param {Proxy} proxy */
async function untilUp(proxy) {
  const deadline = performance.now() + CHECK_TIMEOUT_MS;
  while (!(await proxy.servers()).every(({ isUp }) => isUp)) {
    if (performance.now() > deadline) throw new Error('HAProxy does not take the replicas for up');
    await sleep(50);
  }
}

/** @param {Proxy} proxy */
async function countRepeated(proxy) {
  return (await proxy.servers()).reduce((sum, server) => sum + server.repeated, 0);
}

/** @param {string} url */
async function migrate(url) {
  const prisma = join(ROOT, 'node_modules', 'prisma', 'build', 'index.js');
  await promisify(execFile)(process.execPath, [prisma, 'migrate', 'deploy'], {
    cwd: ROOT,
    env: { ...process.env, DATABASE_URL: url },
  });
}

/**
 * @param {boolean} isKept
 * @param {string} otherwise
 */
function expect(isKept, otherwise) {
  if (!isKept) broken.push(otherwise);
}

/** @param {number} ms */
function cell(ms) {
  return String(Math.round(ms)).padStart(5);
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}
