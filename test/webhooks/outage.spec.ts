import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { LOCK_COUNTER } from '../../src/database/counter-lock.js';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, OK, postCallback } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type Proxy, startProxy } from '../support/proxy.js';
import { until } from '../support/until.js';

const DEADLINE_MS = 2_000;
let database: TestDatabase;
let proxy: Proxy;
let dataDir: string;
let apps: TestApp[];

beforeEach(async () => {
  database = await createDatabase();
  proxy = await startProxy(database.url);
  dataDir = join(tmpdir(), `topic-mirror-outage-${randomUUID()}`);
  apps = [];
});
afterEach(async () => {
  proxy.set('pass');
  for (const app of apps) await app.close();
  await proxy.close();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

async function start(env: Record<string, string> = {}): Promise<TestApp> {
  const app = await startApp({ DATABASE_URL: proxy.url, DATA_DIR: dataDir, ...env }, database);
  apps.push(app);
  return app;
}

async function post(mirror: TestApp, index: number): Promise<{ answer: string; ms: number }> {
  const startedAt = performance.now();
  const body = createTopicBody({ GroupId: 'g', TopicId: `t${index}`, Name: `name ${index}` });
  const { status, text } = await postCallback(mirror.http, body);
  return { answer: `${status} ${text}`, ms: performance.now() - startedAt };
}

async function postMany(mirror: TestApp, from: number, count: number): Promise<void> {
  const indexes = Array.from({ length: count }, (_, index) => from + index);
  // Service and sender share this process: what held it up was not the service.
  const delay = monitorEventLoopDelay();
  delay.enable();
  for (const { answer, ms } of await Promise.all(indexes.map((index) => post(mirror, index)))) {
    expect(answer).toBe(`200 ${OK}`);
    expect(ms).toBeLessThan(DEADLINE_MS + delay.max / 1e6);
  }
  delay.disable();
}

async function kept(): Promise<unknown> {
  const [row] = await database.query<Record<string, number>>(
    `select (select count(*)::int from topics) as topics,
            (select count(*)::int from changes) as changes,
            (select count(*)::int from callbacks) as callbacks,
            (select count(distinct body)::int from callbacks) as bodies`,
  );
  return row;
}
const once = (count: number) => ({
  topics: count,
  changes: count,
  callbacks: count,
  bodies: count,
});
const spooled = async () => (await readdir(join(dataDir, 'spool')).catch(() => [])).length;
const drained = () => until(async () => (await spooled()) === 0);

it.each(['refuse', 'stall'] as const)(
  'answers OK in time while PostgreSQL is away (%s), and has everything once when it is back',
  async (mode) => {
    const mirror = await start();
    await postMany(mirror, 0, 10);
    proxy.set(mode);
    const question = mirror.http.get('/groups');
    await postMany(mirror, 10, 40);
    expect((await question).body).toMatchObject({ status: 503, code: 'DATABASE_UNAVAILABLE' });
    await postMany(mirror, 50, 10);
    const readiness = await mirror.http.get('/readyz');
    expect(readiness.status).toBe(200);
    expect(readiness.body).toEqual({ status: 'ready', database: 'down', spooled: 50 });
    proxy.set('pass');
    await drained();
    await postMany(mirror, 60, 10);
    expect(await kept()).toEqual(once(70));
  },
);

it('keeps each callback once when the commit succeeded and only its answer was lost', async () => {
  const mirror = await start();
  await postMany(mirror, 0, 5);
  proxy.set('mute');
  await postMany(mirror, 5, 20);
  // What the server was told before its answers were lost is there without the spool.
  proxy.set('pass');
  await drained();
  expect(await kept()).toEqual(once(25));
});

it('applies what an earlier run left in the spool', async () => {
  const first = await start();
  proxy.set('refuse');
  await postMany(first, 0, 20);
  expect(await spooled()).toBe(1);
  await first.app.close();
  apps = [];
  expect(await kept()).toEqual(once(0));
  proxy.set('pass');
  await start();
  await drained();
  expect(await kept()).toEqual(once(20));
});

it('gives no OK without database and disk, and no quick answer either', async () => {
  await mkdir(dataDir, { recursive: true });
  await writeFile(join(dataDir, 'spool'), 'a file in the place of the directory');
  const mirror = await start();
  proxy.set('refuse');
  const { answer, ms } = await post(mirror, 0);
  expect(answer).toMatch(/^503 .*"FAIL"/);
  expect(ms).toBeGreaterThan(DEADLINE_MS);
  proxy.set('pass');
  await postMany(mirror, 1, 1);
  expect(await kept()).toEqual(once(1));
});

it('answers OK without a disk where the commit is late but within the time of the vendor', async () => {
  await mkdir(dataDir, { recursive: true });
  await writeFile(join(dataDir, 'spool'), 'a file in the place of the directory');
  const mirror = await start();
  await postMany(mirror, 0, 1);
  // Two round trips: longer than the service waits before it turns to the disk.
  proxy.set('slow');
  await postMany(mirror, 1, 1);
  proxy.set('pass');
  expect(await kept()).toEqual(once(2));
});

it('does not let the spool grow over its bound', async () => {
  const mirror = await start({ SPOOL_MAX_BYTES: '2000' });
  proxy.set('refuse');
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, index) => post(mirror, index).then(({ answer }) => answer)),
  );
  // All of one moment share a write, so either all or a first part fits.
  expect(answers.filter((answer) => answer.startsWith('503')).length).toBeGreaterThan(0);
  proxy.set('pass');
  await drained();
  const acknowledged = answers.filter((answer) => answer.startsWith('200')).length;
  expect(await kept()).toEqual(once(acknowledged));
});

