// npm run bench -- faults [--seconds 20 --rate 500 --rounds 10 --only kill-app,… --app dist/main.js]: breaks what can break
// under a steady load of callbacks, and checks that all that was answered OK is there, once, and that
// every answer came in time. Prints a table; the exit code is 1 when a promise was broken.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { fill, freePort, mount, startOwnServer, unmount } from './own-server.mjs';
import { slowSync } from './slow-sync.mjs';

const DEADLINE_MS = 2_000;
const TICK_MS = 20;
const RETURN_TIMEOUT_MS = 60_000;
const COMMAND = 'Group.CallbackAfterCreateTopic';
const QUERY = 'SdkAppid=1400000000&contenttype=json&ClientIP=127.0.0.1&OptPlatform=RESTAPI';
const UPDATE_EVERY = 10;
const SHARED_TOPICS = 20;
const FIRST_DATE_MS = Date.UTC(2020, 0);
const FIELDS = [
  ['Name', 'name'],
  ['Introduction', 'introduction'],
  ['Notification', 'notification'],
  ['FaceUrl', 'face_url'],
];

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    rate: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '10' },
    only: { type: 'string' },
    app: { type: 'string', default: 'dist/main.js' },
  },
});
const seconds = Number(options.seconds);
const rate = Number(options.rate);
const rounds = Number(options.rounds);

/**
 * @typedef {Awaited<ReturnType<typeof startOwnServer>>} Server
 * @typedef {{ ok: Map<string, number>, latest: Map<string, number>, refused: number, lost: number, slowestMs: number }} Load
 * @typedef {{ server: Server, app: App, disk: Disk, rest: (part: number) => Promise<void> }} World
 * @typedef {{ fill: () => Promise<void>, free: () => Promise<void>, setSyncMs: (ms: number) => void }} Disk that of the spool
 */

/** What is broken, each for about the given time and then repaired. @type {Record<string, (world: World) => Promise<void>>} */
const FAULTS = {
  nothing: async ({ rest }) => rest(1),
  'two-replicas': async ({ app, rest }) => {
    await app.startSecond();
    await rest(1);
  },
  'kill-app': async ({ app, rest }) => {
    for (let turn = 0; turn < 3; turn += 1) {
      await rest(0.25);
      await app.kill();
      await app.start();
    }
    await rest(0.25);
  },
  'kill-postgres': async ({ server, rest }) => {
    await rest(0.3);
    await server.kill();
    await sleep(500);
    await server.start();
    await rest(0.7);
  },
  'stop-postgres': async ({ server, rest }) => {
    await rest(0.1);
    await server.stop();
    await rest(0.7);
    await server.start();
    await rest(0.2);
  },
  'freeze-postgres': async ({ server, rest }) => {
    await rest(0.1);
    await server.signalAll('SIGSTOP');
    await rest(0.6);
    await server.signalAll('SIGCONT');
    await rest(0.3);
  },
  'kill-both': async ({ server, app, rest }) => {
    await rest(0.2);
    await server.stop();
    await rest(0.3);
    await app.kill();
    await server.start();
    await app.start();
    await rest(0.5);
  },
  'disk-full': async ({ server, rest }) => {
    await rest(0.2);
    await server.fillDisk();
    await rest(0.5);
    await server.freeDisk();
    if (!server.isRunning()) await server.start();
    await rest(0.3);
  },
  'spool-disk-full': async ({ server, disk, rest }) => {
    await server.stop();
    for (let turn = 0; turn < 2; turn += 1) {
      await rest(0.1);
      await disk.fill();
      await rest(0.2);
      await disk.free();
    }
    await rest(0.1);
    await server.start();
    await rest(0.3);
  },
  'slow-disk': async ({ server, disk, rest }) => {
    await rest(0.1);
    await server.stop();
    for (const ms of [5, 20, 400, 6_000]) {
      disk.setSyncMs(ms);
      await rest(0.15);
    }
    disk.setSyncMs(20);
    await server.start();
    await rest(0.3);
  },
  'kill-rounds': async ({ server, app }) => {
    for (let round = 0; round < rounds; round += 1) {
      await sleep(300 + Math.random() * 1_000);
      const what = Math.floor(Math.random() * 3);
      // 0: the app, 1: PostgreSQL, 2: both, at the same moment.
      await Promise.all([what !== 1 && app.kill(), what !== 0 && server.kill()]);
      const back = what === 1 ? null : app.start();
      await sleep(Math.random() * 1_500);
      if (what !== 0) await server.start();
      await back;
    }
  },
};
const SPOOL_DISK = { 'spool-disk-full': 'size=8m', 'kill-rounds': 'size=16m' };
// An app that is killed answers nobody, and one that has just started answers its first late.
const RESTARTED = new Set(['kill-app', 'kill-both', 'kill-rounds']);
const REFUSING = new Set(['disk-full', 'spool-disk-full', 'slow-disk', 'kill-rounds']);
const MAX_KILLED_RATE = 200;
const names = options.only?.split(',') ?? Object.keys(FAULTS);

