// One reading for each field of the vendor, wherever it appears.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseSettings } from '../../src/config/settings.js';
import { readGroups, readTopics } from '../../src/tencent/answers.js';
import { FIELDS } from '../../src/tencent/fields.js';
import { parseExact } from '../../src/tencent/wire.js';
import { startApp, type TestApp } from '../support/app.js';
import {
  type Body,
  callbackQuery,
  createTopicBody,
  groupPath,
  OK,
  postCallback,
  topicPath,
} from '../support/callbacks.js';

let mirror: TestApp;
beforeAll(async () => (mirror = await startApp()));
afterAll(() => mirror.close());

async function say(command: string, body: Body): Promise<void> {
  const CallbackCommand = `Group.Callback${command}`;
  const answer = await postCallback(mirror.http, { CallbackCommand, Type: 'Community', ...body });
  expect(`${answer.status} ${answer.text}`).toBe(`200 ${OK}`);
}

/** Sends a body as text, for numbers that JavaScript does not hold. */
async function sendRaw(body: string) {
  return mirror.http.post('/').query({ SdkAppid: '1400000000' }).send(body);
}

const create = (GroupId: string, TopicId: string, more: Body = {}) =>
  say('AfterCreateTopic', createTopicBody({ GroupId, TopicId, ...more }));
const change = (GroupId: string, TopicId: string, more: Body) =>
  say('AfterTopicInfoChanged', { GroupId, TopicId, ...more });
const custom = (...pairs: (readonly [key: string, value: unknown])[]) => ({
  UserDefinedDataList: pairs.map(([Key, Value]) => ({ Key, Value })),
});
const topic = async (groupId: string, topicId: string): Promise<Body> =>
  (await mirror.http.get(topicPath(groupId, topicId)).expect(200)).body;
const group = async (groupId: string): Promise<Body> =>
  (await mirror.http.get(groupPath(groupId)).expect(200)).body;
const topicIds = async (groupId: string): Promise<string[]> => {
  const { body } = await mirror.http.get(`${groupPath(groupId)}/topics?deleted=include`);
  return body.data.map((found: Body) => found.topicId);
};
async function fieldsOf(groupId: string, topicId = 't'): Promise<string> {
  const list = (await topic(groupId, topicId)).userDefinedDataList as {
    key: string;
    value: string;
  }[];
  return list.map(({ key, value }) => `${key}=${value}`).join(' ');
}

describe('custom fields in a change', () => {
  it('are those that changed: the others stay, new ones go at the end', async () => {
    await create('merge', 't', custom(['b', '1'], ['a', '2']));
    await change('merge', 't', custom(['a', '3']));
    expect(await fieldsOf('merge')).toBe('b=1 a=3');
    await change('merge', 't', custom(['z', '4'], ['b', '']));
    await change('merge', 't', { Name: 'other' });
    expect(await fieldsOf('merge')).toBe('b= a=3 z=4');
    const history = await mirror.http.get(`${topicPath('merge', 't')}/history?limit=3`).expect(200);
    expect(history.body.data[2].after.userDefinedDataList).toEqual([
      { key: 'b', value: '1' },
      { key: 'a', value: '3' },
    ]);
  });

  it('are replaced by a later creation alone', async () => {
    await create('again', 't', custom(['a', '1'], ['b', '1']));
    await create('again', 't', custom(['c', '2'], ['a', '2']));
    expect(await fieldsOf('again')).toBe('c=2 a=2');
    await create('again', 't');
    expect(await fieldsOf('again')).toBe('c=2 a=2');
    await create('again', 't', custom());
    expect(await fieldsOf('again')).toBe('');
  });

  it('that came before the creation are laid upon it', async () => {
    const EventTime = Date.now() - 60_000;
    await change('early', 't', { ...custom(['b', 'later']), EventTime: EventTime + 2 });
    await change('early', 't', { ...custom(['gone', 'before']), EventTime: EventTime - 1 });
    await create('early', 't', { ...custom(['a', '1'], ['b', '1'], ['c', '1']), EventTime });
    expect(await fieldsOf('early')).toBe('a=1 b=later c=1');
  });

  it('keep a key that comes twice as it came', async () => {
    await create('twice', 't', custom(['k', '1'], ['x', '0'], ['k', '2']));
    await change('twice', 't', custom(['x', '5']));
    const list = await fieldsOf('twice');
    expect(list.split(' ').filter((pair) => pair.startsWith('k'))).toEqual(['k=1', 'k=2']);
    expect(list).toContain('x=5');
  });
});

