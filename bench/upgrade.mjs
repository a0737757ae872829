// npm run bench -- upgrade [--from v0.1.0 --seconds 10 --rate 300]: brings a build of an older commit to this
// one while it serves. The old build runs on its own schema under a steady load of callbacks and reads,
// the migrations of this checkout are applied, the new build starts beside it, the old one stops. No
// callback may fail or take longer than 1.5 s, no read may fail, and all that was answered OK has to be
// there once. By default the older commit is the newest tag; without one, the oldest commit whose
// migrations are all part of this checkout's, byte for byte. Prints a table; the exit code is 1 when a
// promise was broken.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { freePort, startOwnServer } from './own-server.mjs';

const ROOT = join(import.meta.dirname, '..');
const MIGRATIONS = 'prisma/migrations';
const SLOWEST_MS = 1_500;
const TICK_MS = 20;
const READY_TIMEOUT_MS = 60_000;
const READS_PER_SECOND = 20;
const GROUPS = 50;
const COMMAND = 'Group.CallbackAfterCreateTopic';
const QUERY = `SdkAppid=1400000000&CallbackCommand=${COMMAND}&contenttype=json&ClientIP=127.0.0.1&OptPlatform=RESTAPI`;

const { values: options } = parseArgs({
  options: {
    from: { type: 'string' },
    seconds: { type: 'string', default: '10' },
    rate: { type: 'string', default: '300' },
  },
});
const seconds = Number(options.seconds);
const rate = Number(options.rate);

/**
 * @typedef {{ url: string, child: import('node:child_process').ChildProcess }} Build
 * @typedef {{ sent: number, failed: number, slowestMs: number }} Figures
 * @typedef {{ name: string, callbacks: Figures, reads: Figures }} Phase
 */

/** Topics whose creation was answered OK. @type {Set<string>} */
const acknowledged = new Set();
/** Where the load goes, in turns. @type {string[]} */
let targets = [];
let phase = newPhase('');
/** @type {Phase[]} */
const phases = [];
let count = 0;

const from = options.from ?? olderCommit();
const directory = await mkdtemp(join(tmpdir(), 'topic-mirror-upgrade-'));
const server = await startOwnServer(directory);
if (server === null) throw new Error('PostgreSQL did not start');
/** @type {Build[]} */
const running = [];
try {
  print(`from ${from} to this checkout: ${rate} callbacks/s, ${READS_PER_SECOND} reads/s,`);
  print(`${availableParallelism()} cores, Node ${process.version}\n`);
  const old = join(directory, 'old');
  await build(from, old);
  await upgrade(old, server.url);
  report(await check(server.url));
} finally {
  for (const { child } of running) child.kill('SIGKILL');
  await server.close();
  await rm(directory, { recursive: true, force: true });
}

/**
 * @param {string} old directory of the older build
 * @param {string} url
 */
async function upgrade(old, url) {
  migrate(old, url);
  const before = await start(old, url);
  await warmUp(before.url);
  targets = [before.url];
  const stop = new AbortController();
  const load = Promise.all([send(stop.signal), read(stop.signal)]);

  begin('old build, old schema');
  await sleep(seconds * 1000);
  const newest = await readdir(join(ROOT, MIGRATIONS));
  const pending = newest.length - (await readdir(join(old, MIGRATIONS))).length;
  begin(`${pending} migrations applied`);
  await migrateBeside(url);
  begin('old build, new schema');
  await sleep(seconds * 1000);
  begin('new build starts');
  const after = await start(ROOT, url);
  await warmUp(after.url);
  begin('both builds');
  targets = [before.url, after.url];
  await sleep(seconds * 1000);
  begin('old build stops');
  targets = [after.url];
  before.child.kill('SIGTERM');
  const [code] = await once(before.child, 'exit');
  if (code !== 0) throw new Error(`the old build ended with ${code}`);
  begin('new build');
  await sleep(seconds * 1000);
  stop.abort();
  await load;
}

/** The files of a commit, built. @param {string} ref @param {string} place */
async function build(ref, place) {
  await mkdir(place);
  const archive = execFileSync('git', ['archive', ref], { cwd: ROOT, maxBuffer: 1e9 });
  execFileSync('tar', ['-x', '-C', place], { input: archive });
  const locks = await Promise.all(
    [ROOT, place].map((at) => readFile(join(at, 'package-lock.json'))),
  );
  // Most commits need the very packages that are here already.
  if (locks[0]?.equals(locks[1] ?? Buffer.alloc(0))) {
    await symlink(join(ROOT, 'node_modules'), join(place, 'node_modules'));
  } else npm(['ci', '--no-audit', '--no-fund'], place);
  npm(['run', 'build'], place);
}