it('drains the spool while PostgreSQL is slow and callbacks go on', async () => {
  const mirror = await start();
  await postMany(mirror, 0, 5);
  proxy.set('slow');
  let index = 5;
  const waiting: number[] = [];
  const spooledNow = async () => (await mirror.http.get('/readyz')).body.spooled as number;
  const startedAt = performance.now();
  const answers: Promise<void>[] = [];
  while (performance.now() - startedAt < 10_000) {
    answers.push(postMany(mirror, index, 5));
    index += 5;
    await new Promise((resolve) => setTimeout(resolve, 50));
    waiting.push(await spooledNow());
  }
  await Promise.all(answers);
  // About 1,000 callbacks were spooled in that time: it is a small part of them that still waits.
  expect(Math.max(...waiting)).toBeGreaterThan(0);
  expect(Math.max(...waiting.slice(-20))).toBeLessThan(index);
  proxy.set('pass');
  await drained();
  expect(await kept()).toEqual(once(index));
}, 60_000);

it.each(['pass', 'refuse'] as const)(
  'takes text that PostgreSQL cannot hold, wherever it stands (PostgreSQL: %s)',
  async (mode) => {
    const mirror = await start();
    await postMany(mirror, 0, 1);
    proxy.set(mode);
    const bad = 'a\u0000b\ud800c';
    const queries = ['OptPlatform=R%00S', 'OptPlatform=%ED%A0%80', 'ClientIP=%00', 'x%00=%FF%00'];
    const bodies = [
      'Name',
      'Owner_Account',
      'Operator_Account',
      'Introduction',
      'Type',
      'FaceUrl',
      'Notification',
      'CustomString',
      'Unknown',
    ].map((field) => createTopicBody({ GroupId: 'g', TopicId: `b-${field}`, [field]: bad }));
    const data = { UserDefinedDataList: [{ Key: bad, Value: bad }] };
    const requests = [
      ...queries.map((query, at) => [createTopicBody({ GroupId: 'g', TopicId: `q${at}` }), query]),
      ...[...bodies, createTopicBody({ GroupId: 'g', TopicId: 'b-data', ...data })].map((body) => [
        body,
        'OptPlatform=RESTAPI',
      ]),
    ] as const;
    for (const [body, query] of requests) {
      const answer = await fetch(
        `${mirror.url}/webhooks/im?SdkAppid=1400000000&CallbackCommand=Group.CallbackAfterCreateTopic&contenttype=json&${query}`,
        { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) },
      );
      expect([query, await answer.text()]).toEqual([query, OK]);
    }
    proxy.set('pass');
    await drained();
    const [row] = await database.query<{ count: number; invalid: number }>(
      `select count(*)::int as count, (count(*) filter (where outcome = 'invalid'))::int as invalid
         from callbacks where query <> '' and body is not null`,
    );
    expect(row).toEqual({ count: requests.length + 1, invalid: 0 });
    const [topics] = await database.query<{ count: number }>(
      'select count(*)::int as count from topics',
    );
    expect(topics).toEqual({ count: requests.length + 1 });
  },
);

it('finds its connections anew after they fell silent', async () => {
  const mirror = await start();
  await postMany(mirror, 0, 5);
  proxy.set('stall');
  const first = post(mirror, 5);
  await proxy.nextRequest();
  expect((await first).answer).toBe(`200 ${OK}`);
  proxy.set('pass');
  await until(async () => (await mirror.http.get('/readyz')).body.database === 'up');
  await drained();
  await mirror.http.get('/groups/g/topics/t5').expect(200);
});

it('goes on five seconds after another writer got stuck in the middle of a batch', async () => {
  const mirror = await start();
  // The server that comes along is new enough to end a transaction for its age.
  const stuck = database
    .query(`begin; ${LOCK_COUNTER}; select pg_sleep(60)`)
    .then(() => 'has never stopped', String);
  await postMany(mirror, 0, 1);
  expect(await stuck).toMatch(/transaction timeout/);
  await drained();
  expect(await kept()).toEqual(once(1));
});