describe('the value of a custom field that is no text', () => {
  it.each([
    ['7', '7'],
    ['true', 'true'],
    ['null', ''],
    ['{"b": [1, null], "a": "x"}', '{"b":[1,null],"a":"x"}'],
    ['9007199254740993', '9007199254740993'],
    ['-12345678901234567890', '-12345678901234567890'],
    ['1234567890123456.75', '1234567890123456.75'],
    ['1e400', '1e400'],
    ['-1E+400', '-1E+400'],
    ['1e-400', '1e-400'],
    ['"007"', '007'],
  ])('is one and the same text everywhere: %s', async (json, text) => {
    const GroupId = `value ${json}`;
    const list = `"UserDefinedDataList":[{"Key":"k","Value":${json}}]`;
    const head = `"GroupId":${JSON.stringify(GroupId)},"TopicId":"t","Type":"Community"`;
    const CREATE = 'Group.CallbackAfterCreateTopic';
    const CHANGE = 'Group.CallbackAfterTopicInfoChanged';
    expect((await sendRaw(`{"CallbackCommand":"${CREATE}",${head}}`)).text).toBe(OK);
    expect((await sendRaw(`{"CallbackCommand":"${CHANGE}",${head},${list}}`)).text).toBe(OK);
    const told = [{ key: 'k', value: text }];

    const one = await topic(GroupId, 't');
    expect(one.userDefinedDataList).toEqual(told);
    const at = encodeURIComponent(new Date(Date.now() + 1000).toISOString());
    const past = await mirror.http.get(`${topicPath(GroupId, 't')}?asOf=${at}`);
    expect(past.body.userDefinedDataList).toEqual(told);
    const found = await mirror.http
      .get(`${groupPath(GroupId)}/topics`)
      .query({ 'custom.k': text })
      .expect(200);
    expect(found.body.data).toMatchObject([{ topicId: 't', userDefinedDataList: told }]);
    const history = await mirror.http.get(`${topicPath(GroupId, 't')}/history`).expect(200);
    expect(history.body.data[0].after.userDefinedDataList).toEqual(told);
    const feed = await mirror.http.get(`/changes?after=${Number(one.seq) - 1}&limit=1`).expect(200);
    expect(feed.body.data[0].after.userDefinedDataList).toEqual(told);
  });
});

