import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { runCli } from '../../src/cli/run.js';
import { callbackId } from '../../src/journal/callback-id.js';
import { startApp } from '../support/app.js';
import { Backend } from '../support/backend.js';
import { createTopicBody, OK, postCallback } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { scrape } from '../support/metrics.js';
import { startProxy } from '../support/proxy.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

const HOUR = 3_600_000_000;
const IGNORED = { CallbackCommand: 'Group.CallbackAfterSendMsg', GroupId: 'g' };
let backend: Backend;
beforeAll(async () => (backend = await Backend.start()));
afterAll(() => backend.close());
afterEach(() => {
  backend.reply = () => ({});
  backend.received.length = 0;
  backend.accepted.length = 0;
});

/** Entries of an older journal, which the relay has before it. */
async function fill(database: TestDatabase, ages: readonly number[]): Promise<string[]> {
  const ids = ages.map((age) => callbackId(Date.now() * 1000 - age * HOUR));
  await database.query(
    `with counter as (
       update sequencer set journal_position = journal_position + 1 returning journal_position
     ), begun as (
       insert into relay (position, callback_id) values (0, '00000000-0000-0000-0000-000000000000')
     )
     insert into callbacks (id, command, group_id, query, body, outcome, position)
     select id::uuid, 'Group.Old', 'old', 'SdkAppid=1400000000', '{}', 'unknown', counter.journal_position
       from counter cross join unnest($1::text[]) as id`,
    [ids],
  );
  return ids;
}

async function cli(database: TestDatabase, env: Record<string, string>, ...args: string[]) {
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const code = await runCli(args, { DATABASE_URL: database.url, ...env }, print, print);
  return { code, output: lines.join('\n') };
}

it('nothing that was there before the first start is relayed', async () => {
  const database = await createDatabase();
  const before = await startApp({}, database);
  await postCallback(before.http, createTopicBody({ GroupId: 'early' })).expect(200, OK);
  await before.close();
  const app = await startApp({ RELAY_URL: backend.url }, database);
  await postCallback(app.http, createTopicBody({ GroupId: 'late' })).expect(200, OK);
  await until(() => backend.accepted.length > 0);
  expect(backend.received.map(({ json }) => json.GroupId)).toEqual(['late']);
  await app.close();
  await database.drop();
});

it('what came while no process relayed is relayed after, and nothing twice', async () => {
  const database = await createDatabase();
  const post = async (name: string, env: Record<string, string>) => {
    const app = await startApp(env, database);
    await postCallback(app.http, createTopicBody({ GroupId: 'g', Name: name })).expect(200, OK);
    if (env.RELAY_URL) await until(() => backend.namesOf('g').includes(name));
    await app.close();
  };
  await post('one', { RELAY_URL: backend.url });
  await post('two', {});
  await post('three', { RELAY_URL: backend.url });
  expect(backend.namesOf('g', backend.received)).toEqual(['one', 'two', 'three']);
  await database.drop();
});

it('what is not mirrored leaves the journal once it is delivered, and not before', async () => {
  const app = await startApp({ RELAY_URL: backend.url, JOURNAL_IGNORED: 'drop' });
  const count = async () => (await app.database.query('select id from callbacks')).length;
  backend.reply = () => ({ status: 500 });
  await postCallback(app.http, IGNORED).expect(200, OK);
  await postCallback(app.http, createTopicBody({ GroupId: 'g' })).expect(200, OK);
  await until(() => backend.received.length > 2);
  expect(await count()).toBe(2);
  backend.reply = () => ({});
  await until(() => backend.accepted.length === 2);
  await until(async () => (await count()) === 1);
  await postCallback(app.http, { ...IGNORED, GroupId: 'other' }).expect(200, OK);
  await until(() => backend.accepted.length === 3);
  await until(async () => (await count()) === 1);
  await app.close();
});

