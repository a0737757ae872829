import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { EventSource } from '../support/sse.js';
import { until } from '../support/until.js';
import { createTopicBody, groupPath, postCallback, topicPath } from '../support/callbacks.js';

const TOPIC_KEYS = [
  'groupId',
  'topicId',
  'name',
  'type',
  'ownerAccount',
  'operatorAccount',
  'introduction',
  'notification',
  'faceUrl',
  'customString',
  'muteAllMember',
  'userDefinedDataList',
  'createdAt',
  'updatedAt',
  'deletedAt',
  'seq',
];
const GROUP_KEYS = [
  'groupId',
  'name',
  'type',
  'ownerAccount',
  'state',
  'verifiedAt',
  'staleSince',
  'staleReason',
  'lastCallbackAt',
  'topicCount',
  'seq',
  'destroyedAt',
];

describe('the query API', () => {
  let mirror: TestApp;
  beforeAll(async () => {
    mirror = await startApp();
    await Promise.all(
      Array.from({ length: 25 }, (_, index) =>
        postCallback(
          mirror.http,
          createTopicBody({ GroupId: 'pages', TopicId: `t${String(index).padStart(2, '0')}` }),
        ).expect(200),
      ),
    );
    for (const GroupId of ['a', 'B', 'c']) {
      await postCallback(mirror.http, createTopicBody({ GroupId, TopicId: 't' })).expect(200);
    }
  });
  afterAll(() => mirror.close());

  it('tells a topic with exactly the keys of the contract', async () => {
    const { body } = await mirror.http.get(topicPath('a', 't')).expect(200);
    expect(Object.keys(body)).toEqual(TOPIC_KEYS);
    expect(body.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(body.seq).toEqual(expect.any(Number));
  });

  it('tells a group with exactly the keys of the contract', async () => {
    const { body } = await mirror.http.get(groupPath('a')).expect(200);
    expect(Object.keys(body)).toEqual(GROUP_KEYS);
    expect(body).toMatchObject({
      groupId: 'a',
      type: 'Community',
      ownerAccount: 'leckie',
      state: 'hooked',
      verifiedAt: null,
      topicCount: 1,
      destroyedAt: null,
    });
  });

  it('pages through the topics of a group, each once and in the byte order of ids', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const { body }: { body: TopicsPage } = await mirror.http
        .get(`${groupPath('pages')}/topics`)
        .query({ limit: 7, ...(cursor === null ? {} : { cursor }) })
        .expect(200);
      expect(Object.keys(body)).toEqual(['data', 'nextCursor', 'group']);
      seen.push(...body.data.map(({ topicId }) => topicId));
      cursor = body.nextCursor;
    } while (cursor !== null);
    expect(seen).toHaveLength(25);
    expect(seen).toEqual(seen.toSorted());
  });

  it('ends a list that fits its page exactly with nextCursor null', async () => {
    const path = `${groupPath('pages')}/topics`;
    const { body } = await mirror.http.get(path).query({ limit: 25 }).expect(200);
    expect(body.data).toHaveLength(25);
    expect(body.nextCursor).toBeNull();
  });

  it('pages through the groups in the byte order of ids', async () => {
    const first = await mirror.http.get('/groups').query({ limit: 2 }).expect(200);
    const second = await mirror.http
      .get('/groups')
      .query({ limit: 2, cursor: first.body.nextCursor })
      .expect(200);
    const ids = [...first.body.data, ...second.body.data].map(({ groupId }) => groupId);
    expect(ids).toEqual(['B', 'a', 'c', 'pages']);
    expect(second.body.nextCursor).toBeNull();
  });

  it.each([
    '@TGS#_x@TOPIC#_y',
    'a/b',
    '../..',
    'a%2Fb',
    'a b+c',
    `"quote'`,
    '?q=1&r',
    '~!@#$%^&*()',
  ])('finds ids of any printable ASCII: %s', async (id) => {
    await postCallback(mirror.http, createTopicBody({ GroupId: id, TopicId: id })).expect(200);
    const { body } = await mirror.http.get(topicPath(id, id)).expect(200);
    expect(body).toMatchObject({ groupId: id, topicId: id });
    const list = await mirror.http.get(`${groupPath(id)}/topics`).expect(200);
    expect(list.body.group.groupId).toBe(id);
  });

  it.each([
    ['a group nobody knows', groupPath('nobody'), 'UNKNOWN_GROUP'],
    ['the topics of a group nobody knows', `${groupPath('nobody')}/topics`, 'UNKNOWN_GROUP'],
    ['a topic nobody knows', topicPath('a', 'nobody'), 'UNKNOWN_TOPIC'],
    ['a topic of a group nobody knows', topicPath('nobody', 't'), 'UNKNOWN_GROUP'],
    ['a path that is not there', '/nothing/here', 'NOT_FOUND'],
  ])('answers 404 as a problem for %s', async (_name, path, code) => {
    const answer = await mirror.http.get(path);
    expectProblem(answer, 404, code);
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=501', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=', 'limit'],
    ['limit=NaN', 'limit'],
    ['limit=99999999999999999999', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['cursor=1&cursor=2', 'cursor'],
    ['offset=3', 'offset'],
    ['__proto__=x', '__proto__'],
    ['constructor=x', 'constructor'],
    ['toString=x', 'toString'],
  ])('answers 400 to %s and names the parameter', async (query, name) => {
    for (const path of ['/groups', `${groupPath('a')}/topics`]) {
      const answer = await mirror.http.get(`${path}?${query}`);
      expectProblem(answer, 400, 'INVALID_PARAMETER');
      expect(answer.body.detail).toContain(name);
    }
  });

  it('lists what is allowed when a parameter is unknown', async () => {
    const { body } = await mirror.http.get('/groups?offset=3').expect(400);
    expect(body.detail).toBe(
      'Unknown parameter "offset"; allowed: cursor, limit, minSeq, q, sort, state.',
    );
  });

  it('names all that is wrong at once', async () => {
    const { body } = await mirror.http
      .get('/groups?offset=3&limit=0&cursor=1&cursor=2&minSeq=x')
      .expect(400);
    for (const problem of [
      'Unknown parameter "offset"; allowed: ',
      'Parameter "limit" must be one whole number from 1 to 500.',
      'Parameter "cursor" must be given once.',
      'Parameter "minSeq" must be one whole number',
    ])
      expect(body.detail).toContain(problem);
  });

  it('refuses a cursor that was made for another list, or by nobody', async () => {
    const path = `${groupPath('pages')}/topics`;
    const { body } = await mirror.http.get(path).query({ limit: 1 });
    const foreign = await mirror.http.get('/groups').query({ cursor: body.nextCursor });
    expectProblem(foreign, 400, 'INVALID_CURSOR');
    for (const cursor of ['x', 'bnVsbA', `${body.nextCursor}A`, '']) {
      expectProblem(await mirror.http.get(path).query({ cursor }), 400, 'INVALID_CURSOR');
    }
  });

  it.each([
    ['/groups/%zz', 400],
    ['/groups/%ff%fe', 400],
    ['/groups/a%00b', 400],
    [`/groups/${'x'.repeat(257)}`, 400],
    [`/groups/${'x'.repeat(5000)}`, 414],
    [`/groups?cursor=${'x'.repeat(13_000)}`, 414],
    ['/groups//topics', 404],
  ])('answers a problem to the path %s', async (path, status) => {
    const answer = await mirror.http.get(path);
    expectProblem(answer, status);
  });

  it.each(['post', 'put', 'patch', 'delete'] as const)('has no %s', async (method) => {
    expectProblem(await mirror.http[method]('/groups'), 405, 'METHOD_NOT_ALLOWED');
  });

  it('is live and ready, and tells of the database', async () => {
    await mirror.http.get('/livez').expect(200, { status: 'live' });
    await mirror.http.get('/readyz').expect(200, { status: 'ready', database: 'up', spooled: 0 });
  });
});