describe('numbers of 64 bits', () => {
  it('keep their digits in ids and accounts', async () => {
    const id = '9223372036854775807';
    const body = `{"CallbackCommand":"Group.CallbackAfterCreateTopic","GroupId":${id},"TopicId":${id},
      "Owner_Account":144115188075855873,"Operator_Account":144115188075855874,"Name":"say \\"1${id}\\" "}`;
    expect((await sendRaw(body)).text).toBe(OK);
    expect(await topic(id, id)).toMatchObject({
      ownerAccount: '144115188075855873',
      operatorAccount: '144115188075855874',
      name: `say "1${id}" `,
    });
  });

  it.each(['1.5', '1e300', '-5', 'true', '[1]'])('%s is no id', async (id) => {
    const body = `{"CallbackCommand":"Group.CallbackAfterCreateTopic","GroupId":"g","TopicId":${id}}`;
    expect((await sendRaw(body)).status).toBe(400);
  });

  it.each([
    ['[9007199254740991,9007199254740992]', [9007199254740991, '9007199254740992']],
    [
      '{"a":-9007199254740993,"b":[{"c":0.12345678901234567}]}',
      { a: '-9007199254740993', b: [{ c: '0.12345678901234567' }] },
    ],
    [
      '["\\\\","12345678901234567","\\"12345678901234567"]',
      ['\\', '12345678901234567', '"12345678901234567'],
    ],
    ['{"1234567890123456789":-0}', { '1234567890123456789': -0 }],
    ['[1e21,1.0,12345678901234567890e1]', [1e21, 1, '12345678901234567890e1']],
  ])('are read exactly: %s', (json, value) => {
    expect(parseExact(json)).toEqual(value);
  });

  it.each(['[0123456789012345678]', '{12345678901234567:1}', '"12345678901234567'])(
    'do not make JSON of what is none: %s',
    (text) => expect(() => parseExact(text)).toThrow(SyntaxError),
  );

  it('are found in a MiB of quotes without delay', () => {
    const text = `["${'\\"'.repeat(500_000)}",12345678901234567]`;
    const startedAt = performance.now();
    expect(parseExact(text)).toHaveLength(2);
    expect(() => parseExact(text.slice(0, -20))).toThrow(SyntaxError);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

describe('TopicIdList', () => {
  it.each([
    ['absent', undefined],
    ['null', null],
    ['a text of several', 'one,two'],
    ['a text of a list', '["one"]'],
    ['an object', { one: 1 }],
    ['a list of lists', [['one']]],
    ['numbers', [1, 2]],
  ])('that is %s is asked for again and makes no row', async (name, TopicIdList) => {
    const groupId = `list ${name}`;
    await create(groupId, 'there');
    await say('AfterTopicDestroyed', { GroupId: groupId, TopicIdList });
    expect(await group(groupId)).toMatchObject({ state: 'stale', topicCount: 1 });
    expect(await topicIds(groupId)).toEqual(['there']);
  });

  it('that is one text is one id', async () => {
    await create('one text', 'a b');
    await say('AfterTopicDestroyed', { GroupId: 'one text', TopicIdList: 'a b' });
    expect((await topic('one text', 'a b')).deletedAt).not.toBeNull();
    expect(await group('one text')).toMatchObject({ state: 'hooked' });
  });
});

describe('spellings, letter case and units', () => {
  const SWITCHES: readonly (readonly [unknown, boolean])[] = [
    ['On', true],
    ['off', false],
    ['ON', true],
    [true, true],
    [false, false],
    [1, true],
    [0, false],
    ['1', true],
    ['0', false],
  ];

  it.each(['MuteAllMember', 'ShutUpAllMember', 'ShutUpAllFlag'])('mute as %s', async (name) => {
    for (const [value, expected] of SWITCHES) {
      await create(name, `${String(value)} ${typeof value}`, { [name]: value });
      const told = await topic(name, `${String(value)} ${typeof value}`);
      expect([value, told.muteAllMember]).toEqual([value, expected]);
      const answer = { TopicAndSelfInfo: [{ TopicInfo: { TopicId: 't', [name]: value } }] };
      expect(readTopics(answer, 'g', 0).topics[0]?.fields.muteAllMember).toBe(expected);
    }
  });

  it('a name as Name and TopicName, a group as GroupId and GroupID', async () => {
    const { GroupId: _, ...body } = createTopicBody({ Name: undefined, TopicId: 't' });
    await say('AfterCreateTopic', { ...body, GroupID: 'spelled', TopicName: 'a name' });
    expect(await topic('spelled', 't')).toMatchObject({ name: 'a name' });
  });

  it('a type in any letter case', async () => {
    await create('case', 't', { Type: 'community' });
    await say('AfterGroupInfoChanged', { GroupId: 'case', Type: 'COMMUNITY', Name: 'n' });
    expect(await topic('case', 't')).toMatchObject({ type: 'Community' });
    expect(await group('case')).toMatchObject({ type: 'Community', name: 'n' });
    const [told] = readGroups({ GroupInfo: [{ GroupId: 'g', Type: 'community' }] }, ['g']);
    expect(told).toMatchObject({ fields: { type: 'Community' } });
  });

  it('the platform as it was sent', async () => {
    const body = createTopicBody({ GroupId: 'platform', TopicId: 't' });
    await postCallback(mirror.http, body, { OptPlatform: 'mAcOS' }).expect(200);
    const { body: history } = await mirror.http.get(`${topicPath('platform', 't')}/history`);
    expect(history.data[0].platform).toBe('mAcOS');
  });

  it('a group as it was sent, beside a topic that is named', async () => {
    const GroupId = '@TGS#_sent@TOPIC#_group';
    await create(GroupId, 't');
    await say('AfterTopicInfoChanged', { GroupId, TopicId: 't', Name: 'renamed' });
    expect(await topic(GroupId, 't')).toMatchObject({ name: 'renamed', deletedAt: null });
    await say('AfterTopicDestroyed', { GroupId, TopicIdList: ['t'] });
    expect((await topic(GroupId, 't')).deletedAt).not.toBeNull();
    await mirror.http.get(groupPath('@TGS#_sent')).expect(404);
  });

  it('a topic that stands where its group should', async () => {
    const topicId = '@TGS#_where@TOPIC#_one';
    const { TopicId: _, ...body } = createTopicBody({ GroupId: topicId });
    await say('AfterCreateTopic', body);
    expect(await topic('@TGS#_where', topicId)).toMatchObject({ name: 'TestTopic' });
    await say('AfterGroupDestroyed', { GroupId: topicId });
    expect(await group('@TGS#_where')).toMatchObject({ state: 'stale', topicCount: 1 });
    await mirror.http.get(groupPath(topicId)).expect(404);
  });
});

describe('a time', () => {
  const MS = Date.UTC(2026, 0, 2, 3, 4, 5);
  const DATE = new Date(MS).toISOString();

  it.each([MS, String(MS), MS / 1000, String(MS / 1000)])('%p is read', async (EventTime) => {
    const groupId = `time ${typeof EventTime} ${EventTime}`;
    await create(groupId, 't', { EventTime });
    expect(await topic(groupId, 't')).toMatchObject({ createdAt: DATE });
    const { body: history } = await mirror.http.get(`${topicPath(groupId, 't')}/history`);
    expect(history.data[0].after.createdAt).toBe(DATE);
    const answer = { TopicAndSelfInfo: [{ TopicInfo: { TopicId: 't', CreateTime: EventTime } }] };
    expect(readTopics(answer, 'g', 0).topics[0]?.createdAt).toBe(MS * 1000);
  });

  it.each([
    0,
    -1,
    123456789012345,
    Date.UTC(5138, 0),
    1e20,
    `1${'0'.repeat(20)}`,
    MS + 0.5,
    Date.UTC(2009, 0),
    Date.now() + 2 * 86_400_000,
    'yesterday',
    {},
    null,
  ])('%p is unknown', async (EventTime) => {
    const groupId = `no time ${JSON.stringify(EventTime)}`;
    const before = Date.now();
    await create(groupId, 't', { EventTime });
    const { createdAt } = await topic(groupId, 't');
    expect(Date.parse(String(createdAt))).toBeGreaterThanOrEqual(before - 1);
    expect(Date.parse(String(createdAt))).toBeLessThanOrEqual(Date.now() + 1);
    const answer = { TopicAndSelfInfo: [{ TopicInfo: { TopicId: 't', CreateTime: EventTime } }] };
    expect(readTopics(answer, 'g', 0).topics[0]?.createdAt).toBeNull();
  });
});

describe('what a request is besides its fields', () => {
  it('acknowledges Group.CallbackAfterGroupMsgExtension as known', async () => {
    await say('AfterGroupMsgExtension', { GroupId: 'x' });
    const { text } = await mirror.http.get('/metrics').expect(200);
    expect(text).toContain('command="Group.CallbackAfterGroupMsgExtension",outcome="ignored"');
  });

  it.each(['identity', '', 'utf-8', 'UTF8', 'Identity', 'gbk'])(
    'reads a plain body whose Content-Encoding is %p',
    async (encoding) => {
      const body = createTopicBody({ GroupId: 'encoding', TopicId: `t${encoding}` });
      await postCallback(mirror.http, body).set('content-encoding', encoding).expect(200, OK);
      await topic('encoding', `t${encoding}`);
    },
  );

  it.each(['gzip', 'br', 'deflate', 'identity, gzip', 'zstd'])(
    'answers 415 where it is %p',
    async (encoding) => {
      const body = createTopicBody({ GroupId: 'encoding', TopicId: encoding });
      const answer = await postCallback(mirror.http, body).set('content-encoding', encoding);
      expect([answer.status, answer.body.ActionStatus]).toEqual([415, 'FAIL']);
    },
  );

  it('is received at /webhooks/im/ too', async () => {
    const body = createTopicBody({ GroupId: 'slash', TopicId: 't' });
    await mirror.http
      .post('/webhooks/im/')
      .query(callbackQuery('Group.CallbackAfterCreateTopic'))
      .send(JSON.stringify(body))
      .expect(200, OK);
    await topic('slash', 't');
  });

  it('is told once in the log where it goes to another path or by another method', async () => {
    const query = callbackQuery('Group.CallbackAfterCreateTopic', { Sign: 'secret-sign' });
    await mirror.http.post('/webhook/im').query(query).send('{}').expect(404);
    await mirror.http.put('/webhooks/im').query(query).send('{}');
    const told = mirror.log.filter(({ msg }) => String(msg).includes('POST /webhooks/im'));
    expect(told).toMatchObject([{ method: 'POST', path: '/webhook/im' }]);
    expect(JSON.stringify(mirror.log)).not.toContain('secret-sign');
  });

  it.each([
    'console.tim.qq.com',
    'adminapiksa.im.qcloud.com',
    'adminapijpn.my-imcloud.com',
    'adminapi.my-imcloud.com',
  ])('the REST API is asked at %s', (host) => {
    expect(parseSettings(rest(host)).imApiOrigin).toBe(`https://${host}`);
  });

  it.each(['adminapi.im.qcloud.com.evil.org', 'evil-adminapi.im.qcloud.com', 'im.qcloud.com'])(
    'and not at %s',
    (host) => expect(() => parseSettings(rest(host))).toThrow(/IM_API_HOST/),
  );
});

function rest(host: string) {
  return { DATABASE_URL: 'postgresql://localhost/x', IM_API_HOST: host, IM_SECRET_KEY: 'k' };
}

describe("the vendor's names", () => {
  // Custom fields are stored under theirs; the others are common words.
  const COMMON = ['Key', 'Value', 'Name', 'Type', 'Next'];
  const NAMES = Object.values(FIELDS)
    .flatMap(({ spellings }) => [...spellings])
    .filter((name) => !COMMON.includes(name) && /^[A-Z]/.test(name));

  it('stand in tencent/ and in the list of fields alone', () => {
    const quoted = new RegExp(`(\\.|['"\`])(${NAMES.join('|')})\\b`);
    const wrong = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter(
        (file) =>
          file.endsWith('.ts') &&
          !/^(tencent|openapi|topics\/domain\/fields|.*generated)\b/.test(file),
      )
      .filter((file) => {
        const code = readFileSync(join('src', file), 'utf8').replaceAll(
          /\/\*[^]*?\*\/|\/\/.*|description: '.*'/g,
          '',
        );
        return quoted.test(code);
      });
    // Of the query: its names are CallbackCommand and others of protocol, not fields of an event.
    expect(wrong.toSorted()).toEqual([
      'metrics/rejections.ts',
      'webhooks/callback-answer.ts',
      'webhooks/callback-reader.ts',
    ]);
  });
});
