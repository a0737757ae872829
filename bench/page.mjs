// npm run bench -- page [--rate 500 --seconds 60 --topics 1000 --view group|activity]: the page open on a group
// that changes all the time: its long tasks, and the memory it takes. Chromium and the sender share the machine
// with the service. The exit code is 1 on a task over 200 ms or where memory grows by more than a fifth.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { chromium } from 'playwright-core';
import { withServer } from './with-server.mjs';

const GROUP = '@TGS#_busy';
const LINES = 6;
const WARM_UP_SECONDS = 10;
const CONNECTIONS = 32;
const MAX_TASK_MS = 200;
const MAX_GROWTH = 1.2;
const MIB = 1024 * 1024;

const { values: options } = parseArgs({
  options: {
    rate: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '60' },
    topics: { type: 'string', default: '1000' },
    view: { type: 'string', default: 'group' },
  },
});
const [rate, seconds, topics] = [options.rate, options.seconds, options.topics].map(Number);
const hash = options.view === 'group' ? `groups/${encodeURIComponent(GROUP)}` : 'activity/changes';

await withServer(async (url) => {
  await send(url, 'Group.CallbackAfterCreateTopic', { amount: topics });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`${url}/#/${hash}`);
    await page.getByText('Live', { exact: true }).waitFor();
    const sending = send(url, 'Group.CallbackAfterTopicInfoChanged', {
      duration: WARM_UP_SECONDS + seconds,
      overallRate: rate,
    });
    await sleep(WARM_UP_SECONDS * 1000);
    process.exitCode = (await watch(page)) ? 0 : 1;
    const { '2xx': answered, latency } = await sending;
    print(`${answered} callbacks answered, 99 % within ${latency.p99} ms`);
  } finally {
    await browser.close();
  }
});

/** @param {import('playwright-core').Page} page */
async function watch(page) {
  await page.evaluate(`globalThis.tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
      .observe({ entryTypes: ['longtask'] });`);
  const session = await page.context().newCDPSession(page);
  /** @type {number[]} */
  const heaps = [];
  let longest = 0;
  for (let line = 0; line < LINES; line += 1) {
    await sleep((seconds / LINES) * 1000);
    // Before the collection, which is a long task itself.
    const tasks = /** @type {number[]} */ (await page.evaluate('tasks.splice(0)'));
    await session.send('HeapProfiler.collectGarbage');
    await page.evaluate('tasks.length = 0');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    heaps.push(usedSize / MIB);
    longest = Math.max(longest, ...tasks);
    const nodes = await page.locator('*').count();
    print(
      `${tasks.length} tasks over 50 ms, the longest ${Math.max(0, ...tasks).toFixed(0)} ms; ` +
        `${(usedSize / MIB).toFixed(1)} MiB of objects, ${nodes} elements`,
    );
  }
  const growth = (heaps.at(-1) ?? 0) / (heaps[0] ?? 1);
  return longest <= MAX_TASK_MS && growth <= MAX_GROWTH;
}

/**
 * @param {string} url
 * @param {string} command
 * @param {Partial<import('autocannon').Options>} load
 */
function send(url, command, load) {
  let sent = 0;
  const query = new URLSearchParams({ SdkAppid: '1400000000', CallbackCommand: command });
  return autocannon({
    url: `${url}/webhooks/im?${query}`,
    connections: CONNECTIONS,
    ...load,
    requests: [
      {
        method: 'POST',
        setupRequest: (request) => ({ ...request, body: bodyOf(command, sent++) }),
      },
    ],
  });
}

/**
 * @param {string} command
 * @param {number} index
 */
function bodyOf(command, index) {
  return JSON.stringify({
    CallbackCommand: command,
    GroupId: GROUP,
    TopicId: `topic ${index % topics}`,
    Type: 'Community',
    Name: `Name ${(index * 7919) % 100_003}`,
    UserDefinedDataList: [{ Key: 'round', Value: String(Math.floor(index / topics)) }],
  });
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}
