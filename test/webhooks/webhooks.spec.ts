import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { startApp, type TestApp } from '../support/app.js';
import {
  callbackQuery,
  createTopicBody,
  fixture,
  groupPath,
  OK,
  postCallback,
  signed,
  topicPath,
} from '../support/callbacks.js';

const CREATE = 'Group.CallbackAfterCreateTopic';

describe('a callback whose content the database refuses', () => {
  let mirror: TestApp;
  beforeAll(async () => {
    mirror = await startApp();
    await mirror.database.query(`
      create function refuse() returns trigger language plpgsql as $$
      begin
          perform pg_sleep(coalesce(new.notification, '0')::float);
          raise exception 'refused' using errcode = new.introduction;
      end
      $$;
      create function dawdle() returns trigger language plpgsql as $$
      begin
          perform pg_sleep(0.6);
          return new;
      end
      $$;
      create trigger dawdle before insert on callbacks for each row
          when (new.group_id = 'slow') execute function dawdle();
      create trigger refuse before insert on topics for each row when (new.name = 'bad') execute function refuse();`);
  });
  afterAll(() => mirror.close());

  // For some of them Prisma's adapter has a name of its own.
  it.each(['22001', '22003', '22P02', '22P05', '23502', '23505', '23514', '54000'])(
    'is the only one of its batch that fails, and is kept: %s',
    async (state) => {
      const groupId = `refused-${state}`;
      const answers = await Promise.all(
        ['good', 'bad', 'fine', 'well'].map((Name) =>
          mirror.http
            .post('/webhooks/im')
            .query(callbackQuery(CREATE))
            .send(
              JSON.stringify(
                createTopicBody({ GroupId: groupId, TopicId: Name, Name, Introduction: state }),
              ),
            ),
        ),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 400, 200, 200]);
      expect(answers[1]?.body).toMatchObject({ ActionStatus: 'FAIL', ErrorCode: 400 });
      const kept = await mirror.database.query<{ outcome: string }>(
        'select outcome from callbacks where group_id = $1 order by outcome',
        [groupId],
      );
      expect(kept.map(({ outcome }) => outcome)).toEqual([
        'applied',
        'applied',
        'applied',
        'invalid',
      ]);
    },
  );

  it('has time to be journalled, though the database took long to refuse it', async () => {
    const body = { GroupId: 'slow', Name: 'bad', Introduction: '22001', Notification: '0.6' };
    const startedAt = performance.now();
    const { status } = await postCallback(mirror.http, createTopicBody(body));
    expect(status).toBe(400);
    expect(performance.now() - startedAt).toBeGreaterThan(1_100);
    const kept = await mirror.database.query(
      `select outcome from callbacks where group_id = 'slow'`,
    );
    expect(kept).toEqual([{ outcome: 'invalid' }]);
  });
});