/** The service as a process that can be killed and started again on the same port. */
class App {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  child;
  /** @type {App | undefined} */
  second;

  /** @param {{ url: string, dataDir: string, port: number, env?: Record<string, string> }} where */
  constructor({ url, dataDir, port, env }) {
    this.where = { url, dataDir, port };
    this.url = `http://127.0.0.1:${port}`;
    this.env = {
      ...process.env,
      NODE_ENV: 'development',
      DATABASE_URL: url,
      DATA_DIR: dataDir,
      PORT: String(port),
      LOG_LEVEL: 'warn',
      ...env,
    };
  }

  async start() {
    this.child = spawn(process.execPath, [resolve(options.app)], {
      env: this.env,
      stdio: ['ignore', 'ignore', process.env.FAULTS_VERBOSE ? 'inherit' : 'ignore'],
    });
    const gone = once(this.child, 'exit').then(([code]) => {
      throw new Error(`the service did not start: exit code ${code}`);
    });
    gone.catch(() => undefined);
    await Promise.race([until(() => isReady(this.url)), gone]);
  }

  /** Another process on the same database; from now on it gets every other callback. */
  async startSecond() {
    const { url, dataDir } = this.where;
    const second = new App({ url, dataDir: `${dataDir}-second`, port: await freePort() });
    await second.start();
    await warmUp(second);
    this.second = second;
  }

  async kill() {
    this.child?.kill('SIGKILL');
    if (this.child?.exitCode === null) await once(this.child, 'exit');
  }

  async stop() {
    await this.second?.stop();
    this.child?.kill('SIGTERM');
    if (this.child?.exitCode === null) await once(this.child, 'exit');
  }
}