describe('the query API with keys', () => {
  let mirror: TestApp;
  const sha256 = (secret: string) => createHash('sha256').update(secret).digest('hex');
  beforeAll(async () => {
    mirror = await startApp({ API_KEYS: `tools:${sha256('one')}, other:${sha256('two')}` });
  });
  afterAll(() => mirror.close());

  it.each(['one', 'two'])('answers to the key %s', async (secret) => {
    await mirror.http.get('/groups').set('authorization', `Bearer ${secret}`).expect(200);
  });

  it.each([undefined, 'Bearer three', 'Basic one', 'Bearer', 'one', 'Bearer one two'])(
    'answers 401 as a problem to the header %s',
    async (header) => {
      const request = mirror.http.get('/groups');
      const answer = await (header ? request.set('authorization', header) : request);
      expectProblem(answer, 401, 'UNAUTHORIZED');
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    },
  );

  it('names the key in the log, and never its secret', async () => {
    await mirror.http.get('/groups').set('authorization', 'Bearer two').expect(200);
    await until(() => mirror.log.some((line) => line.msg === 'answered' && line.key === 'other'));
    expect(JSON.stringify(mirror.log)).not.toContain('Bearer');
  });

  it('refuses a key in the query, where it would be logged', async () => {
    await mirror.http.get('/groups?api_key=one').set('authorization', 'Bearer one').expect(400);
  });

  it('leaves probes and callbacks open', async () => {
    await mirror.http.get('/livez').expect(200);
    await mirror.http.get('/readyz').expect(200);
    await postCallback(mirror.http, createTopicBody()).expect(200);
  });
});

