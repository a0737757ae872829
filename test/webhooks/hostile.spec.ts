// What hostile or broken senders send. Each gets its answer; none hurts the next request.
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { startApp, type TestApp } from '../support/app.js';
import {
  type Body,
  callbackQuery,
  createTopicBody,
  groupPath,
  OK,
  postCallback,
  signed,
  topicPath,
} from '../support/callbacks.js';

const CREATE = 'Group.CallbackAfterCreateTopic';
const TOKEN = 'secret-token-of-the-console';
const QUERY = new URLSearchParams(callbackQuery(CREATE)).toString();

let mirror: TestApp;
let signedMirror: TestApp;
beforeAll(async () => {
  [mirror, signedMirror] = await Promise.all([
    startApp(),
    startApp({ IM_CALLBACK_TOKENS: TOKEN, LOG_LEVEL: 'debug' }),
  ]);
});
afterAll(() => Promise.all([mirror.close(), signedMirror.close()]));
/** Whatever a test did, the next request is answered. */
afterEach(async () => {
  await postCallback(mirror.http, createTopicBody({ GroupId: 'next', TopicId: 't' })).expect(
    200,
    OK,
  );
});

async function send(
  body: Buffer | string,
  query = QUERY,
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${mirror.url}/webhooks/im?${query}`, { method: 'POST', body });
  return { status: response.status, text: await response.text() };
}

function expectFailure({ status, text }: { status: number; text: string }, expected: number): void {
  expect(status).toBe(expected);
  const answer = JSON.parse(text);
  expect(answer).toEqual({
    ActionStatus: 'FAIL',
    ErrorCode: expected,
    ErrorInfo: answer.ErrorInfo,
  });
  expect(answer.ErrorInfo).toEqual(expect.any(String));
}

describe('bodies', () => {
  it('of one byte over 1 MiB are refused, of 1 MiB taken', async () => {
    const body = JSON.stringify(createTopicBody({ GroupId: 'big', TopicId: 't', Name: '' }));
    const room = 1024 * 1024 - body.length;
    const sized = (length: number) => body.replace('"Name":""', `"Name":"${'x'.repeat(length)}"`);
    expect(await send(sized(room))).toEqual({ status: 200, text: OK });
    expectFailure(await send(sized(room + 1)), 413);
    const topic = await mirror.http.get(topicPath('big', 't')).expect(200);
    expect(topic.body.name).toHaveLength(room);
  });

  it.each([
    ['arrays', `${'['.repeat(100_000)}`],
    ['objects', `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`],
  ])('nested thousands deep are refused: %s', async (_, nested) => {
    expectFailure(await send(`{"CallbackCommand":"${CREATE}","GroupId":"g","X":${nested}}`), 400);
  });

  it.each([' ', '\0', 'null', '1', '"text"', '[]', '{', '{"a":1}{"b":2}', '{/* */}', '\xff\xfe'])(
    'that are no JSON object change nothing: %j',
    async (body) => {
      const before = await mirror.database.query('select count(*) from topics');
      expectFailure(await send(Buffer.from(body, 'latin1')), 400);
      expect(await mirror.database.query('select count(*) from topics')).toEqual(before);
    },
  );

  it('cannot reach the prototype of anything', async () => {
    const { status } = await send(
      `{"CallbackCommand":"${CREATE}","GroupId":"proto","TopicId":"__proto__","Name":"n",
        "__proto__":{"GroupId":"polluted","polluted":true},"constructor":{"prototype":{"polluted":true}},
        "UserDefinedDataList":[{"Key":"__proto__","Value":"v","__proto__":{"polluted":1}}]}`,
    );
    expect(status).toBe(200);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    const topic = await mirror.http.get(topicPath('proto', '__proto__')).expect(200);
    expect(topic.body.userDefinedDataList).toEqual([{ key: '__proto__', value: 'v' }]);
  });

  it('with a key twice are taken by the last one, as every JSON reader does', async () => {
    const body = `{"CallbackCommand":"${CREATE}","GroupId":"first","GroupId":"twice","TopicId":"t","Name":"a","Name":"b"}`;
    expect((await send(body)).text).toBe(OK);
    const topic = await mirror.http.get(topicPath('twice', 't')).expect(200);
    expect(topic.body.name).toBe('b');
  });

  it('with numbers, lists or objects in the place of texts are read as well as can be', async () => {
    const body = createTopicBody({
      GroupId: 12345,
      TopicId: 't',
      Name: 5,
      Owner_Account: { a: 1 },
      Operator_Account: ['x'],
      Type: null,
      UserDefinedDataList: 'none',
    });
    await postCallback(mirror.http, body).expect(200, OK);
    const topic = await mirror.http.get(topicPath('12345', 't')).expect(200);
    expect(topic.body).toMatchObject({ name: '5', ownerAccount: null, userDefinedDataList: null });
  });

  it.each([1e308, -0, 2 ** 53 + 2, '1e999', 'NaN'])(
    'with the number %p are kept',
    async (number) => {
      const raw = `{"CallbackCommand":"${CREATE}","GroupId":"numbers","TopicId":"t${number}","EventTime":${
        typeof number === 'string' && number === 'NaN' ? '"NaN"' : number
      },"UserDefinedDataList":[{"Key":"k","Value":${number === 'NaN' ? '"NaN"' : number}}]}`;
      expect((await send(raw)).text).toBe(OK);
      await mirror.http.get(topicPath('numbers', `t${number}`)).expect(200);
    },
  );
});

describe('texts that PostgreSQL cannot hold', () => {
  const FIELDS = ['Name', 'Type', 'Owner_Account', 'Operator_Account', 'Introduction', 'FaceUrl'];

  it.each(['a\0b', 'a\ud800b', '\udc00'])('are replaced in every field: %j', async (bad) => {
    const TopicId = `t${bad.length}${bad.charCodeAt(1)}`;
    const fields = Object.fromEntries(FIELDS.map((field) => [field, bad]));
    const list = [{ Key: bad, Value: bad, [bad]: [bad, { [bad]: bad }] }];
    // JSON.stringify writes both as escapes, which is how they arrive.
    const body = createTopicBody({ ...fields, GroupId: 'nul', TopicId, UserDefinedDataList: list });
    await postCallback(mirror.http, body).expect(200, OK);
    const topic = await mirror.http.get(topicPath('nul', TopicId)).expect(200);
    const good = bad.replaceAll('\0', '\uFFFD').toWellFormed();
    expect(topic.body).toMatchObject({
      name: good,
      ownerAccount: good,
      introduction: good,
      userDefinedDataList: [{ key: good, value: good }],
    });
    const [entry] = await mirror.database.query<{ body: Buffer }>(
      'select body from callbacks order by id desc limit 1',
    );
    expect(entry?.body.toString()).toBe(JSON.stringify(body));
  });

  it('are replaced where the bytes are not UTF-8, and kept in the journal', async () => {
    const start = `{"CallbackCommand":"${CREATE}","GroupId":"bytes","TopicId":"t","Name":"a`;
    const body = Buffer.concat([
      Buffer.from(start),
      Buffer.from([0xff, 0xc0, 0xaf]),
      Buffer.from('"}'),
    ]);
    expect((await send(body)).text).toBe(OK);
    const topic = await mirror.http.get(topicPath('bytes', 't')).expect(200);
    expect(topic.body.name).toBe('a\uFFFD\uFFFD\uFFFD');
    const [entry] = await mirror.database.query<{ body: Buffer }>(
      `select body from callbacks where group_id = 'bytes'`,
    );
    expect(entry?.body.equals(body)).toBe(true);
  });

  it.each(['a\0b', 'a\ud800', ''])('are refused in ids: %j', async (id) => {
    expectFailure(await send(JSON.stringify(createTopicBody({ GroupId: id }))), 400);
    expectFailure(await send(JSON.stringify(createTopicBody({ TopicId: id }))), 400);
  });
});