const failures = [];
print(
  `${rate} callbacks/s, ${seconds} s each, ${availableParallelism()} cores, Node ${process.version}\n`,
);
print('fault               sent      OK  refused  no answer  slowest ms  missing  twice  verdict');
for (const name of names) {
  const fault = FAULTS[name];
  if (!fault) throw new Error(`no such fault: ${name}; known: ${Object.keys(FAULTS).join(', ')}`);
  const directory = await mkdtemp(join(tmpdir(), 'topic-mirror-faults-'));
  try {
    await trial(name, fault, directory);
  } catch (error) {
    failures.push(name);
    print(
      `${name.padEnd(16)} could not be carried out: ${error instanceof Error ? error.message : error}`,
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
print(failures.length === 0 ? '\nall promises were kept' : `\nbroken: ${failures.join(', ')}`);
process.exitCode = failures.length === 0 ? 0 : 1;

/**
 * @param {string} name
 * @param {(world: World) => Promise<void>} fault
 * @param {string} directory
 */
async function trial(name, fault, directory) {
  const dataDir = join(directory, 'app');
  await mkdir(dataDir);
  const size = Reflect.get(SPOOL_DISK, name);
  const slow = name === 'slow-disk' ? slowSync(directory) : undefined;
  const isMounted = size !== undefined && mount(dataDir, size);
  const server = await startOwnServer(directory, { needsSmallDisk: name === 'disk-full' });
  if (server === null || slow === null || (size !== undefined && !isMounted)) {
    print(`${name.padEnd(16)} skipped: it takes root to mount a small disk, or a C compiler`);
    await server?.close();
    return;
  }
  const filler = join(dataDir, 'filler');
  const disk = {
    fill: () => fill(filler),
    free: () => rm(filler, { force: true }),
    setSyncMs: (/** @type {number} */ ms) => slow?.set(ms),
  };
  const app = new App({ url: server.url, dataDir, port: await freePort(), env: slow?.env });
  try {
    await app.start();
    await warmUp(app);
    const stop = new AbortController();
    const load = send(app, name === 'kill-rounds' ? MAX_KILLED_RATE : rate, stop.signal);
    await fault({ server, app, disk, rest: (part) => sleep(part * seconds * 1000) });
    stop.abort();
    const sent = await load;
    await until(async () => (await spooled(directory)) === 0 && isReady(app.url));
    const found = await check(server.url, sent);
    const isLate = !RESTARTED.has(name) && (sent.slowestMs > DEADLINE_MS || sent.lost > 0);
    const isBroken = found.missing > 0 || found.twice > 0 || isLate || sent.ok.size === 0;
    const isRefusing = !REFUSING.has(name) && sent.refused > 0;
    if (isBroken || isRefusing) failures.push(name);
    const figures = [
      [sent.ok.size + sent.refused + sent.lost, 8],
      [sent.ok.size, 7],
      [sent.refused, 8],
      [sent.lost, 10],
      [Math.round(sent.slowestMs), 11],
      [found.missing, 8],
      [found.twice, 6],
    ];
    const cells = figures.map(([figure = 0, width = 0]) => String(figure).padStart(width));
    print(`${name.padEnd(16)} ${cells.join(' ')}  ${isBroken || isRefusing ? 'BROKEN' : 'kept'}`);
  } finally {
    await app.stop();
    await server.close();
    if (isMounted) unmount(dataDir);
  }
}

/**
 * Callbacks at a steady rate: most create a topic of their own, some change one field of a shared one
 * and say when, in no order.
 * @param {App} app
 * @param {number} perSecond
 * @param {AbortSignal} signal
 * @returns {Promise<Load>}
 */
async function send(app, perSecond, signal) {
  const agent = new Agent({ keepAlive: true, maxSockets: 4_000 });
  /** @type {Load} */
  const load = { ok: new Map(), latest: new Map(), refused: 0, lost: 0, slowestMs: 0 };
  /** @type {Promise<void>[]} */
  const running = [];
  const begun = performance.now();
  let count = 0;
  while (!signal.aborted) {
    const due = ((performance.now() - begun) / 1000) * perSecond;
    for (; count < due; count += 1) {
      const { url } = count % 2 === 0 ? app : (app.second ?? app);
      const isUpdate = count % UPDATE_EVERY === 0;
      running.push(post(url, agent, isUpdate ? update(count, load) : creation(count, load), load));
    }
    await sleep(TICK_MS);
  }
  await Promise.all(running);
  agent.destroy();
  return load;
}

/** Compiles what a first request compiles, so that no later one waits for it. @param {App} app */
async function warmUp(app) {
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  /** @type {Load} */
  const load = { ok: new Map(), latest: new Map(), refused: 0, lost: 0, slowestMs: 0 };
  for (let turn = 0; turn < 10; turn += 1) {
    const turns = Array.from({ length: 50 }, () => post(app.url, agent, creation(-1, load), load));
    await Promise.all(turns);
  }
  agent.destroy();
}

/**
 * @typedef {{ body: object, whenOk: () => void }} Message
 * @param {number} index
 * @param {Load} load
 * @returns {Message}
 */
function creation(index, load) {
  const topicId = `t${index}`;
  return {
    body: {
      CallbackCommand: COMMAND,
      GroupId: `@TGS#_g${index % 50}`,
      TopicId: topicId,
      Owner_Account: 'leckie',
      Operator_Account: 'group_root',
      Type: 'Community',
      Name: `name ${index}`,
    },
    whenOk: () => load.ok.set(topicId, index),
  };
}

/**
 * @param {number} index
 * @param {Load} load
 * @returns {Message}
 */
function update(index, load) {
  const topicId = `shared-${index % SHARED_TOPICS}`;
  const [field, column] = FIELDS[Math.floor(Math.random() * FIELDS.length)] ?? ['', ''];
  // Two events of one field never share a date: which of them stays would be nobody's promise.
  const at = FIRST_DATE_MS + Math.floor(Math.random() * 1_000_000) * 100_000 + index;
  const key = `${topicId} ${column}`;
  return {
    body: {
      CallbackCommand: 'Group.CallbackAfterTopicInfoChanged',
      GroupId: '@TGS#_shared',
      TopicId: topicId,
      Type: 'Community',
      EventTime: at,
      [field]: `said at ${at}`,
    },
    whenOk: () => load.latest.set(key, Math.max(load.latest.get(key) ?? 0, at)),
  };
}

/**
 * @param {string} url
 * @param {Agent} agent
 * @param {Message} message
 * @param {Load} load
 * @returns {Promise<void>}
 */
function post(url, agent, { body, whenOk }, load) {
  const begun = performance.now();
  return new Promise((done) => {
    const path = `${url}/webhooks/im?${QUERY}`;
    const outgoing = request(path, { method: 'POST', agent }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (part) => (text += part));
      incoming.on('end', () => {
        if (incoming.statusCode === 200 && text.includes('"OK"')) {
          whenOk();
          load.slowestMs = Math.max(load.slowestMs, performance.now() - begun);
        } else load.refused += 1;
        done();
      });
      incoming.on('error', () => {
        load.lost += 1;
        done();
      });
    });
    outgoing.on('error', () => {
      load.lost += 1;
      done();
    });
    outgoing.end(JSON.stringify(body));
  });
}

/**
 * What was answered OK against the tables: each topic right, once in the journal, once in the feed.
 * Of a shared topic each field is what was said of it at the latest date, or later by a callback that
 * got no answer.
 * @param {string} url
 * @param {Load} sent
 */
async function check(url, { ok, latest }) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: topics } = await client.query('select * from topics');
    const { rows: entries } = await client.query(
      `select convert_from(body, 'UTF8')::json ->> 'TopicId' as topic_id, count(*)::int as count
         from callbacks where command = $1 group by 1`,
      [COMMAND],
    );
    const { rows: changes } = await client.query(
      `select topic_id, count(*)::int as count from changes where kind = 'created' group by 1`,
    );
    const { rows: seqs } = await client.query(
      'select count(*)::int - count(distinct seq)::int as twice from changes',
    );
    const named = new Map(topics.map((row) => [row.topic_id, row.name]));
    const kept = new Map(entries.map((row) => [row.topic_id, row.count]));
    const told = new Map(changes.map((row) => [row.topic_id, row.count]));
    const missing = [...ok].filter(
      ([id, index]) => named.get(id) !== `name ${index}` || !kept.has(id) || !told.has(id),
    );
    const shared = new Map(topics.map((row) => [row.topic_id, row]));
    const behind = [...latest].filter(([key, at]) => {
      const [topicId = '', column = ''] = key.split(' ');
      const said = Number(/\d+$/.exec(shared.get(topicId)?.[column] ?? '')?.[0] ?? 0);
      return said < at;
    });
    // The topic of the warm-up was created many times.
    const twice = [...kept, ...told].filter(([id, count]) => count !== 1 && id !== 't-1');
    return {
      missing: missing.length + behind.length,
      twice: twice.length + seqs[0].twice,
    };
  } finally {
    await client.end();
  }
}

/** @param {string} url */
async function isReady(url) {
  const answer = await fetch(`${url}/readyz`).catch(() => null);
  if (!answer?.ok) return false;
  const body = await answer.json();
  return body.database === 'up';
}

/** @param {string} directory */
async function spooled(directory) {
  const files = await readdir(join(directory, 'app', 'spool')).catch(() => []);
  return files.filter((name) => name.endsWith('.log')).length;
}

/** @param {() => Promise<boolean>} condition */
async function until(condition) {
  const deadline = performance.now() + RETURN_TIMEOUT_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('it did not come back in time');
    await sleep(50);
  }
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}
