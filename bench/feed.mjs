// npm run bench -- feed [--seconds 8]: what followers of the feed cost the writers and the process, as
// ratios within one run: 1,000 streams that have nothing to tell, 500 whose readers take less than is
// written, and both. Starts the built service on a throw-away embedded server, prints a table, keeps nothing.
import { once } from 'node:events';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { withServer } from './with-server.mjs';

const WRITERS = 64;
const IDLE_STREAMS = 1_000;
const SLOW_STREAMS = 500;
// A slow reader takes what its socket holds, 16 KiB, so often.
const TAKE_MS = 2_000;
const GROUPS = 200;
const TOPICS = 10_000;
const WARM_UP_SECONDS = 10;
const SETTLE_MS = 2_000;
const QUERY =
  'SdkAppid=1400000000&CallbackCommand=Group.CallbackAfterCreateTopic&contenttype=json&ClientIP=127.0.0.1&OptPlatform=RESTAPI';

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '8' } },
});
const seconds = Number(options.seconds);

let sent = 0;
/** @type {Set<import('node:net').Socket>} */
const followers = new Set();
await withServer(run);

/** @typedef {{ name: string, rate: number, p99: number, failed: number, streams: number, megabytes: number }} Figures */

/** @param {string} url */
async function run(url) {
  print(
    `${seconds} s each, ${WRITERS} writers, ${availableParallelism()} cores, Node ${process.version}\n`,
  );
  print(
    'followers                callbacks/s   p99 ms  failed  streams at the end  peak MiB  MiB told',
  );
  await write(url, WARM_UP_SECONDS);
  const none = () => show('none', url);
  const idle = (/** @type {() => Promise<Figures>} */ measure) =>
    following(url, IDLE_STREAMS, '/changes?groupId=quiet', measure);
  const slow = (/** @type {() => Promise<Figures>} */ measure) =>
    following(url, SLOW_STREAMS, '/changes', measure);
  const withNone = [await none()];
  const withSome = [];
  withSome.push(await idle(() => show('1,000 idle', url)));
  withNone.push(await none());
  withSome.push(await slow(() => show('500 slow', url)));
  withNone.push(await none());
  withSome.push(await idle(() => slow(() => show('1,000 idle and 500 slow', url))));
  withNone.push(await none());
  print('');
  withSome.forEach(({ name, rate, megabytes }, index) => {
    // The machine may become slower or faster on the way: each is compared with before and after it.
    const [before, after] = withNone.slice(index, index + 2);
    if (!before || !after) throw new Error('nothing to compare with');
    const ratio = rate / ((before.rate + after.rate) / 2);
    const more = megabytes - before.megabytes;
    print(`${name.padEnd(24)} / none  ${ratio.toFixed(2)}   ${more.toFixed(0)} MiB more`);
  });
}

/**
 * @param {string} name
 * @param {string} url
 * @returns {Promise<Figures>}
 */
async function show(name, url) {
  const over = new AbortController();
  let peak = 0;
  const watching = (async () => {
    while (!over.signal.aborted) {
      peak = Math.max(peak, await metric(url, 'process_resident_memory_bytes'));
      await sleep(500);
    }
  })();
  const result = await write(url, seconds);
  over.abort();
  await watching;
  const figures = {
    name,
    rate: result.requests.average,
    p99: result.latency.p99,
    failed: result.non2xx + result.errors,
    streams: await metric(url, 'topicmirror_feed_streams'),
    megabytes: peak / 1024 / 1024,
  };
  const cells = [
    name.padEnd(24),
    figures.rate.toFixed(0).padStart(11),
    figures.p99.toFixed(1).padStart(8),
    String(figures.failed).padStart(7),
    String(figures.streams).padStart(19),
    figures.megabytes.toFixed(0).padStart(9),
    (told() / 1024 / 1024).toFixed(0).padStart(9),
  ];
  print(cells.join(' '));
  return figures;
}

/**
 * Measures while `count` streams are open whose readers take little.
 * @param {string} url
 * @param {number} count
 * @param {string} path
 * @param {() => Promise<Figures>} measure
 */
async function following(url, count, path, measure) {
  const { port, hostname } = new URL(url);
  const sockets = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.pause();
      followers.add(socket);
      socket.write(`GET ${path} HTTP/1.1\r\nhost: bench\r\naccept: text/event-stream\r\n\r\n`);
      return socket;
    }),
  );
  // One after the other, or all would ask for more at one moment.
  let turn = 0;
  const taking = setInterval(() => sockets[turn++ % count]?.read(), TAKE_MS / count);
  await sleep(SETTLE_MS);
  const figures = await measure();
  clearInterval(taking);
  for (const socket of sockets) {
    followers.delete(socket);
    socket.destroy();
  }
  await sleep(SETTLE_MS);
  return figures;
}

/**
 * @param {string} url
 * @param {number} duration seconds
 */
function write(url, duration) {
  return autocannon({
    url,
    connections: WRITERS,
    duration,
    requests: [
      {
        method: 'POST',
        path: `/webhooks/im?${QUERY}`,
        setupRequest: (request) => ({ ...request, body: nextBody() }),
      },
    ],
  });
}

/** The next callback: one topic after the other, each time with another name. */
function nextBody() {
  const index = sent++ % TOPICS;
  const groupId = `@TGS#_@TGS#bench${index % GROUPS}`;
  return JSON.stringify({
    CallbackCommand: 'Group.CallbackAfterCreateTopic',
    GroupId: groupId,
    TopicId: `${groupId}@TOPIC#_@TOPIC#${index}`,
    Operator_Account: 'group_root',
    Owner_Account: 'leckie',
    Type: 'Community',
    Name: `Topic ${sent}`,
  });
}

/**
 * @param {string} url
 * @param {string} name
 */
async function metric(url, name) {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')[1],
  );
}

/** How many bytes those who follow now have taken. */
function told() {
  let bytes = 0;
  for (const { bytesRead } of followers) bytes += bytesRead;
  return bytes;
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}