describe('ids', () => {
  it('may be any printable ASCII, and longer than documented', async () => {
    const printable = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
      minLength: 1,
      maxLength: 200,
    });
    await fc.assert(
      fc.asyncProperty(printable, printable, async (GroupId, TopicId) => {
        await postCallback(mirror.http, createTopicBody({ GroupId, TopicId })).expect(200, OK);
        const topic = await mirror.http.get(topicPath(GroupId, TopicId)).expect(200);
        expect(topic.body).toMatchObject({ groupId: GroupId, topicId: TopicId });
        await mirror.http.get(`${groupPath(GroupId)}/topics`).expect(200);
      }),
      { numRuns: 30 },
    );
  });

  it('of 256 bytes are taken, of 257 refused', async () => {
    const taken = 'x'.repeat(256);
    await postCallback(mirror.http, createTopicBody({ GroupId: taken })).expect(200, OK);
    expectFailure(await send(JSON.stringify(createTopicBody({ GroupId: `${taken}x` }))), 400);
  });
});

describe('queries', () => {
  it.each([
    `${QUERY}&SdkAppid=1400000000`,
    `${QUERY}&CallbackCommand=${CREATE}`,
    QUERY.replace('SdkAppid', 'SdkAppid[]'),
    QUERY.replace('SdkAppid', 'sdkappid'),
    `__proto__=1&${QUERY.replace('1400000000', '1400000001')}`,
  ])('that repeat or bend what proves the sender are refused: %s', async (query) => {
    expectFailure(await send(JSON.stringify(createTopicBody()), query), 403);
  });

  it.each([`${QUERY}&x=%zz`, `${QUERY}&&&=&a=b=c`, `${QUERY}&OptPlatform=iOS&__proto__=x`])(
    'that carry anything else are taken: %s',
    async (query) => {
      const { text } = await send(JSON.stringify(createTopicBody({ GroupId: 'query' })), query);
      expect(text).toBe(OK);
    },
  );
});

