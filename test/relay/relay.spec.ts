import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { Backend } from '../support/backend.js';
import { callbackQuery, createTopicBody, OK, postCallback, signed } from '../support/callbacks.js';
import { scrape } from '../support/metrics.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

const TOKEN = 'token-of-the-console';
const NAMES = Array.from({ length: 30 }, (_, index) => `n${index}`);

let backend: Backend;
let mirror: TestApp;
beforeAll(async () => {
  backend = await Backend.start();
  mirror = await startApp({ RELAY_URL: `${backend.url}/imcallback` });
});
afterAll(async () => {
  await mirror.close();
  await backend.close();
});
beforeEach(() => {
  backend.received.length = 0;
  backend.accepted.length = 0;
});
afterEach(() => {
  backend.reply = () => ({});
});

async function post(groupId: string, name: string): Promise<void> {
  const body = createTopicBody({ GroupId: groupId, TopicId: `${groupId}-t`, Name: name });
  await postCallback(mirror.http, body).expect(200, OK);
}

async function postAll(groupIds: readonly string[], names = NAMES): Promise<void> {
  for (const name of names) await Promise.all(groupIds.map((groupId) => post(groupId, name)));
}

function acceptedAll(groupIds: readonly string[], names = NAMES): Promise<boolean> {
  return until(
    () => groupIds.every((id) => new Set(backend.namesOf(id)).size === names.length),
    30_000,
  );
}

describe('an after callback', () => {
  it('goes on byte for byte, with its query, the id of the journal and the type of JSON', async () => {
    const body = `{ "CallbackCommand":"Group.CallbackAfterCreateTopic", "GroupId":"g","TopicId":"t", "x":1.0,"y":"\\u00e9é" }`;
    const query = `SdkAppid=1400000000&CallbackCommand=Group.CallbackAfterCreateTopic&contenttype=json&x=%20a%2B&ClientIP=127.0.0.1&OptPlatform=RESTAPI&x`;
    const answer = await fetch(`${mirror.url}/webhooks/im?${query}`, { method: 'POST', body });
    expect(await answer.text()).toBe(OK);
    const [relayed] = await until(() => backend.accepted.length > 0 && backend.accepted);
    expect(relayed).toMatchObject({ path: '/imcallback', query });
    expect(relayed?.body.toString()).toBe(body);
    expect(relayed?.headers).toMatchObject({ 'content-type': 'application/json' });
    const rows = await mirror.database.query<{ id: string }>('select id from callbacks');
    expect(rows.map(({ id }) => id)).toEqual([relayed?.id]);
  });

  it('goes on whether it is mirrored, ignored, unknown or invalid, but not what names no command', async () => {
    const ofCommand = (command: string) => ({ CallbackCommand: command, GroupId: 'kinds' });
    await postCallback(mirror.http, ofCommand('Group.CallbackAfterSendMsg')).expect(200);
    await postCallback(mirror.http, ofCommand('Made.Up')).expect(200);
    await postCallback(mirror.http, ofCommand('Group.CallbackAfterCreateTopic')).expect(400);
    await mirror.http.post('/').query(callbackQuery('Made.Up')).send('no JSON').expect(400);
    await mirror.http
      .post('/')
      .query(callbackQuery('Made.Up'))
      .send(JSON.stringify(ofCommand('Another.One')))
      .expect(403);
    await post('kinds', 'last');
    await until(() => backend.namesOf('kinds').includes('last'));
    expect(backend.received.map(({ json }) => json.CallbackCommand)).toEqual([
      'Group.CallbackAfterSendMsg',
      'Made.Up',
      'Group.CallbackAfterCreateTopic',
      'Group.CallbackAfterCreateTopic',
    ]);
  });

  it('is answered at once, whatever the backend does', async () => {
    backend.reply = () => 'hang';
    const startedAt = performance.now();
    await post('hangs', 'one');
    // The backend has five seconds.
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    await until(() => backend.received.length > 0);
    backend.reply = () => ({});
    // After its time-out.
    await acceptedAll(['hangs'], ['one']);
    expect(backend.received).toHaveLength(2);
    expect(backend.received[0]?.id).toBe(backend.received[1]?.id);
  });

  it('follows the others of its group one by one, those of others at the same time', async () => {
    const groups = ['a', 'b', 'c', 'd'];
    const open = new Map<unknown, number>();
    const most = { ofAGroup: 0, ofAll: 0 };
    backend.reply = ({ json: { GroupId } }) => {
      const count = (open.get(GroupId) ?? 0) + 1;
      open.set(GroupId, count);
      most.ofAGroup = Math.max(most.ofAGroup, count);
      most.ofAll = Math.max(most.ofAll, [...open.values()].filter((each) => each > 0).length);
      setTimeout(() => open.set(GroupId, (open.get(GroupId) ?? 0) - 1), 9);
      return { delayMs: 10 };
    };
    await postAll(groups);
    await acceptedAll(groups);
    expect(most.ofAGroup).toBe(1);
    expect(most.ofAll).toBeGreaterThan(1);
    for (const group of groups) expect(backend.namesOf(group, backend.received)).toEqual(NAMES);
  });
});

