import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../../tools/simulator/simulator.js';
import { createUserSig } from '../../src/tencent/usersig.js';
import { startApp } from '../support/app.js';
import { fixture, signed } from '../support/callbacks.js';

const CREDENTIALS = { sdkAppId: '1400000000', userId: 'administrator', secretKey: 'simulator' };

interface Received {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

/** An app that writes down what it is sent. */
interface App {
  readonly url: string;
  readonly received: Received[];
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

describe('a callback of the simulator', () => {
  it('has the form of the vendor', async () => {
    const app = await listen();
    const simulator = await start({ targets: [`${app.url}/webhooks/im`], callbackToken: 't' });
    const { groupId } = simulator.vendor.createGroup({ name: 'Club', ownerAccount: 'leckie' });
    await simulator.settled();
    const [{ path, query, headers, body } = missing()] = app.received;
    expect(path).toBe('/webhooks/im');
    expect(Object.keys(headers).toSorted()).toEqual(['connection', 'content-length', 'host']);
    const { RequestTime = '', ...others } = Object.fromEntries(query);
    expect(others).toEqual({
      SdkAppid: '1400000000',
      CallbackCommand: 'Group.CallbackAfterCreateGroup',
      contenttype: 'json',
      ClientIP: '127.0.0.1',
      OptPlatform: 'RESTAPI',
      Sign: signed('t', Number(RequestTime)).Sign,
    });
    expect(Math.abs(Number(RequestTime) - Date.now() / 1000)).toBeLessThan(5);
    expect(body).toMatchObject({ GroupId: groupId, Name: 'Club', Owner_Account: 'leckie' });
    expect(body.EventTime).toMatch(/^\d{13}$/);
  });

  it.each([
    ['cb_after_create_topic', 'Group.CallbackAfterCreateTopic'],
    ['cb_after_topic_info_changed', 'Group.CallbackAfterTopicInfoChanged'],
    ['cb_after_topic_destroyed', 'Group.CallbackAfterTopicDestroyed'],
    ['cb_after_create_group', 'Group.CallbackAfterCreateGroup'],
    ['cb_after_change_group_owner', 'Group.CallbackAfterChangeGroupOwner'],
  ])('has the fields of the sample %s', async (name, command) => {
    const app = await listen();
    const { vendor, settled } = await start({ targets: [app.url] });
    const { groupId } = vendor.createGroup();
    const userDefinedDataList = [{ Key: 'a', Value: 'b' }];
    const { topicId } = vendor.createTopic(groupId, { userDefinedDataList });
    const texts = { name: 'n', introduction: 'i', notification: 'n', faceUrl: 'f' };
    vendor.changeTopic(groupId, topicId, texts);
    vendor.destroyTopics(groupId, [topicId]);
    vendor.changeOwner(groupId, 'leckie');
    await settled();
    const sent = app.received.find(({ body }) => body.CallbackCommand === command);
    const optional = new Set(['UserDefinedDataList']);
    const names = Object.keys(JSON.parse(fixture(name))).filter(
      (field) => !optional.has(field) || field in (sent?.body ?? {}),
    );
    expect(Object.keys(sent?.body ?? {}).toSorted()).toEqual(names.toSorted());
  });

  it('tells only what changed, and nothing of what has no callback', async () => {
    const app = await listen();
    const { vendor, settled } = await start({ targets: [app.url] });
    const { groupId } = vendor.importGroup();
    const { topicId } = vendor.importTopic(groupId, { name: 'old', introduction: 'same' });
    vendor.changeTopic(groupId, topicId, { muteAllMember: true, customString: 'x' });
    vendor.changeTopic(groupId, topicId, { name: 'new', introduction: 'same' });
    await settled();
    expect(app.received.map(({ body }) => body)).toEqual([
      {
        CallbackCommand: 'Group.CallbackAfterTopicInfoChanged',
        GroupId: groupId,
        Type: 'Community',
        Operator_Account: 'administrator',
        Name: 'new',
      },
    ]);
  });

  it.each([
    ['never', { GroupId: idOf('g'), TopicId: undefined }],
    ['by TopicId', { GroupId: idOf('g'), TopicId: `${idOf('g')}@TOPIC#_t` }],
    ['as GroupId', { GroupId: `${idOf('g')}@TOPIC#_t`, TopicId: undefined }],
  ] as const)('names a changed topic %s', async (namesTopic, named) => {
    const app = await listen();
    const { vendor, settled } = await start({ targets: [app.url], callbackForm: { namesTopic } });
    vendor.importGroup({ groupId: idOf('g') });
    vendor.importTopic(idOf('g'), { topicId: `${idOf('g')}@TOPIC#_t` });
    vendor.changeTopic(idOf('g'), `${idOf('g')}@TOPIC#_t`, { name: 'new' });
    await settled();
    const { GroupId, TopicId } = app.received[0]?.body ?? {};
    expect({ GroupId, TopicId }).toEqual(named);
  });

  it('is given up after two seconds, and sent again only where retries are on', async () => {
    const app = await listen('silent');
    const options = { targets: [app.url], callbackTimeoutMs: 100 };
    const single = await start(options);
    const thrice = await start({ ...options, callbackRetries: 2 });
    single.vendor.createGroup();
    thrice.vendor.createGroup({ groupId: idOf('g') });
    await Promise.all([single.settled(), thrice.settled()]);
    expect(single.callbacks).toMatchObject({ 'timed out': 1, delivered: 0 });
    expect(app.received.filter(({ body }) => body.GroupId === idOf('g'))).toHaveLength(3);
    expect(app.received).toHaveLength(4);
  });

  it('goes to the other replica when one is gone', async () => {
    const [gone, app] = [await listen(), await listen()];
    await closing.splice(-2, 1)[0]?.();
    const simulator = await start({ targets: [gone.url, app.url] });
    for (let group = 0; group < 8; group += 1) simulator.vendor.createGroup();
    await simulator.settled();
    expect(simulator.callbacks.delivered).toBe(8);
  });
});

describe('the misbehaviour of the simulator', () => {
  it('drops and repeats callbacks, the same for the same seed', async () => {
    const histories = await Promise.all([rowdy(7), rowdy(7), rowdy(8)]);
    const [first, second, other] = histories;
    expect(first).toEqual(second);
    expect(first).not.toEqual(other);
    const { dropped, delivered } = first?.callbacks ?? { dropped: 0, delivered: 0 };
    expect(dropped).toBeGreaterThan(0);
    expect(delivered).toBeGreaterThan(60 - dropped);
  });

  it('reorders callbacks within the delay', async () => {
    const app = await listen();
    const { vendor, settled, misbehave } = await start({ targets: [app.url] });
    misbehave({ callbacks: { delayMs: 100 } });
    const made = Array.from({ length: 20 }, () => vendor.createGroup().groupId);
    await settled();
    const got = app.received.map(({ body }) => body.GroupId);
    expect(got).not.toEqual(made);
    expect(got.toSorted()).toEqual(made.toSorted());
  });

  it('leaves before the answer and sends again', async () => {
    const app = await listen();
    const { vendor, settled, misbehave, callbacks } = await start({ targets: [app.url] });
    misbehave({ callbacks: { abandon: 1 } });
    vendor.createGroup();
    await settled();
    expect(callbacks.delivered).toBe(1);
    expect(app.received).toHaveLength(2);
  });

  it('spoils REST answers at random', async () => {
    const simulator = await start({ limits: { get_topic: 1e6 } });
    simulator.vendor.createGroup({ groupId: idOf('g') });
    const each = 0.1;
    simulator.misbehave({
      rest: {
        error: each,
        overFrequency: each,
        partial: each,
        truncated: each,
        cut: each,
        status502: each,
      },
    });
    const seen = new Set<unknown>();
    for (let call = 0; call < 100; call += 1) {
      seen.add(await codeOf(simulator, 'get_topic', { GroupId: idOf('g') }).catch(() => 'cut'));
    }
    expect([...seen].map(String).toSorted()).toEqual(
      ['0', '10002', '10006', 'cut', 'no JSON', 'status 502'].toSorted(),
    );
  });
});

describe('the REST API of the simulator', () => {
  it('makes, changes and ends communities and topics', async () => {
    const { vendor, ...simulator } = await start();
    const group = { Type: 'Community', Name: 'Club', SupportTopic: 1 };
    const { GroupId } = await ask(simulator, 'create_group', group);
    const { TopicId } = await ask(simulator, 'create_topic', { GroupId, TopicName: 'one' });
    const imported = { GroupId, TopicName: 'two', CreateTime: 1_658_839_448 };
    const second = await ask(simulator, 'import_topic', imported);
    const patch = { GroupId, TopicId, MuteAllMember: 'On', CustomString: 'x' };
    await ask(simulator, 'modify_topic', patch);
    expect([...vendor.group(String(GroupId)).topics.values()]).toMatchObject([
      { name: 'one', muteAllMember: true, customString: 'x' },
      { name: 'two', createTime: 1_658_839_448 },
    ]);
    const TopicIdList = [TopicId, second.TopicId, 'never'];
    const ended = await ask(simulator, 'destroy_topic', { GroupId, TopicIdList });
    expect(ended.DestroyResultItem).toMatchObject([
      { ErrorCode: 0, TopicId },
      { ErrorCode: 0 },
      { ErrorCode: 110003 },
    ]);
    await ask(simulator, 'destroy_group', { GroupId });
    expect(vendor.groups.size).toBe(0);
  });

  it('answers in the fields of the documented sample', async () => {
    const { vendor, ...simulator } = await start();
    vendor.createGroup({ groupId: idOf('g') });
    vendor.createTopic(idOf('g'));
    const answer = await ask(simulator, 'get_topic', { GroupId: idOf('g') });
    expect(shapeOf(answer)).toEqual(shapeOf(JSON.parse(fixture('rest_get_topic_resp_full'))));
  });

  it.each([
    ['create_topic', { GroupId: idOf('g'), TopicName: 'n'.repeat(31) }, 10004],
    ['create_topic', { GroupId: idOf('g'), TopicName: '名'.repeat(11) }, 10004],
    ['create_topic', { GroupId: idOf('g'), TopicName: 'n', Introduction: 'i'.repeat(241) }, 10004],
    ['create_topic', { GroupId: idOf('g'), TopicName: 'n', CustomString: 'c'.repeat(3001) }, 10004],
    ['create_topic', { GroupId: idOf('g'), TopicName: 'n', TopicId: 'mine' }, 10004],
    ['create_topic', { GroupId: idOf('g') }, 10004],
    ['create_topic', { GroupId: idOf('plain'), TopicName: 'n' }, 11000],
    ['create_topic', { GroupId: idOf('none'), TopicName: 'n' }, 10010],
    ['modify_topic', { GroupId: idOf('g'), TopicId: 'none', TopicName: 'n' }, 110003],
    ['get_topic', { GroupId: 'ü' }, 10015],
    ['create_group', { Type: 'Community', Name: 'x', GroupId: 'mine' }, 10015],
    ['create_group', { Type: 'Community', Name: 'x', GroupId: idOf('g') }, 10025],
    ['get_group_info', { GroupIdList: Array(51).fill(idOf('g')) }, 10004],
    ['get_appid_group_list', { Limit: 10_001 }, 10004],
    ['get_appid_group_list', { Next: 7 }, 10004],
    ['make_tea', {}, 60009],
  ])('refuses %s %j with error %i', async (command, body, code) => {
    const simulator = await start();
    simulator.vendor.createGroup({ groupId: idOf('g') });
    simulator.vendor.createGroup({ groupId: idOf('plain'), supportsTopics: false });
    expect(await codeOf(simulator, command, body)).toBe(code);
  });

  it('allows 200 topics in a community and one list call per second', async () => {
    const simulator = await start();
    simulator.vendor.createGroup({ groupId: idOf('g') });
    for (let topic = 0; topic < 200; topic += 1) simulator.vendor.createTopic(idOf('g'));
    const topic = { GroupId: idOf('g'), TopicName: 'one more' };
    expect(await codeOf(simulator, 'create_topic', topic)).toBe(10037);
    expect(await codeOf(simulator, 'get_appid_group_list', {})).toBe(0);
    expect(await codeOf(simulator, 'get_appid_group_list', {})).toBe(10006);
  });

  const at = { issuedAt: Math.floor(Date.now() / 1000), expireSeconds: 86_400 };
  it.each([
    ['none', '', 70003],
    ['of another account', createUserSig({ ...CREDENTIALS, userId: 'ada' }, at), 70013],
    ['of another app', createUserSig({ ...CREDENTIALS, sdkAppId: '14' }, at), 70014],
    ['of another key', createUserSig({ ...CREDENTIALS, secretKey: 'x' }, at), 70009],
    ['of long ago', createUserSig(CREDENTIALS, { ...at, issuedAt: 1_700_000_000 }), 70001],
  ])('refuses a UserSig: %s', async (_, usersig, code) => {
    expect(await codeOf(await start(), 'get_topic', {}, { usersig })).toBe(code);
  });

  it('refuses other apps and accounts, and everybody after too many bad UserSigs', async () => {
    const simulator = await start();
    expect(await codeOf(simulator, 'get_topic', {}, { sdkappid: '14' })).toBe(60006);
    expect(await codeOf(simulator, 'get_topic', {}, { identifier: 'ada' })).toBe(60010);
    for (let call = 0; call < 10; call += 1)
      await codeOf(simulator, 'get_topic', {}, { usersig: '' });
    expect(await codeOf(simulator, 'get_topic', { GroupId: 'g' })).toBe(70050);
  });
});

describe('the endpoints of the simulator itself', () => {
  it('show what it holds and make it misbehave', async () => {
    const simulator = await start();
    const { groupId } = simulator.vendor.createGroup();
    const state = await (await fetch(`${simulator.url}/simulator/state`)).json();
    expect(state).toMatchObject({ groups: [{ groupId, topics: [] }] });

    const faults = { command: 'get_topic', faults: [{ kind: 'error', code: 10002 }] };
    await admin(simulator, 'fault', faults);
    expect(await codeOf(simulator, 'get_topic', { GroupId: groupId })).toBe(10002);
    await admin(simulator, 'misbehave', { rest: { overFrequency: 1 } });
    expect(await codeOf(simulator, 'get_topic', { GroupId: groupId })).toBe(10006);
  });

  it.each([
    ['misbehave', { calls: {} }, /callbacks or rest/],
    ['misbehave', { callbacks: { drop: 2 } }, /callbacks.drop: .*0 to 1/],
    ['misbehave', { rest: { typo: 1 } }, /rest.typo: use error, /],
    ['fault', { command: 'get_topic', faults: [{ kind: 'odd' }] }, /faults: .*truncated/],
    ['elsewhere', {}, /GET \/simulator/],
  ])('refuse %s %j in plain words', async (path, body, problem) => {
    const { status, answer } = await admin(await start(), path, body);
    expect(status).toBe(400);
    expect(answer).toEqual({ error: expect.stringMatching(problem) });
  });
});

describe('npm run simulate', () => {
  it('gives a living demonstration', async () => {
    const app = await startApp();
    closing.push(() => app.close());
    const options = ['--target', app.url, '--port', '0', '--every', '10', '--seed', '3'];
    const child = spawn(process.execPath, ['dist-tools/tools/simulator/main.js', ...options]);
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (shown += text));
    const ended = once(child, 'exit');
    while (!/AfterCreateTopic: delivered/.test(shown) && child.exitCode === null) {
      await Promise.race([once(child.stdout, 'data'), ended]);
    }
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    expect(shown).toMatch(/created the community [^]*AfterCreateGroup: delivered/);
    const groups = await app.http.get('/groups').expect(200);
    expect(groups.body.data.length).toBeGreaterThan(0);
  });

  it.each([
    [['--help'], 0, /npm run simulate -- \[options\]/],
    [['--port', 'x'], 64, /--port must be a number/],
    [['--nonsense'], 64, /nonsense/],
  ])('answers %j', async (options, code, text) => {
    const child = spawn(process.execPath, ['dist-tools/tools/simulator/main.js', ...options]);
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (shown += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (shown += part));
    expect((await once(child, 'close'))[0]).toBe(code);
    expect(shown).toMatch(text);
  });
});

/** What becomes of sixty callbacks of a simulator that drops and repeats. */
async function rowdy(seed: number) {
  const app = await listen();
  const { vendor, settled, misbehave, callbacks } = await start({ targets: [app.url], seed });
  misbehave({ callbacks: { drop: 0.2, repeat: 0.3 } });
  for (let group = 0; group < 60; group += 1) vendor.createGroup();
  await settled();
  return { callbacks, got: app.received.map(({ body }) => body.GroupId) };
}

async function start(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({ seed: 1, ...options });
  closing.push(() => simulator.close());
  return simulator;
}

async function listen(manner: 'polite' | 'silent' = 'polite'): Promise<App> {
  const received: Received[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://app');
      const body = JSON.parse(Buffer.concat(chunks).toString());
      const { headers } = request;
      received.push({ path: url.pathname, query: url.searchParams, headers, body });
      if (manner === 'polite') response.end('{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, received };
}

type Callable = Pick<Simulator, 'url'>;

/** The answer to a REST call that succeeds. */
async function ask(
  simulator: Callable,
  command: string,
  body: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const answer = await post(simulator, command, { From_Account: 'administrator', ...body });
  const parsed = JSON.parse(answer.text);
  expect(parsed).toMatchObject({ ActionStatus: 'OK', ErrorCode: 0 });
  return parsed;
}

/** The error code of a REST call. */
async function codeOf(
  simulator: Callable,
  command: string,
  body: Record<string, unknown>,
  query: Record<string, string> = {},
): Promise<unknown> {
  const named = { From_Account: 'administrator', ...body };
  const { status, text } = await post(simulator, command, named, query);
  if (status !== 200) return `status ${status}`;
  try {
    return JSON.parse(text).ErrorCode;
  } catch {
    return 'no JSON';
  }
}

async function post(
  { url }: Callable,
  command: string,
  body: Record<string, unknown>,
  query: Record<string, string> = {},
) {
  const isOfTopics = command.endsWith('topic');
  const service = isOfTopics ? 'million_group_open_http_svc' : 'group_open_http_svc';
  const issuedAt = Math.floor(Date.now() / 1000);
  const search = new URLSearchParams({
    sdkappid: '1400000000',
    identifier: 'administrator',
    usersig: createUserSig(CREDENTIALS, { issuedAt, expireSeconds: 86_400 }),
    random: '4294967295',
    contenttype: 'json',
    ...query,
  });
  const response = await fetch(`${url}/v4/${service}/${command}?${search}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

async function admin({ url }: Callable, path: string, body: object) {
  const response = await fetch(`${url}/simulator/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return { status: response.status, answer: await response.json() };
}

/** Names and types, without values. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shapeOf(member)]));
}

function idOf(name: string): string {
  return `@TGS#_${name}`;
}

function missing(): never {
  throw new Error('nothing was received');
}
