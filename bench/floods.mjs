// npm run bench -- floods [--seconds 60 --only signed,… --limit-mb 512]: floods the built service, which may take so much
// memory, and sends signed callbacks at a moderate rate meanwhile. The limit is a cgroup of the kernel where one can be
// made, else the resident size is looked at. Prints a table; the exit code is 1 when the service ended, took too much,
// answered a callback late or not OK, or lost one that it answered OK. The column `spooled` holds what still waits a minute
// later: a callback of 110,000 ids takes PostgreSQL some seconds.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import pg from 'pg';
import { freePort, startOwnServer } from './own-server.mjs';

const TOKEN = 'token';
const DEADLINE_MS = 2_000;
const CALLBACKS_PER_SECOND = 20;
const HEAP_MB = 256;
const MIB = 1024 * 1024;
const CGROUPS = '/sys/fs/cgroup/memory';
const CREATED = 'Group.CallbackAfterCreateTopic';
const DELETED = 'Group.CallbackAfterTopicDestroyed';

// Whoever floods it so holds a token: others may be sent away then, but the service lives, and keeps what it took.
const REFUSING = new Set(['signed']);

const agent = new Agent({ keepAlive: true, maxSockets: 600 });

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '12' },
    only: { type: 'string' },
    'limit-mb': { type: 'string', default: '512' },
    app: { type: 'string', default: 'dist/main.js' },
  },
});
const seconds = Number(options.seconds);
const limitMb = Number(options['limit-mb']);

/**
 * @typedef {{ url: string, signal: AbortSignal, count: (status: string) => void }} Flood
 * @type {Record<string, (flood: Flood) => Promise<unknown>>}
 */
const FLOODS = {
  // One mebibyte each without a signature, over 500 connections.
  unsigned: (flood) => repeat(500, flood, () => post(flood, CREATED, padded('u'), false)),
  signed: (flood) => repeat(500, flood, (turn) => post(flood, CREATED, padded(`s${turn % 1000}`))),
  'many-ids': (flood) =>
    repeat(4, flood, (turn) => post(flood, DELETED, JSON.stringify(destroyed(turn)))),
  // Pages of large topics for clients that do not read.
  'slow-readers': (flood) => repeat(300, flood, () => askAndNotRead(flood)),
};

// The flood comes from a thread of its own: what holds that up must not hold up the callbacks beside it.
if (isMainThread) process.exitCode = (await main()) ? 0 : 1;
else await floodUntilTold(workerData);