describe('receiving callbacks without authentication', () => {
  let mirror: TestApp;
  beforeAll(async () => (mirror = await startApp()));
  afterAll(() => mirror.close());

  it("takes the vendor's sample as sent, though its TopicId does not begin with its GroupId", async () => {
    const answer = await mirror.http
      .post('/webhooks/im')
      .query(callbackQuery(CREATE))
      .set('content-type', 'application/json')
      .send(fixture('cb_after_create_topic'));
    expect(answer.status).toBe(200);
    expect(answer.text).toBe(OK);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);

    const list = await mirror.http.get(`${groupPath('@TGS#2J4SZEAEL')}/topics`).expect(200);
    expect(list.body.data).toMatchObject([
      {
        groupId: '@TGS#2J4SZEAEL',
        topicId: '@TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_@TOPIC#cRTE3HIM62C5',
        name: 'MyFirstTopic',
        type: 'Community',
        operatorAccount: 'group_root',
        ownerAccount: 'leckie',
        introduction: null,
        userDefinedDataList: [
          { key: 'UserDefined1', value: 'hello' },
          { key: 'UserDefined2', value: 'world' },
        ],
        deletedAt: null,
      },
    ]);
  });

  it('takes callbacks at / as well', async () => {
    const answer = await mirror.http
      .post('/')
      .query(callbackQuery(CREATE))
      .send(JSON.stringify(createTopicBody({ GroupId: 'at-root', TopicId: 't' })));
    expect(answer.text).toBe(OK);
    await mirror.http.get(topicPath('at-root', 't')).expect(200);
  });

  it.each([
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['application/json; charset=gbk'],
    ['application/octet-stream'],
    ['nonsense'],
  ])('reads a body of content type %s as JSON', async (type) => {
    const body = createTopicBody({ GroupId: 'types', TopicId: type });
    const answer = await mirror.http
      .post('/webhooks/im')
      .query(callbackQuery(CREATE))
      .set('content-type', type)
      .send(JSON.stringify(body));
    expect([answer.status, answer.text]).toEqual([200, OK]);
    await mirror.http.get(topicPath('types', type)).expect(200);
  });

  it('reads a body without content type, and one that comes in chunks', async () => {
    const body = createTopicBody({ GroupId: 'raw', TopicId: 'chunked' });
    const text = JSON.stringify(body);
    const answer = await sendRaw(`${mirror.url}/?${new URLSearchParams(callbackQuery(CREATE))}`, [
      text.slice(0, 20),
      text.slice(20),
    ]);
    expect(answer).toEqual({ status: 200, text: OK });
    await mirror.http.get(topicPath('raw', 'chunked')).expect(200);
  });

  it('updates the topic of a repeated callback and never makes a second one', async () => {
    const body = createTopicBody({ GroupId: 'again', TopicId: 't', Name: 'first' });
    await postCallback(mirror.http, body).expect(200);
    await postCallback(mirror.http, body).expect(200);
    await postCallback(mirror.http, { ...body, Name: 'second' }).expect(200);
    const { body: list } = await mirror.http.get(`${groupPath('again')}/topics`);
    expect(list.data).toMatchObject([{ topicId: 't', name: 'second' }]);
    expect(list.group.topicCount).toBe(1);
  });

  it('leaves a topic as it is when a callback says nothing new', async () => {
    const body = createTopicBody({ GroupId: 'same', TopicId: 't' });
    await postCallback(mirror.http, body).expect(200);
    const { body: before } = await mirror.http.get(topicPath('same', 't'));
    await postCallback(mirror.http, body).expect(200);
    const { body: after } = await mirror.http.get(topicPath('same', 't'));
    expect(after).toEqual(before);
  });

  it.each([
    ['absent', undefined, null],
    ['empty', [], []],
    [
      'with unknown extra keys',
      [{ Value: 'v', Key: 'k', Extra: { deep: [1] } }],
      [{ key: 'k', value: 'v' }],
    ],
  ])('takes a UserDefinedDataList that is %s', async (name, list, told) => {
    const body = createTopicBody({
      GroupId: 'custom',
      TopicId: name,
      ...(list && { UserDefinedDataList: list }),
    });
    await postCallback(mirror.http, body).expect(200);
    const { body: topic } = await mirror.http.get(topicPath('custom', name)).expect(200);
    expect(topic.userDefinedDataList).toEqual(told);
  });

  it('replaces what PostgreSQL cannot hold and keeps the rest', async () => {
    const text = JSON.stringify(createTopicBody({ GroupId: 'odd', TopicId: 't', Name: 'NAME' }));
    await mirror.http
      .post('/')
      .query(callbackQuery(CREATE))
      .send(text.replace('NAME', String.raw`a\u0000b\ud800c`))
      .expect(200);
    const { body: topic } = await mirror.http.get(topicPath('odd', 't')).expect(200);
    expect(topic.name).toBe('a\uFFFDb\uFFFDc');
  });

  it.each([
    'Group.CallbackBeforeCreateTopic',
    'Group.CallbackAfterSendMsg',
    'State.StateChange',
    'Nobody.HeardOfThis',
  ])('answers OK to %s and counts it', async (command) => {
    await postCallback(mirror.http, { CallbackCommand: command, GroupId: 'x' }).expect(200, OK);
    const { text } = await mirror.http.get('/metrics').expect(200);
    const label = command.startsWith('Nobody') ? 'other' : command;
    expect(text).toContain(`topicmirror_callbacks_total{command="${label}",outcome=`);
  });

  it.each([
    ['null', 'null'],
    ['an array', '[]'],
    ['a text', '"{}"'],
    ['a number', '1'],
    ['no JSON', '{"CallbackCommand":'],
    ['two documents', '{}{}'],
  ])('answers 400 in the three keys when the body is %s', async (_name, text) => {
    const answer = await mirror.http.post('/').query(callbackQuery(CREATE)).send(text);
    expectFailure(answer, 400);
  });

  it.each([
    ['GroupId is missing', { GroupId: undefined }],
    ['GroupId is empty', { GroupId: '' }],
    ['GroupId is an object', { GroupId: {} }],
    ['GroupId is longer than any id', { GroupId: 'x'.repeat(257) }],
    ['TopicId is missing', { TopicId: undefined }],
    ['TopicId holds U+0000', { TopicId: 'a\0b' }],
    ['TopicId holds half a surrogate pair', { TopicId: 'a\ud800' }],
  ])('answers 400 and keeps nothing when %s', async (name, overrides) => {
    const body = createTopicBody({ GroupId: name, TopicId: 't', ...overrides });
    const answer = await postCallback(mirror.http, body);
    expectFailure(answer, 400);
    expect(answer.body.ErrorInfo).toMatch(/^(GroupId|TopicId) /);
    await mirror.http.get(groupPath(name)).expect(404);
  });

  it('answers 413 in the three keys to a body over 1 MiB, and 200 to one just under it', async () => {
    const body = createTopicBody({ GroupId: 'big', TopicId: 't', Introduction: '' });
    const room = 1024 * 1024 - JSON.stringify(body).length;
    const fits = await postCallback(mirror.http, { ...body, Introduction: 'x'.repeat(room) });
    expect(fits.status).toBe(200);
    const tooBig = await postCallback(mirror.http, { ...body, Introduction: 'x'.repeat(room + 1) });
    expectFailure(tooBig, 413);
  });

  it('answers 415 to a compressed body', async () => {
    const answer = await mirror.http
      .post('/')
      .query(callbackQuery(CREATE))
      .set('content-encoding', 'gzip')
      .send(gzipSync(JSON.stringify(createTopicBody({ GroupId: 'zip' }))));
    expectFailure(answer, 415);
    await mirror.http.get(groupPath('zip')).expect(404);
  });

  it.each([
    ['another app', { SdkAppid: '1400000001' }],
    ['an app id that only begins alike', { SdkAppid: '14000000001' }],
    ['another command than the body', { CallbackCommand: 'Group.CallbackAfterCreateGroup' }],
  ])('refuses a query that names %s', async (name, query) => {
    const body = createTopicBody({ GroupId: name, TopicId: 't' });
    expectFailure(await postCallback(mirror.http, body, query), 403);
    await mirror.http.get(groupPath(name)).expect(404);
  });

  it('refuses a query without SdkAppid, or with two', async () => {
    const body = JSON.stringify(createTopicBody({ GroupId: 'app-ids' }));
    expectFailure(await mirror.http.post('/').send(body), 403);
    const twice = '/?SdkAppid=1400000000&SdkAppid=1400000000';
    expectFailure(await mirror.http.post(twice).send(body), 403);
    await mirror.http.get(groupPath('app-ids')).expect(404);
  });

  it('accepts unknown query parameters', async () => {
    const body = createTopicBody({ GroupId: 'extra', TopicId: 't' });
    await postCallback(mirror.http, body, { token: 'x', constructor: 'y' }).expect(200, OK);
  });
});