describe('a group that fails', () => {
  it('holds up no other, and is delivered in its order once it is accepted', async () => {
    let isBroken = true;
    backend.reply = ({ json }) => ({ status: json.GroupId === 'bad' && isBroken ? 500 : 200 });
    await postAll(['bad', 'good']);
    await acceptedAll(['good']);
    expect(backend.namesOf('bad')).toEqual([]);
    expect(new Set(backend.namesOf('bad', backend.received))).toEqual(new Set(['n0']));
    await until(async () => {
      const lanes = await mirror.database.query('select * from relay_lanes');
      return lanes.length === 1;
    });
    isBroken = false;
    await post('bad', 'after');
    await acceptedAll(['bad'], [...NAMES, 'after']);
    expect(backend.namesOf('bad')).toEqual([...NAMES, 'after']);
    expect(backend.namesOf('good', backend.received)).toEqual(NAMES);
    await until(async () => {
      const [left] = await mirror.database.query<{ count: string }>(
        `select (select count(*) from relay_lanes) + (select count(*) from relay_backlog) as count`,
      );
      return left?.count === '0';
    });
    await post('bad', 'at last');
    await until(() => backend.namesOf('bad').at(-1) === 'at last');
  });
});

describe('a backend that is away', () => {
  it.each([
    ['refuses connections', () => backend.close(), () => backend.open()],
    [
      'answers 500',
      () => (backend.reply = () => ({ status: 500 })),
      () => (backend.reply = () => ({})),
    ],
  ])('and %s loses nothing, and gets it in order', async (what, leave, comeBack) => {
    const groups = Array.from({ length: 40 }, (_, index) => `${what}${index}`);
    await post(groups[0] ?? '', 'n0');
    await until(() => backend.accepted.length === 1);
    await leave();
    await postAll(groups.slice(1), NAMES.slice(0, 10));
    await postAll(groups.slice(0, 1), NAMES.slice(1, 10));
    await until(async () => {
      const { sum } = await scrape(mirror.http);
      return sum('topicmirror_relay_attempts_total', { outcome: 'delivered' }) > 0;
    });
    await comeBack();
    await acceptedAll(groups, NAMES.slice(0, 10));
    for (const group of groups) expect(backend.namesOf(group)).toEqual(NAMES.slice(0, 10));
  });
});

describe('an answer of the backend', () => {
  it('that redirects is not followed, and accepts nothing', async () => {
    const other = await Backend.start();
    backend.reply = () => ({ status: 307, headers: { location: other.url } });
    await post('redirected', 'one');
    await until(() => backend.received.length > 1);
    backend.reply = () => ({});
    await acceptedAll(['redirected'], ['one']);
    expect(other.received).toEqual([]);
    await other.close();
  });

  it.each([
    ['garbage', { body: '<html>' }],
    ['no content', { status: 204, body: '' }],
    ['more than anybody reads', { body: Buffer.alloc(32 * 1024 * 1024) }],
  ])('accepts with %s', async (what, reply) => {
    backend.reply = () => reply;
    await postAll([what], NAMES.slice(0, 3));
    await acceptedAll([what], NAMES.slice(0, 3));
    expect(backend.namesOf(what, backend.received)).toEqual(NAMES.slice(0, 3));
  });
});

describe('with a token', () => {
  it('the callback is signed anew, with the first, at the time it is sent', async () => {
    const signedMirror = await startApp({
      RELAY_URL: `http://user%20x:p%40ss@${new URL(backend.url).host}/?key=1`,
      IM_CALLBACK_TOKENS: `${TOKEN},another-token`,
    });
    const query = { b: 'x y', ...signed('another-token', Math.floor(Date.now() / 1000) - 30) };
    await postCallback(signedMirror.http, createTopicBody({ GroupId: 's' }), query).expect(200, OK);
    const [relayed] = await until(() => backend.accepted.length > 0 && backend.accepted);
    const given = new URLSearchParams(relayed?.query);
    const requestTime = Number(given.get('RequestTime'));
    expect(Math.abs(requestTime - Date.now() / 1000)).toBeLessThan(5);
    expect(given.getAll('Sign')).toEqual([signed(TOKEN, requestTime).Sign]);
    expect(given.getAll('RequestTime')).toHaveLength(1);
    expect(relayed?.query).toMatch(
      /^key=1&SdkAppid=1400000000&.*&b=x%20y&Sign=\w+&RequestTime=\d+$/,
    );
    const basic = `Basic ${Buffer.from('user x:p@ss').toString('base64')}`;
    expect(relayed?.headers.authorization).toBe(basic);
    expect(JSON.stringify(signedMirror.log)).not.toContain('p%40ss');
    await signedMirror.close();
  });
});
