// npm run bench -- relay [--seconds 120 --rate 500 --only away,kill-app,replicas,rate --app dist/main.js]: callbacks at a
// steady rate, relayed to a backend that is away for half of the time, while the service is killed, or with two replicas
// of which one is killed. All that was answered OK must reach it, per group in the order of the journal, again only after
// a failure, and the vendor must get its answers in time. `rate` compares callbacks per second with and without a fast
// backend, in alternating segments. Prints a table; the exit code is 1 when a promise was broken.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import pg from 'pg';
import { freePort, startOwnServer } from './own-server.mjs';

const GROUPS = 50;
const LATENCY_MS = 50;
const RELAY = { RELAY_MAX_PER_SECOND: '5000', RELAY_CONCURRENCY: '64' };
const TICK_MS = 20;
const ANSWER_MS = 1_000;
const CATCH_UP_MS = 60_000;
const LEAST_RATIO = 0.7;
const SEGMENT_SECONDS = 3;
const SEGMENTS = 6;
const COMMAND = 'Group.CallbackAfterCreateTopic';
const PATH = `/webhooks/im?SdkAppid=1400000000&CallbackCommand=${COMMAND}&contenttype=json&ClientIP=127.0.0.1&OptPlatform=RESTAPI`;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    rate: { type: 'string', default: '500' },
    only: { type: 'string', default: 'away,kill-app,replicas,rate' },
    app: { type: 'string', default: 'dist/main.js' },
  },
});
const seconds = Number(options.seconds);
const rest = (/** @type {number} */ part) => sleep(part * seconds * 1000);

/** A backend with some latency, so that callbacks are always in flight; `received` has names by group in the order in which they came. */
class SlowBackend {
  /** @type {Map<string, string[]>} */
  received = new Map();
  ids = new Set();
  repeats = 0;
  /** @type {import('node:http').Server | null} */
  server = null;

  /** @param {number} port */
  constructor(port) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}/imcallback`;
  }

  async open() {
    this.server = createServer((incoming, response) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (part) => (text += part));
      incoming.on('end', () => {
        const { GroupId, Name } = JSON.parse(text);
        const id = incoming.headers['x-request-id'];
        if (this.ids.has(id)) this.repeats += 1;
        else this.received.set(GroupId, [...(this.received.get(GroupId) ?? []), Name]);
        this.ids.add(id);
        setTimeout(() => response.end('{}'), LATENCY_MS);
      });
    }).listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  close() {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}

/** The service, which can be killed. */
class App {
  /** @param {{ url: string, dataDir: string, port: number, relayUrl: string | undefined }} options */
  constructor({ url, dataDir, port, relayUrl }) {
    this.url = `http://127.0.0.1:${port}`;
    this.env = {
      ...process.env,
      NODE_ENV: 'development',
      DATABASE_URL: url,
      DATA_DIR: dataDir,
      PORT: String(port),
      LOG_LEVEL: 'warn',
      ...(relayUrl && { RELAY_URL: relayUrl, ...RELAY }),
    };
  }

  async start() {
    this.child = spawn(process.execPath, [resolve(options.app)], {
      env: this.env,
      stdio: ['ignore', 'ignore', process.env.RELAY_VERBOSE ? 'inherit' : 'ignore'],
    });
    await until(async () => (await fetch(`${this.url}/readyz`)).ok);
  }

  /** @param {NodeJS.Signals} signal */
  async stop(signal) {
    this.child?.kill(signal);
    if (this.child?.exitCode === null && this.child.signalCode === null)
      await once(this.child, 'exit');
  }

  async isRelaying() {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    return /^topicmirror_relay_active 1$/m.test(text);
  }
}

/** @typedef {{ backend: SlowBackend, apps: App[], rest: (part: number) => Promise<void> }} World */

/** @type {Record<string, { replicas: number, work: (world: World) => Promise<void> }>} */
const TRIALS = {
  away: {
    replicas: 1,
    work: async ({ backend }) => {
      await rest(0.25);
      backend.close();
      await rest(0.5);
      await backend.open();
      await rest(0.25);
    },
  },
  'kill-app': {
    replicas: 1,
    work: async ({ apps: [app] }) => {
      for (let turn = 0; turn < 2; turn += 1) {
        await rest(1 / 3);
        await app?.stop('SIGKILL');
        await app?.start();
      }
      await rest(1 / 3);
    },
  },
  replicas: {
    replicas: 2,
    work: async ({ apps }) => {
      await rest(0.5);
      const flags = await Promise.all(apps.map((app) => app.isRelaying()));
      await apps[flags.indexOf(true)]?.stop('SIGKILL');
      await rest(0.5);
    },
  },
};