it('nothing leaves the journal by its age before it was delivered', async () => {
  const database = await createDatabase();
  backend.reply = ({ id }) => ({ status: id === ids[1] ? 500 : 200 });
  const ids: string[] = await fill(database, [48, 47, 46]);
  const env = { RELAY_URL: backend.url, RELAY_MAX_AGE_HOURS: '72', JOURNAL_RETENTION_DAYS: '1' };
  const first = await startApp(env, database);
  await until(() => backend.received.length > 3);
  await first.close();
  // The trimmer of another start has had the time to see what is left.
  const second = await startApp(env, database);
  const left = async () =>
    (await database.query<{ id: string }>('select id::text as id from callbacks order by id')).map(
      ({ id }) => id,
    );
  await until(async () => (await left()).length < 3);
  expect(await left()).toEqual(ids.slice(1));
  backend.reply = () => ({});
  await until(() => backend.accepted.at(-1)?.id === ids[2]);
  await second.close();
  await database.drop();
});

it('what is too old is given up, said once, and can be sent again', async () => {
  const database = await createDatabase();
  const ids = await fill(database, [25, 24.5, 23]);
  const app = await startApp({ RELAY_URL: backend.url }, database);
  await until(() => backend.accepted.length > 0);
  await postCallback(app.http, createTopicBody({ GroupId: 'old' })).expect(200, OK);
  await until(() => backend.accepted.length === 2);
  expect(backend.received[0]?.id).toBe(ids[2]);
  const { sum } = await scrape(app.http);
  expect(sum('topicmirror_relay_given_up_total')).toBe(2);
  const said = app.log.filter(({ msg }) => String(msg).includes('given up'));
  expect(said).toMatchObject([
    { level: 'error', msg: expect.stringContaining('cli relay --from') },
  ]);
  await app.close();

  const env = { RELAY_URL: backend.url };
  const from = new Date(Date.now() - 26 * 3_600_000).toISOString();
  const to = new Date(Date.now() - 24 * 3_600_000).toISOString();
  const again = await cli(database, env, 'relay', '--from', from, '--to', to, '--group', 'old');
  expect(again).toEqual({ code: 0, output: '2 delivered, 0 failed' });
  expect(backend.received.slice(2).map(({ id }) => id)).toEqual(ids.slice(0, 2));
  backend.reply = () => ({ status: 500 });
  const failed = await cli(database, env, 'relay', '--from', from, '--command', 'Group.Old');
  expect(failed).toEqual({ code: 1, output: '0 delivered, 3 failed' });
  expect((await cli(database, env, 'relay')).code).toBe(64);
  expect((await cli(database, {}, 'relay', '--from', from)).code).toBe(78);
  await database.drop();
});

it('what was spooled is relayed once it is in the journal', async () => {
  const database = await createDatabase();
  const proxy = await startProxy(database.url);
  const app = await startApp({ RELAY_URL: backend.url, DATABASE_URL: proxy.url }, database);
  const post = (Name: string) =>
    postCallback(app.http, createTopicBody({ GroupId: 'g', Name })).expect(200, OK);
  await post('one');
  await until(() => backend.accepted.length === 1);
  proxy.set('refuse');
  await post('two');
  await post('three');
  expect(backend.received).toHaveLength(1);
  proxy.set('pass');
  await until(() => backend.accepted.length === 3);
  expect(backend.namesOf('g', backend.received)).toEqual(['one', 'two', 'three']);
  await app.close();
  await proxy.close();
  await database.drop();
});

it('the figures and the doctor say how far it is', async () => {
  const app = await startApp({ RELAY_URL: backend.url });
  const { database } = app;
  const doctor = () => cli(database, { RELAY_URL: backend.url }, 'doctor');
  expect((await doctor()).output).toMatch(/ok +0 callbacks wait for the backend/);
  await backend.close();
  expect((await doctor()).output).toMatch(/FAULT +the backend of RELAY_URL does not accept/);
  for (const GroupId of ['a', 'b']) {
    await postCallback(app.http, createTopicBody({ GroupId })).expect(200, OK);
  }
  const { sum } = await until(async () => {
    const figures = await scrape(app.http);
    const attempts = figures.sum('topicmirror_relay_attempts_total', { outcome: 'unreachable' });
    return figures.sum('topicmirror_relay_lag_callbacks') === 2 && attempts > 0 && figures;
  }, 25_000);
  expect(sum('topicmirror_relay_active')).toBe(1);
  const { body } = await app.http.get('/status').expect(200);
  expect(body.relay).toEqual({
    configured: true,
    running: true,
    waiting: 2,
    oldestAt: expect.stringMatching(/^20.*Z$/),
    setAside: 0,
  });
  expect(sum('topicmirror_relay_oldest_age_seconds')).toBeGreaterThan(0);
  await backend.open();
  await app.close();
});