describe('receiving signed callbacks', () => {
  let mirror: TestApp;
  const [current, next] = ['current-token', 'next-token'];
  beforeAll(async () => {
    mirror = await startApp({ IM_CALLBACK_TOKENS: `${current},${next}` });
  });
  afterAll(() => mirror.close());

  it.each([current, next])('accepts both tokens of a rotation (%s)', async (token) => {
    const body = createTopicBody({ GroupId: 'rotation', TopicId: token });
    await postCallback(mirror.http, body, signed(token)).expect(200, OK);
    await mirror.http.get(topicPath('rotation', token)).expect(200);
  });

  it('accepts an upper-case Sign', async () => {
    const { Sign, RequestTime } = signed(current);
    const body = createTopicBody({ GroupId: 'upper', TopicId: 't' });
    await postCallback(mirror.http, body, { RequestTime, Sign: Sign.toUpperCase() }).expect(200);
  });

  it.each([
    ['no Sign', () => ({})],
    ['a Sign of another token', () => signed('another')],
    [
      'a Sign of another time',
      () => ({ ...signed(current), RequestTime: signed(current, 1).RequestTime }),
    ],
    ['a short Sign', () => ({ ...signed(current), Sign: 'abc' })],
    ['an empty Sign', () => ({ ...signed(current), Sign: '' })],
    ['a RequestTime of 61 s ago', () => signed(current, Math.floor(Date.now() / 1000) - 62)],
    ['a RequestTime 61 s ahead', () => signed(current, Math.floor(Date.now() / 1000) + 63)],
    ['a RequestTime in another form', () => signed(current, 1e11)],
  ])('refuses %s with one and the same answer', async (name, query) => {
    const body = createTopicBody({ GroupId: name, TopicId: 't' });
    const answer = await postCallback(mirror.http, body, query());
    expectFailure(answer, 403);
    expect(answer.body.ErrorInfo).toBe(
      'callback refused: compare SdkAppid, callback token and clock with the console; the log of the receiver names the cause',
    );
    await mirror.http.get(groupPath(name)).expect(404);
  });

  it('refuses a signature that comes twice', async () => {
    const { Sign, RequestTime } = signed(current);
    const query = `SdkAppid=1400000000&Sign=${Sign}&Sign=${Sign}&RequestTime=${RequestTime}`;
    expectFailure(await mirror.http.post(`/?${query}`).send('{}'), 403);
  });

  it("answers OK to the console's signed probe without SdkAppid, command and body", async () => {
    await mirror.http.post('/').query(signed(current)).expect(200, OK);
    await mirror.http.post('/').query(signed(current)).send('{}').expect(200, OK);
    await mirror.http
      .post('/')
      .query({ ...signed(current), CallbackCommand: CREATE })
      .expect(200, OK);
  });

  it('names the cause in the log, and neither token nor Sign', async () => {
    await postCallback(mirror.http, createTopicBody(), signed('another')).expect(403);
    const refusal = mirror.log.findLast(({ msg }) => msg === 'callback refused');
    expect(refusal).toMatchObject({ reason: 'wrong Sign' });
    const everything = JSON.stringify(mirror.log);
    expect(everything).not.toContain(signed('another').Sign.slice(0, 16));
    expect(everything).not.toContain(current);
  });
});

function expectFailure(answer: { status: number; body: unknown }, status: number): void {
  expect(answer.status).toBe(status);
  expect(answer.body).toEqual({
    ActionStatus: 'FAIL',
    ErrorInfo: expect.stringMatching(/./),
    ErrorCode: expect.any(Number),
  });
  expect(answer.body).not.toMatchObject({ ErrorCode: 0 });
}

/** Node's own client adds no content type, and sends in chunks when no length is given. */
function sendRaw(url: string, chunks: string[]): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: 'POST' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject);
    for (const chunk of chunks) request.write(chunk);
    request.end();
  });
}