let isBroken = false;
process.stdout.write(
  'trial        sent      OK  slowest ms  missing  disordered  repeats  verdict\n',
);
for (const name of options.only.split(',')) {
  if (name === 'rate') continue;
  const trial = TRIALS[name];
  if (!trial) throw new Error(`no such trial: ${name}; known: ${Object.keys(TRIALS).join()}, rate`);
  await inDirectory((directory) => run(name, trial, directory));
}
if (options.only.split(',').includes('rate')) await inDirectory(compareRates);
process.exitCode = isBroken ? 1 : 0;

/**
 * @param {string} name
 * @param {{ replicas: number, work: (world: World) => Promise<void> }} trial
 * @param {string} directory
 */
async function run(name, { replicas, work }, directory) {
  const server = await startOwnServer(directory);
  if (!server) throw new Error('PostgreSQL did not start');
  const backend = new SlowBackend(await freePort());
  await backend.open();
  /** @type {App[]} */
  const apps = [];
  for (let index = 0; index < replicas; index += 1) {
    const dataDir = join(directory, `app${index}`);
    const app = new App({
      url: server.url,
      dataDir,
      port: await freePort(),
      relayUrl: backend.url,
    });
    await app.start();
    apps.push(app);
  }
  try {
    const stop = new AbortController();
    const load = send(apps, stop.signal);
    await work({ backend, apps, rest });
    stop.abort();
    const { sent, ok, slowestMs } = await load;
    const missed = () => {
      const names = new Set([...backend.received.values()].flat());
      return [...ok].filter((each) => !names.has(each)).length;
    };
    await until(() => missed() === 0, CATCH_UP_MS).catch(() => undefined);
    const missing = missed();
    const disordered = await disorderOf(server.url, backend.received);
    const isAway = name === 'away';
    // A service that is killed answers nobody for a while.
    const isLate = name !== 'kill-app' && name !== 'replicas' && slowestMs > ANSWER_MS;
    const isKept = missing === 0 && disordered === 0 && !isLate && ok.size > 0;
    const hasRepeated = isAway && backend.repeats > 100;
    isBroken ||= !isKept || hasRepeated;
    const figures = [sent, ok.size, Math.round(slowestMs), missing, disordered, backend.repeats];
    const widths = [8, 7, 11, 8, 11, 8];
    const cells = figures.map((figure, index) => String(figure).padStart(widths[index] ?? 0));
    process.stdout.write(
      `${name.padEnd(9)} ${cells.join(' ')}  ${isKept && !hasRepeated ? 'kept' : 'BROKEN'}\n`,
    );
  } finally {
    await Promise.all(apps.map((app) => app.stop('SIGTERM')));
    backend.close();
    await server.close();
  }
}

/**
 * Callbacks at a steady rate, those of a group one after the other.
 * @param {App[]} apps
 * @param {AbortSignal} signal
 */
async function send(apps, signal) {
  const agent = new Agent({ keepAlive: true });
  const load = { sent: 0, ok: new Set(), slowestMs: 0 };
  const lanes = Array.from({ length: GROUPS }, () => Promise.resolve());
  const begun = performance.now();
  while (!signal.aborted) {
    const due = ((performance.now() - begun) / 1000) * Number(options.rate);
    for (; load.sent < due; load.sent += 1) {
      const [name, index] = [`n${load.sent}`, load.sent % GROUPS];
      const app = apps[load.sent % apps.length];
      lanes[index] = (lanes[index] ?? Promise.resolve()).then(async () => {
        const startedAt = performance.now();
        const isOk = app?.child?.exitCode === null && (await post(app.url, agent, index, name));
        load.slowestMs = Math.max(load.slowestMs, performance.now() - startedAt);
        if (isOk) load.ok.add(name);
      });
    }
    await sleep(TICK_MS);
  }
  await Promise.all(lanes);
  agent.destroy();
  return load;
}

/**
 * @param {string} url
 * @param {Agent} agent
 * @param {number} group
 * @param {string} name
 * @returns {Promise<boolean>}
 */