it('a group that fails is tried with pauses also where no more groups can be set aside', async () => {
  const database = await createDatabase();
  await fill(database, []);
  await database.query(
    `insert into relay_lanes (lane, is_group, due_at)
     select 'aside' || n, true, now() + interval '1 day' from generate_series(1, 20000) n`,
  );
  const app = await startApp({ RELAY_URL: backend.url }, database);
  backend.reply = ({ json }) => ({ status: json.GroupId === 'bad' ? 500 : 200 });
  const tries = () => backend.namesOf('bad', backend.received).length;
  await postCallback(app.http, createTopicBody({ GroupId: 'bad' })).expect(200, OK);
  await until(() => tries() > 0);
  const startedAt = performance.now();
  await until(async () => {
    // The backend accepts others, so that it is not taken for one that is away.
    await postCallback(app.http, createTopicBody({ GroupId: 'good' })).expect(200, OK);
    return tries() >= 6;
  });
  expect(performance.now() - startedAt).toBeGreaterThan(1_500);
  await app.close();
  await database.drop();
});

it('a backend that is away is logged for a single callback too, and waits in the command line', async () => {
  const app = await startApp({ RELAY_URL: backend.url });
  await postCallback(app.http, createTopicBody({ GroupId: 'quiet' })).expect(200, OK);
  await until(() => backend.accepted.length === 1);
  await backend.close();
  await postCallback(app.http, createTopicBody({ GroupId: 'quiet' })).expect(200, OK);
  const said = (text: string) => app.log.some(({ msg }) => String(msg).includes(text));
  await until(() => said('the backend of RELAY_URL accepts no callback'));
  const { last } = app.log.find(({ msg }) => String(msg).includes('accepts no callback')) ?? {};
  expect(last).toBe('unreachable: network: ECONNREFUSED');
  const from = new Date(Date.now() - 60_000).toISOString();
  const resent = await cli(app.database, { RELAY_URL: backend.url }, 'relay', '--from', from);
  expect(resent.code).toBe(1);
  expect(resent.output).toMatch(/accepts no callback; go on later with the same$/);
  await backend.open();
  await until(() => backend.accepted.length === 2);
  await app.close();
});

it('a group that is set aside is logged, and delivered without new callbacks once the backend is back', async () => {
  const app = await startApp({ RELAY_URL: backend.url });
  const said = (text: string) => app.log.some(({ msg }) => String(msg).includes(text));
  backend.reply = () => ({ status: 500 });
  await postCallback(app.http, createTopicBody({ GroupId: 'refused' })).expect(200, OK);
  await until(() => said('a group waits: the backend of RELAY_URL does not accept its callback'));
  await backend.close();
  await until(() => said('the backend of RELAY_URL accepts no callback'));
  backend.reply = () => ({});
  await backend.open();
  await until(() => backend.accepted.length === 1);
  await until(() => said('the backend of RELAY_URL accepts callbacks again'));
  await app.close();
});

it.each([
  ['after', createTopicBody({ GroupId: 'round' })],
  ['before', { CallbackCommand: 'Group.CallbackBeforeCreateTopic', GroupId: 'round' }],
])('RELAY_URL that leads back to the mirror makes no loop: %s', async (_kind, body) => {
  let target = '';
  const front = createServer((incoming, response) => {
    const { method, headers, url } = incoming;
    const onward = request(`${target}${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(onward.on('error', () => response.destroy()));
  }).listen(0, '127.0.0.1');
  await once(front, 'listening');
  const { port } = front.address() as AddressInfo;
  const app = await startApp({ RELAY_URL: `http://127.0.0.1:${port}/webhooks/im` });
  target = app.url;
  await postCallback(app.http, body).expect(200);
  const refused = async () =>
    (await scrape(app.http)).sum('topicmirror_callbacks_rejected_total', {
      reason: 'relayed by this mirror',
    });
  await until(async () => (await refused()) > 0);
  expect(await app.database.query('select 1 from callbacks')).toHaveLength(1);
  await app.close();
  front.closeAllConnections();
  front.close();
});