describe('the query API with a rate for each key', () => {
  let mirror: TestApp;
  const sha256 = (secret: string) => createHash('sha256').update(secret).digest('hex');
  beforeAll(async () => {
    mirror = await startApp({
      API_KEYS: ['one', 'two', 'three', 'four']
        .map((secret) => `key-${secret}:${sha256(secret)}`)
        .join(','),
      API_RATE_LIMIT: '5',
    });
  });
  afterAll(() => mirror.close());

  const ask = (path: string, secret: string) =>
    mirror.http.get(path).set('authorization', `Bearer ${secret}`);

  it('answers 429 to a key that asks too often, and to that key alone', async () => {
    for (const path of ['/groups', '/topics', '/changes', '/groups', '/topics']) {
      await ask(path, 'one').expect(200);
    }
    for (const path of ['/groups', '/topics', '/changes']) {
      const answer = await ask(path, 'one');
      expectProblem(answer, 429, 'RATE_LIMITED');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    await ask('/groups', 'two').expect(200);
    await ask('/groups', 'wrong').expect(401);
    await postCallback(mirror.http, createTopicBody()).expect(200);
    expect(mirror.log.filter(({ msg }) => msg === 'a key exceeds its rate')).toHaveLength(1);
  });

  it.each([
    ['three', -3_600_000],
    ['four', 3_600_000],
  ])('keeps the minute of key %s when the clock is set by %i ms', async (secret, offsetMs) => {
    for (let count = 0; count < 5; count += 1) await ask('/groups', secret).expect(200);
    const real = Date.now;
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => real() + offsetMs);
    try {
      const answer = await ask('/groups', secret);
      expectProblem(answer, 429, 'RATE_LIMITED');
      expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60);
    } finally {
      clock.mockRestore();
    }
  });
});

describe('the headers of an answer', () => {
  let mirror: TestApp;
  const origin = 'https://tools.example.com';
  beforeAll(async () => {
    mirror = await startApp({ CORS_ORIGINS: origin });
  });
  afterAll(() => mirror.close());

  it.each(['/groups', '/groups/nobody', '/nothing', '/livez'])(
    'keep a browser from guessing and from framing: %s',
    async (path) => {
      const { headers } = await mirror.http.get(path);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      });
    },
  );

  it('open the query API to the pages of the origins that are set', async () => {
    const ours = await mirror.http.get('/groups').set('origin', origin).expect(200);
    expect(ours.headers['access-control-allow-origin']).toBe(origin);
    const preflight = await mirror.http
      .options('/groups')
      .set({ origin, 'access-control-request-method': 'GET' });
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET',
    });
    const other = await mirror.http.get('/groups').set('origin', 'https://evil.example');
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('say nothing of other origins unless they are set', async () => {
    const plain = await startApp();
    const asked = await plain.http.get('/groups').set('origin', origin);
    const preflight = await plain.http
      .options('/groups')
      .set({ origin, 'access-control-request-method': 'GET' });
    await plain.close();
    expect(asked.headers['access-control-allow-origin']).toBeUndefined();
    expect(preflight.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('come with a stream too', async () => {
    const source = await EventSource.open(`${mirror.url}/changes`, { origin });
    source.close();
    expect(source.response.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'access-control-allow-origin': origin,
    });
  });
});

interface TopicsPage {
  data: { topicId: string }[];
  nextCursor: string | null;
}

interface Answer {
  status: number;
  body: Record<string, unknown>;
  headers: Record<string, string>;
}

function expectProblem({ status, body, headers }: Answer, expected: number, code?: string): void {
  expect(status).toBe(expected);
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(body.code).toMatch(code ?? /^[A-Z_]+$/);
  expect(body).toEqual({
    type: expect.stringMatching(/^urn:topic-mirror:problem:[a-z-]+$/),
    title: expect.any(String),
    status: expected,
    code: body.code,
    detail: expect.any(String),
    requestId: headers['x-request-id'],
  });
}