describe('senders', () => {
  it('that are slow or idle in their hundreds do not hinder another, and are cut', async () => {
    const { port } = new URL(mirror.url);
    const sockets: Socket[] = Array.from({ length: 300 }, () =>
      connect({ port: Number(port), host: '127.0.0.1' }).on('error', () => undefined),
    );
    const [slow] = sockets;
    slow?.write(`POST /webhooks/im?${QUERY} HTTP/1.1\r\nHost: x\r\nContent-Le`);
    const cut = slow && once(slow, 'close');
    slow?.resume();
    await postCallback(mirror.http, createTopicBody({ GroupId: 'idle' })).expect(200, OK);
    await cut;
    for (const socket of sockets) socket.destroy();
  }, 15_000);

  it('that promise more than they send, or go away, leave nothing behind', async () => {
    await new Promise<void>((resolve) => {
      const outgoing = request(`${mirror.url}/webhooks/im?${QUERY}`, {
        method: 'POST',
        headers: { 'content-length': 500 },
      });
      outgoing.on('error', () => undefined).on('close', resolve);
      outgoing.write('{"CallbackCommand"', () => outgoing.destroy());
    });
  });

  it('that speak no HTTP get 400 and no more', async () => {
    const { port } = new URL(mirror.url);
    const socket = connect({ port: Number(port), host: '127.0.0.1' });
    let answer = '';
    socket.setEncoding('latin1').on('data', (part: string) => (answer += part));
    socket.write('\x16\x03\x01 no http at all\r\n\r\n');
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });
});

it('no field can forge a line of the log, and no line holds token, Sign or a query', async () => {
  const forged = 'x"}\n{"level":"fatal","msg":"forged"}\r\n\u001b[31m';
  const sign = signed(TOKEN);
  const bodies: Body[] = [
    createTopicBody({ GroupId: 'log', Name: forged, Operator_Account: forged }),
    createTopicBody({ GroupId: forged, TopicId: '' }),
    { CallbackCommand: forged, GroupId: forged },
  ];
  for (const body of bodies) {
    await signedMirror.http
      .post('/webhooks/im')
      .query({ ...callbackQuery(String(body.CallbackCommand), { OptPlatform: forged }), ...sign })
      .set('user-agent', 'x')
      .send(JSON.stringify(body));
  }
  await signedMirror.http
    .post('/webhooks/im')
    .query({ ...callbackQuery(CREATE), ...sign, Sign: 'wrong-sign-value' })
    .send('{}')
    .expect(403);
  await signedMirror.http.get(`/groups/${encodeURIComponent(forged)}?x=${forged}`);
  const lines = signedMirror.log.map((line) => JSON.stringify(line));
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) {
    expect(line).not.toContain(sign.Sign);
    expect(line).not.toContain('wrong-sign-value');
    expect(line).not.toContain(TOKEN);
    expect(line).not.toContain('RequestTime=');
    expect(JSON.parse(line).msg).not.toBe('forged');
  }
});