async function main() {
  const names = options.only?.split(',') ?? Object.keys(FLOODS);
  const failures = [];
  print(
    `${seconds} s each in ${limitMb} MiB, ${availableParallelism()} cores, Node ${process.version}\n`,
  );
  print(
    'flood           requests        OK  slowest ms  peak MiB  exit  missing  spooled  verdict',
  );
  for (const name of names) {
    if (!FLOODS[name]) {
      throw new Error(`no such flood: ${name}; known: ${Object.keys(FLOODS).join(', ')}`);
    }
    const directory = await mkdtemp(join(tmpdir(), 'topic-mirror-floods-'));
    try {
      if (!(await trial(name, directory))) failures.push(name);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
  print(failures.length === 0 ? '\nall promises were kept' : `\nbroken: ${failures.join(', ')}`);
  return failures.length === 0;
}

/** @param {{ name: string, url: string }} task */
async function floodUntilTold({ name, url }) {
  if (!parentPort) throw new Error('a flood comes from a thread of its own');
  const stopping = new AbortController();
  parentPort.once('message', () => {
    stopping.abort();
    agent.destroy();
  });
  const statuses = new Map();
  const count = (/** @type {string} */ status) =>
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  await FLOODS[name]?.({ url, signal: stopping.signal, count });
  // Between threads there is no origin.
  parentPort.postMessage(statuses, []);
}

/**
 * @param {string} name
 * @param {string} directory
 */
async function trial(name, directory) {
  const server = await startOwnServer(directory);
  if (server === null) throw new Error('no PostgreSQL');
  const cgroup = makeCgroup();
  const url = `http://127.0.0.1:${await freePort()}`;
  const service = spawn(
    process.execPath,
    [`--max-old-space-size=${HEAP_MB}`, resolve(options.app)],
    {
      env: {
        ...process.env,
        NODE_ENV: 'test',
        DATABASE_URL: server.url,
        DATA_DIR: join(directory, 'data'),
        PORT: new URL(url).port,
        IM_CALLBACK_TOKENS: TOKEN,
        LOG_LEVEL: 'error',
        ANSWER_SLOW_SECONDS: '5',
      },
      stdio: ['ignore', 'ignore', process.env.FLOODS_VERBOSE ? 'inherit' : 'ignore'],
    },
  );
  const ended = once(service, 'exit');
  try {
    await until(() => isReady(url));
    if (cgroup) writeFileSync(join(cgroup, 'cgroup.procs'), String(service.pid));
    const stopping = new AbortController();
    const { signal } = stopping;
    const memory = watchMemory(service.pid ?? 0, signal);
    if (name === 'slow-readers') await fillLargeTopics(server.url);
    const flooding = new Worker(new URL(import.meta.url), {
      argv: process.argv.slice(2),
      workerData: { name, url },
    });
    const calm = sendCalmly(url, signal);
    await Promise.race([sleep(seconds * 1000), ended]);
    stopping.abort();
    const sent = await calm;
    const counted = once(flooding, 'message');
    flooding.postMessage('stop', []);
    const [statuses] = await counted;
    const peakMb = await memory;
    const drained = until(async () => (await readiness(url))?.spooled === 0);
    await Promise.race([drained.catch(() => undefined), ended]);
    const spooled = (await readiness(url))?.spooled ?? 0;
    const isAlive = service.exitCode === null && service.signalCode === null;
    service.kill('SIGTERM');
    const [code, by] = await ended;
    const missing = await countMissing(server.url, sent.ok);
    const isInTime = sent.failed === 0 && sent.slowestMs < DEADLINE_MS;
    const isKept =
      isAlive &&
      code === 0 &&
      missing === 0 &&
      peakMb <= limitMb &&
      sent.ok.length > seconds &&
      (isInTime || REFUSING.has(name));
    const total = [...statuses.values()].reduce((sum, each) => sum + each, 0);
    const cells = [
      String(total).padStart(8),
      `${sent.ok.length}/${sent.ok.length + sent.failed}`.padStart(9),
      sent.slowestMs.toFixed(0).padStart(11),
      peakMb.toFixed(0).padStart(9),
      String(code ?? by).padStart(5),
      String(missing).padStart(8),
      String(spooled).padStart(8),
    ];
    print(
      `${name.padEnd(14)} ${cells.join(' ')}  ${isKept ? 'kept' : 'BROKEN'}  ${told(statuses)}`,
    );
    return isKept;
  } finally {
    service.kill('SIGKILL');
    await ended;
    await server.close();
    if (cgroup) rmdirSync(cgroup);
  }
}

/** A memory limit that the kernel keeps; `null` where none can be set. */
function makeCgroup() {
  const path = join(CGROUPS, `topic-mirror-floods-${process.pid}`);
  try {
    mkdirSync(path);
    writeFileSync(join(path, 'memory.limit_in_bytes'), String(limitMb * MIB));
    return path;
  } catch {
    return null;
  }
}

/**
 * Calls `work` over so many connections until the signal comes.
 * @param {number} connections
 * @param {Flood} flood
 * @param {(turn: number) => Promise<string>} work
 */
async function repeat(connections, { signal, count }, work) {
  let turn = 0;
  const loop = async () => {
    while (!signal.aborted) {
      const status = await work(turn++);
      count(status);
      // A client that was refused does not come back at once.
      if (!status.startsWith('200')) await sleep(status === '503' ? 1_000 : 100);
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
}

/**
 * @param {{ url: string }} to
 * @param {string} command
 * @param {string} body
 * @param {boolean} isSigned
 * @returns {Promise<string>} the status, or what went wrong
 */
function post({ url }, command, body, isSigned = true) {
  return new Promise((done) => {
    const query = new URLSearchParams({
      SdkAppid: '1400000000',
      CallbackCommand: command,
      contenttype: 'json',
      ClientIP: '127.0.0.1',
      OptPlatform: 'RESTAPI',
      ...(isSigned ? signature() : {}),
    });
    const path = `${url}/webhooks/im?${query}`;
    const outgoing = request(path, { method: 'POST', agent }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (part) => (text += part));
      incoming.on('end', () => done(`${incoming.statusCode}${text.includes('"OK"') ? ' OK' : ''}`));
      incoming.on('error', () => done('cut'));
    });
    outgoing.on('error', (error) => done(Reflect.get(error, 'code') ?? 'error'));
    outgoing.end(body);
  });
}

function signature() {
  const RequestTime = String(Math.floor(Date.now() / 1000));
  return {
    RequestTime,
    Sign: createHash('sha256')
      .update(TOKEN + RequestTime)
      .digest('hex'),
  };
}

/** @param {string} topicId */
function padded(topicId) {
  const body = { CallbackCommand: CREATED, GroupId: 'flood', TopicId: topicId, Type: 'Community' };
  return JSON.stringify({ ...body, Padding: 'x'.repeat(MIB - 256) });
}

/** @param {number} turn */
function destroyed(turn) {
  const ids = Array.from({ length: 110_000 }, (_, index) => `${turn % 3}${index.toString(36)}`);
  return { CallbackCommand: DELETED, GroupId: 'ids', TopicIdList: ids };
}

/** @param {string} databaseUrl */
async function fillLargeTopics(databaseUrl) {
  await withClient(databaseUrl, async (client) => {
    await client.query("insert into groups (group_id, topic_count, seq) values ('large', 200, 1)");
    for (let index = 0; index < 200; index += 1) {
      await client.query(
        `insert into topics (group_id, topic_id, custom_string, updated_at, seq)
         values ('large', $1, repeat('x', 900 * 1024), now(), 1)`,
        [`t${index}`],
      );
    }
  });
}

/**
 * Asks for a page and reads its first bytes alone. @param {Flood} flood
 * @returns {Promise<string>} the status, and whether the service cut the connection
 */
async function askAndNotRead({ url, signal }) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let status = 'none';
  const closed = new Promise((done) => {
    socket.on('error', () => undefined).on('close', () => done('cut'));
  });
  socket.once('data', (bytes) => {
    status = bytes.toString('latin1', 9, 12);
    socket.pause();
  });
  socket.write(`GET /groups/large/topics?limit=500 HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  let became = 'left';
  // Longer than the service waits for a reader.
  for (let waited = 0; waited < 8 && !signal.aborted && became === 'left'; waited += 1) {
    became = await Promise.race([closed, sleep(1_000, 'left')]);
    if (status === '503') break;
  }
  socket.destroy();
  return `${status}${became === 'cut' ? ' cut' : ''}`;
}

/**
 * Signed callbacks as on any day.
 * @param {string} url
 * @param {AbortSignal} signal
 */
async function sendCalmly(url, signal) {
  /** @type {string[]} */
  const ok = [];
  let failed = 0;
  let slowestMs = 0;
  const running = [];
  for (let index = 0; !signal.aborted; index += 1) {
    const topicId = `calm${index}`;
    const body = { CallbackCommand: CREATED, GroupId: 'calm', TopicId: topicId, Name: topicId };
    const begun = performance.now();
    running.push(
      post({ url }, CREATED, JSON.stringify(body)).then((status) => {
        slowestMs = Math.max(slowestMs, performance.now() - begun);
        if (status === '200 OK') ok.push(topicId);
        else failed += 1;
      }),
    );
    await sleep(1000 / CALLBACKS_PER_SECOND);
  }
  await Promise.all(running);
  return { ok, failed, slowestMs };
}

/**
 * @param {number} pid
 * @param {AbortSignal} signal
 * @returns the highest resident size, in MiB
 */
async function watchMemory(pid, signal) {
  let peak = 0;
  while (!signal.aborted) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      peak = Math.max(peak, Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      return peak;
    }
    await sleep(50);
  }
  return peak;
}

/**
 * @param {string} databaseUrl
 * @param {readonly string[]} topicIds
 */
async function countMissing(databaseUrl, topicIds) {
  return withClient(databaseUrl, async (client) => {
    const { rows } = await client.query("select topic_id from topics where group_id = 'calm'");
    const known = new Set(rows.map((row) => row.topic_id));
    return topicIds.filter((id) => !known.has(id)).length;
  });
}

/**
 * @template T
 * @param {string} url
 * @param {(client: pg.Client) => Promise<T>} work
 */
async function withClient(url, work) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** @param {string} url */
async function isReady(url) {
  return (await readiness(url)) !== null;
}

/** @param {string} url */
async function readiness(url) {
  const answer = await fetch(`${url}/readyz`).catch(() => null);
  return answer?.ok ? answer.json() : null;
}

/** @param {() => Promise<boolean>} condition */
async function until(condition) {
  const deadline = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('the service is not ready');
    await sleep(50);
  }
}

/** @param {Map<string, number>} statuses */
function told(statuses) {
  return [...statuses].map(([status, count]) => `${count} x ${status}`).join(', ');
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}