function post(url, agent, group, name) {
  return new Promise((done) => {
    const outgoing = request(
      `${url}${PATH}`,
      { method: 'POST', agent, timeout: 10_000 },
      (incoming) => {
        incoming.resume();
        incoming.on('end', () => done(incoming.statusCode === 200));
        incoming.on('error', () => done(false));
      },
    );
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => done(false));
    outgoing.end(bodyOf(group, name));
  });
}

/** @param {number} group @param {string} name */
function bodyOf(group, name) {
  const groupId = `@TGS#_g${group}`;
  return `{"CallbackCommand":"${COMMAND}","GroupId":"${groupId}","TopicId":"t${Number(name.slice(1)) % 5_000}","Operator_Account":"root","Type":"Community","Name":"${name}"}`;
}

/**
 * Groups whose callbacks did not come in the order of the journal.
 * @param {string} url
 * @param {Map<string, string[]>} received
 */
async function disorderOf(url, received) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    `select group_id as group, array_agg(convert_from(body, 'UTF8')::json ->> 'Name' order by position, id) as names
       from callbacks group by group_id`,
  );
  await client.end();
  return rows.filter(({ group, names }) => received.get(group)?.join() !== names.join()).length;
}

/** @param {string} directory */
async function compareRates(directory) {
  const backend = fork(join(import.meta.dirname, 'relay-backend.mjs'));
  const [port] = await once(backend, 'message');
  const server = await startOwnServer(directory);
  if (!server) throw new Error('PostgreSQL did not start');
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query('create database alone');
  await client.end();
  const alone = server.url.replace(/[^/]*$/, 'alone');
  const apps = [];
  for (const [url, relayUrl] of [
    [server.url, `http://127.0.0.1:${port}`],
    [alone, undefined],
  ]) {
    const dataDir = join(directory, `rate${apps.length}`);
    const app = new App({ url: url ?? '', dataDir, port: await freePort(), relayUrl });
    await app.start();
    apps.push(app);
  }
  /** @type {number[][]} */
  const rates = [[], []];
  for (let segment = -1; segment < SEGMENTS; segment += 1) {
    for (const index of segment % 2 ? [1, 0] : [0, 1]) {
      const rate = await rateOf(apps[index]?.url ?? '');
      if (segment >= 0) rates[index]?.push(rate);
      // What waits is not to be relayed during the segment of the other.
      if (index === 0) await until(() => isCaughtUp(server.url), CATCH_UP_MS);
    }
  }
  const ratios = (rates[0] ?? []).map((rate, index) => rate / (rates[1]?.[index] ?? 0));
  const median = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? 0;
  isBroken ||= median < LEAST_RATIO;
  const all = rates.map((each) => Math.round(each.reduce((a, b) => a + b, 0) / each.length));
  process.stdout.write(
    `callbacks/s with a backend ${all[0]}, without ${all[1]}; ratio ${ratios.map((each) => each.toFixed(2)).join(' ')}, median ${median.toFixed(2)}\n`,
  );
  await Promise.all(apps.map((app) => app.stop('SIGTERM')));
  backend.kill();
  await server.close();
}

/** @param {string} url */
async function rateOf(url) {
  let sent = 0;
  const result = await autocannon({
    url,
    connections: 64,
    duration: SEGMENT_SECONDS,
    requests: [
      {
        method: 'POST',
        path: PATH,
        setupRequest: (each) => ({ ...each, body: bodyOf(sent % GROUPS, `n${(sent += 1)}`) }),
      },
    ],
  });
  return result.requests.average;
}

/** @param {string} url */
async function isCaughtUp(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    `select not exists (select from callbacks c where (c.position, c.id) > (r.position, r.callback_id)) as is
       from relay r`,
  );
  await client.end();
  return rows[0]?.is === true;
}

/** @param {(directory: string) => Promise<void>} work */
async function inDirectory(work) {
  const directory = await mkdtemp(join(tmpdir(), 'topic-mirror-relay-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * @param {() => boolean | Promise<boolean>} look
 * @param {number} timeoutMs
 */
async function until(look, timeoutMs = 30_000) {
  const deadline = performance.now() + timeoutMs;
  while (!(await Promise.resolve(look()).catch(() => false))) {
    if (performance.now() > deadline) throw new Error('it did not happen in time');
    await sleep(50);
  }
}