/** @param {string[]} args @param {string} cwd */
function npm(args, cwd) {
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** @param {string} place @param {string} url */
function migrate(place, url) {
  const command = join(place, 'node_modules/prisma/build/index.js');
  const env = { ...process.env, DATABASE_URL: url };
  execFileSync(process.execPath, [command, 'migrate', 'deploy'], { cwd: place, env });
}

/** As `npx prisma migrate deploy`, without keeping the load waiting. @param {string} url */
async function migrateBeside(url) {
  const command = join(ROOT, 'node_modules/prisma/build/index.js');
  const child = spawn(process.execPath, [command, 'migrate', 'deploy'], {
    cwd: ROOT,
    env: { ...process.env, DATABASE_URL: url },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`the migrations could not be applied: exit code ${code}`);
}

/** In production form, so that it neither migrates nor forgives. @param {string} place @param {string} url */
async function start(place, url) {
  const port = await freePort();
  const child = spawn(process.execPath, [join(place, 'dist/main.js')], {
    cwd: directory,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      DATABASE_URL: url,
      DATA_DIR: join(directory, `data-${port}`),
      IM_SDK_APP_ID: '1400000000',
      IM_CALLBACK_AUTH: 'off',
      API_AUTH: 'off',
      API_RATE_LIMIT: '0',
      DRAIN_SECONDS: '1',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const started = { url: `http://127.0.0.1:${port}`, child };
  running.push(started);
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!(await isReady(started.url))) {
    if (child.exitCode !== null) throw new Error(`a build did not start: ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error('a build did not get ready in time');
    await sleep(50);
  }
  return started;
}

/** @param {string} url */
async function isReady(url) {
  const answer = await fetch(`${url}/readyz`).catch(() => null);
  return answer?.ok ?? false;
}

/** Compiles what a first request compiles. @param {string} url */
async function warmUp(url) {
  const figures = newPhase('').callbacks;
  const agent = new Agent({ keepAlive: true });
  for (let turn = 0; turn < 10; turn += 1) {
    await Promise.all(Array.from({ length: 30 }, () => post(url, agent, 'warm-up', figures)));
  }
  agent.destroy();
}

/** @param {AbortSignal} signal */
function send(signal) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1000 });
  return atRate(rate, signal, async (index) => {
    const url = targets[index % targets.length] ?? '';
    await post(url, agent, `t${(count += 1)}`, phase.callbacks);
  }).finally(() => agent.destroy());
}

/** @param {AbortSignal} signal */
function read(signal) {
  const paths = [
    (/** @type {number} */ group) => `/groups/g${group}/topics?limit=50`,
    (/** @type {number} */ group) => `/groups/g${group}`,
    () => '/topics?sort=-updatedAt&limit=50',
    () => `/changes?limit=100`,
  ];
  return atRate(READS_PER_SECOND, signal, async (index) => {
    const url = targets[index % targets.length] ?? '';
    const path = paths[index % paths.length]?.(index % GROUPS) ?? '/groups';
    const { reads } = phase;
    const begun = performance.now();
    const answer = await fetch(url + path).catch(() => null);
    await answer?.text();
    // A group of which nothing was created yet is unknown.
    take(reads, begun, answer?.status === 200 || answer?.status === 404);
  });
}

/**
 * @param {number} perSecond
 * @param {AbortSignal} signal
 * @param {(index: number) => Promise<void>} work
 */
async function atRate(perSecond, signal, work) {
  /** @type {Promise<void>[]} */
  const all = [];
  const begun = performance.now();
  while (!signal.aborted) {
    const due = ((performance.now() - begun) / 1000) * perSecond;
    while (all.length < due) all.push(work(all.length));
    await sleep(TICK_MS);
  }
  await Promise.all(all);
}

/**
 * @param {string} url
 * @param {Agent} agent
 * @param {string} topicId
 * @param {Figures} figures
 * @returns {Promise<void>}
 */
function post(url, agent, topicId, figures) {
  const begun = performance.now();
  const body = {
    CallbackCommand: COMMAND,
    GroupId: groupOf(topicId),
    TopicId: topicId,
    Owner_Account: 'leckie',
    Operator_Account: 'group_root',
    Type: 'Community',
    Name: `name of ${topicId}`,
    UserDefinedDataList: [{ Key: 'made', Value: topicId }],
  };
  return new Promise((done) => {
    const end = (/** @type {boolean} */ isOk) => {
      take(figures, begun, isOk);
      if (isOk) acknowledged.add(topicId);
      done();
    };
    const outgoing = request(
      `${url}/webhooks/im?${QUERY}`,
      { method: 'POST', agent },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (part) => (text += part));
        incoming.on('end', () => end(incoming.statusCode === 200 && text.includes('"OK"')));
        incoming.on('error', () => end(false));
      },
    );
    outgoing.on('error', () => end(false));
    outgoing.end(JSON.stringify(body));
  });
}

/** @param {string} topicId */
function groupOf(topicId) {
  return `g${Number(topicId.slice(1)) % GROUPS || 0}`;
}

/** @param {Figures} figures @param {number} begun @param {boolean} isOk */
function take(figures, begun, isOk) {
  figures.sent += 1;
  if (!isOk) figures.failed += 1;
  figures.slowestMs = Math.max(figures.slowestMs, performance.now() - begun);
}

/** What was answered OK: in the new build's answers, and once in journal and feed. @param {string} url */
async function check(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select t.topic_id as id, t.name, t.user_defined_data_list #>> '{0,Value}' as value,
              (select count(*)::int from changes c
                where c.group_id = t.group_id and c.topic_id = t.topic_id) as told,
              (select count(*)::int from callbacks k
                where k.group_id = t.group_id and convert_from(k.body, 'UTF8') like '%"' || t.topic_id || '",%') as kept
         from topics t where t.topic_id <> 'warm-up'`,
    );
    const found = new Map(rows.map((row) => [row.id, row]));
    const wrong = [...acknowledged].filter((id) => {
      if (id === 'warm-up') return false;
      const row = found.get(id);
      const isRight = row?.name === `name of ${id}` && row.value === id;
      return !isRight || row.told !== 1 || row.kept !== 1;
    });
    return wrong;
  } finally {
    await client.end();
  }
}

/** @param {string[]} wrong topics that are missing, or there twice */
function report(wrong) {
  print('phase                     callbacks  failed  slowest ms   reads  failed  slowest ms');
  for (const { name, callbacks, reads } of phases) {
    const cells = [callbacks, reads].flatMap((figures, index) => [
      String(figures.sent).padStart(index === 0 ? 9 : 7),
      String(figures.failed).padStart(7),
      figures.slowestMs.toFixed(0).padStart(11),
    ]);
    print(`${name.padEnd(25)} ${cells.join(' ')}`);
  }
  const isBroken = phases.some(
    ({ callbacks, reads }) =>
      callbacks.failed + reads.failed > 0 || callbacks.slowestMs > SLOWEST_MS,
  );
  print(`\n${acknowledged.size - 1} topics answered OK, ${wrong.length} of them not there once`);
  const kept = !isBroken && wrong.length === 0 && acknowledged.size > 1;
  print(kept ? 'all promises were kept' : 'BROKEN');
  process.exitCode = kept ? 0 : 1;
}

/** @param {string} name */
function begin(name) {
  phase = newPhase(name);
  phases.push(phase);
}

/** @param {string} name @returns {Phase} */
function newPhase(name) {
  const none = () => ({ sent: 0, failed: 0, slowestMs: 0 });
  return { name, callbacks: none(), reads: none() };
}

/** @returns {string} */
function olderCommit() {
  const tag = git(['tag', '--sort=-creatordate'])[0];
  if (tag) return tag;
  const here = new Set(git(['ls-files', MIGRATIONS]).map((file) => `${blobOf(file)} ${file}`));
  const older = git(['log', '--reverse', '--format=%h', '--', MIGRATIONS]).find((commit) =>
    git(['ls-tree', '-r', '--format=%(objectname) %(path)', commit, MIGRATIONS]).every((line) =>
      here.has(line),
    ),
  );
  if (!older) throw new Error('no commit can be upgraded from: name one with --from');
  return older;
}

/** @param {string} file */
function blobOf(file) {
  return git(['hash-object', file])[0];
}

/** @param {string[]} args @returns {string[]} the lines of its output */
function git(args) {
  const text = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
  return text === '' ? [] : text.split('\n');
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}
