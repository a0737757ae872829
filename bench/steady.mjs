// npm run bench -- steady [--rate 2000 --seconds 60 --readers 100 --max-mb 200]: a rate that is held, with
// readers of the feed beside it: what is answered, how much waits, and how much memory the service
// takes. Starts the built service on a throw-away embedded server, prints a line every tenth of the
// time, keeps nothing. The exit code is 1 when the rate was not held, or more than --max-mb was taken.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import autocannon from 'autocannon';
import { acquireServer } from '../tools/embedded-postgres/embedded-postgres.mjs';
import { freePort } from './own-server.mjs';
import { nextBody } from './renames.mjs';

const CONNECTIONS = 64;
const LINES = 10;
const WARM_UP_SECONDS = 10;
const START_TIMEOUT_MS = 30_000;
const COMMAND = 'Group.CallbackAfterCreateTopic';
const RECEIVER = `/webhooks/im?SdkAppid=1400000000&CallbackCommand=${COMMAND}&contenttype=json&ClientIP=127.0.0.1&OptPlatform=RESTAPI`;
const SHARE_TO_HOLD = 0.99;

if (isMainThread) process.exitCode = (await main()) ? 0 : 1;
else follow(workerData);

async function main() {
  const { values: options } = parseArgs({
    options: {
      rate: { type: 'string', default: '2000' },
      seconds: { type: 'string', default: '60' },
      readers: { type: 'string', default: '100' },
      'max-mb': { type: 'string', default: '200' },
    },
  });
  const [rate, seconds, readers] = [options.rate, options.seconds, options.readers].map(Number);
  const directory = await mkdtemp(join(tmpdir(), 'topic-mirror-steady-'));
  const postgres = await acquireServer({ dataDir: directory });
  execFileSync('npx', ['prisma', 'migrate', 'deploy'], {
    cwd: join(import.meta.dirname, '..'),
    env: { ...process.env, DATABASE_URL: postgres.url },
    stdio: 'ignore',
  });
  const port = await freePort();
  const begun = performance.now();
  const service = spawn(process.execPath, [join(import.meta.dirname, '../dist/main.js')], {
    env: {
      ...process.env,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      DATABASE_URL: postgres.url,
      DATA_DIR: directory,
      IM_SDK_APP_ID: '1400000000',
      IM_CALLBACK_AUTH: 'off',
      API_AUTH: 'off',
      DRAIN_SECONDS: '0',
      LOG_LEVEL: 'error',
    },
    stdio: 'inherit',
  });
  const url = `http://127.0.0.1:${port}`;
  try {
    await until(() => isReady(url));
    print(`ready after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    return await hold({ url, rate, seconds, readers, maxMb: Number(options['max-mb']) });
  } finally {
    service.kill('SIGTERM');
    if (service.exitCode === null) await once(service, 'exit');
    await postgres.release();
    await rm(directory, { recursive: true, force: true });
  }
}

/** @param {{ url: string, rate: number, seconds: number, readers: number, maxMb: number }} plan */
async function hold({ url, rate, seconds, readers, maxMb }) {
  print(
    `${rate} callbacks/s, ${readers} readers of the feed, ${availableParallelism()} cores, Node ${process.version}\n`,
  );
  print('     s  callbacks/s   p50 ms   p99 ms  failed   queue  memory MB  told MB/s');
  const told = new Int32Array(new SharedArrayBuffer(4));
  const followers = new Worker(new URL(import.meta.url), { workerData: { url, readers, told } });
  await once(followers, 'message');
  await send(url, rate, Math.min(WARM_UP_SECONDS, seconds));
  let isHeld = true;
  let mostMb = 0;
  for (let line = 1; line <= LINES; line += 1) {
    Atomics.store(told, 0, 0);
    const part = send(url, rate, seconds / LINES);
    const { result, queue, mb } = await watch(url, part);
    const failed = result.non2xx + result.errors;
    isHeld &&= failed === 0 && result.requests.average >= rate * SHARE_TO_HOLD;
    mostMb = Math.max(mostMb, mb);
    const cells = [
      ((line * seconds) / LINES).toFixed(0).padStart(6),
      result.requests.average.toFixed(0).padStart(12),
      result.latency.p50.toFixed(1).padStart(8),
      result.latency.p99.toFixed(1).padStart(8),
      String(failed).padStart(7),
      String(queue).padStart(7),
      mb.toFixed(0).padStart(10),
      ((Atomics.load(told, 0) * LINES) / seconds / 1024).toFixed(1).padStart(10),
    ];
    print(cells.join(' '));
  }
  await followers.terminate();
  print(`\n${isHeld ? 'held' : 'NOT HELD'}; at most ${mostMb.toFixed(0)} MB of memory`);
  return isHeld && mostMb <= maxMb;
}

/** The largest queue and the most memory while callbacks are sent. @param {string} url @param {ReturnType<typeof send>} sending */
async function watch(url, sending) {
  let queue = 0;
  let mb = 0;
  for (;;) {
    const result = await Promise.race([sending, sleep(1_000, null)]);
    const text = await (await fetch(`${url}/metrics`)).text();
    queue = Math.max(queue, figure(text, 'topicmirror_queue_length'));
    mb = Math.max(mb, figure(text, 'process_resident_memory_bytes') / 1024 ** 2);
    if (result) return { result, queue, mb };
  }
}

/** @param {string} text @param {string} name */
function figure(text, name) {
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

/** @param {string} url @param {number} rate @param {number} duration in seconds */
async function send(url, rate, duration) {
  return autocannon({
    url,
    connections: CONNECTIONS,
    duration,
    overallRate: rate,
    requests: [
      {
        method: 'POST',
        path: RECEIVER,
        setupRequest: (request) => ({ ...request, body: nextBody() }),
      },
    ],
  });
}

/**
 * Reads streams of the feed, and counts the KiB that were told.
 * @param {{ url: string, readers: number, told: Int32Array }} task
 */
async function follow({ url, readers, told }) {
  if (!parentPort) throw new Error('readers work in a thread of their own');
  const { hostname, port } = new URL(url);
  let rest = 0;
  const opened = Array.from({ length: readers }, async () => {
    const socket = connect(Number(port), hostname);
    socket.write(`GET /changes HTTP/1.1\r\nHost: ${hostname}\r\nAccept: text/event-stream\r\n\r\n`);
    await once(socket, 'data');
    socket.on('data', ({ length }) => {
      rest += length;
      Atomics.add(told, 0, rest >> 10);
      rest &= 1023;
    });
    socket.on('close', () => process.stderr.write('a stream has ended\n'));
  });
  await Promise.all(opened);
  // What follows is a message between threads, which have no origin.
  parentPort.postMessage('open', []);
}

/** @param {string} url */
async function isReady(url) {
  return fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** @param {() => Promise<boolean>} condition */
async function until(condition) {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('the service is not ready');
    await sleep(50);
  }
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}
