// npm run bench -- spool [--seconds 30 --rate 500 --size-mb 1024 --limit-mb 300]: PostgreSQL is away. First callbacks
// come at a steady rate: how fast are they answered? Then the spool is filled to a size, the service is killed and
// started again with PostgreSQL back, in so much memory: is every record applied? The exit code is 1 when it is not.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { freePort, startOwnServer } from './own-server.mjs';

const MIB = 1024 * 1024;
const CGROUP = `/sys/fs/cgroup/memory/topic-mirror-spool-${process.pid}`;
const QUERY =
  'SdkAppid=1400000000&CallbackCommand=Group.CallbackAfterCreateTopic&contenttype=json&ClientIP=127.0.0.1&OptPlatform=RESTAPI';
const FILLERS = 8;
const FILLER_BYTES = 256 * 1024;
const DRAIN_TIMEOUT_MS = 600_000;
const agent = new Agent({ keepAlive: true, maxSockets: 2_000 });

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    rate: { type: 'string', default: '500' },
    'size-mb': { type: 'string', default: '1024' },
    'limit-mb': { type: 'string', default: '300' },
  },
});
const sizeBytes = Number(options['size-mb']) * MIB;
const limitBytes = Number(options['limit-mb']) * MIB;

const directory = await mkdtemp(join(tmpdir(), 'topic-mirror-spool-'));
const server = await startOwnServer(directory);
if (server === null) throw new Error('no PostgreSQL');
const url = `http://127.0.0.1:${await freePort()}`;
let sent = 0;
try {
  let service = start();
  await until(async () => (await readiness())?.database === 'up');
  await Promise.all(Array.from({ length: 500 }, () => post(100)));
  await server.stop();
  await until(async () => (await readiness())?.database === 'down');
  report(await steadily(Number(options.rate), Number(options.seconds)));
  await fillSpool();
  print(`spool: ${sent} callbacks answered OK, ${Math.round(await spooledMb())} MiB`);
  service.kill('SIGKILL');
  await once(service, 'exit');
  await server.start();
  const hasCgroup = makeCgroup();
  const begun = performance.now();
  service = start(hasCgroup);
  const peak = watchMemory(service);
  await until(async () => (await readiness())?.spooled === 0, DRAIN_TIMEOUT_MS, service);
  const seconds = (performance.now() - begun) / 1000;
  service.kill('SIGTERM');
  await once(service, 'exit');
  const stored = await storedCallbacks();
  print(
    `drained in ${seconds.toFixed(0)} s in ${options['limit-mb']} MiB (${hasCgroup ? 'cgroup' : 'not limited'}), peak ${Math.round(await peak)} MiB resident; ${sent - stored} of ${sent} missing`,
  );
  process.exitCode = stored === sent ? 0 : 1;
  if (hasCgroup) rmdirSync(CGROUP);
} finally {
  agent.destroy();
  await server.close();
  await rm(directory, { recursive: true, force: true });
}

/** @param {boolean} isLimited whether it is moved into the cgroup before it begins */
function start(isLimited = false) {
  const node = [process.execPath, '--max-old-space-size=192', resolve('dist/main.js')];
  const [file = '', ...args] = isLimited
    ? ['sh', '-c', `echo $$ > ${CGROUP}/cgroup.procs && exec "$@"`, 'sh', ...node]
    : node;
  return spawn(file, args, {
    env: {
      ...process.env,
      NODE_ENV: 'development',
      DATABASE_URL: server?.url,
      DATA_DIR: join(directory, 'data'),
      PORT: new URL(url).port,
      LOG_LEVEL: 'error',
      SPOOL_MAX_BYTES: String(2 * sizeBytes),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function makeCgroup() {
  try {
    mkdirSync(CGROUP);
    writeFileSync(join(CGROUP, 'memory.limit_in_bytes'), String(limitBytes));
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {number} rate per second
 * @param {number} seconds
 */
async function steadily(rate, seconds) {
  /** @type {number[]} */
  const latencies = [];
  const running = [];
  const begun = performance.now();
  while (performance.now() - begun < seconds * 1000) {
    const due = ((performance.now() - begun) / 1000) * rate;
    while (running.length < due) {
      const startedAt = performance.now();
      running.push(post(100).then(() => latencies.push(performance.now() - startedAt)));
    }
    await sleep(5);
  }
  await Promise.all(running);
  return latencies.toSorted((a, b) => a - b);
}

/** @param {readonly number[]} sorted */
function report(sorted) {
  const at = (/** @type {number} */ part) => sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
  const figures = [0.5, 0.99, 1].map((part) => at(part).toFixed(1));
  print(
    `PostgreSQL away, ${options.rate}/s: ${sorted.length} answered OK; p50 ${figures[0]} ms, p99 ${figures[1]} ms, slowest ${figures[2]} ms`,
  );
}

async function fillSpool() {
  const fill = async () => {
    while ((await spooledMb()) * MIB < sizeBytes) {
      for (let turn = 0; turn < 32; turn += 1) await post(FILLER_BYTES);
    }
  };
  await Promise.all(Array.from({ length: FILLERS }, fill));
}

/** @param {number} bytes of its body @returns {Promise<void>} when it is answered OK */
function post(bytes) {
  const topicId = `t${sent++}`;
  const body = JSON.stringify({
    CallbackCommand: 'Group.CallbackAfterCreateTopic',
    GroupId: `@TGS#_g${sent % 50}`,
    TopicId: topicId,
    Type: 'Community',
    Name: topicId,
    Padding: 'x'.repeat(bytes),
  });
  return new Promise((done, failed) => {
    const outgoing = request(`${url}/webhooks/im?${QUERY}`, { method: 'POST', agent }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => (text += part));
      answer.on('end', () =>
        text.includes('"OK"') ? done() : failed(new Error(`${answer.statusCode} ${text}`)),
      );
    });
    outgoing.on('error', failed);
    outgoing.end(body);
  });
}

async function spooledMb() {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^topicmirror_spool_bytes (\S+)/m.exec(text)?.[1] ?? 0) / MIB;
}

async function storedCallbacks() {
  const client = new pg.Client({ connectionString: server?.url });
  await client.connect();
  const { rows } = await client.query('select count(*)::int as count from callbacks');
  await client.end();
  return rows[0].count;
}

/** @param {import('node:child_process').ChildProcess} service @returns the highest resident size in MiB */
async function watchMemory(service) {
  let peak = 0;
  while (service.exitCode === null && service.signalCode === null) {
    try {
      const status = readFileSync(`/proc/${service.pid}/status`, 'utf8');
      peak = Math.max(peak, Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      break;
    }
    await sleep(50);
  }
  return peak;
}

async function readiness() {
  const answer = await fetch(`${url}/readyz`).catch(() => null);
  return answer?.json() ?? null;
}

/**
 * @param {() => Promise<boolean>} condition
 * @param {number} timeoutMs
 * @param {import('node:child_process').ChildProcess} [service]
 */
async function until(condition, timeoutMs = 60_000, service) {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (service && (service.exitCode !== null || service.signalCode !== null)) {
      throw new Error(`the service ended: ${service.exitCode ?? service.signalCode}`);
    }
    if (performance.now() > deadline) throw new Error('it took too long');
    await sleep(100);
  }
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}
