// What is refused is refused before its body is read, and what is read has bounds.
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { ApiPort } from '../../src/http/api-port.js';
import { startApp, type TestApp } from '../support/app.js';
import { callbackQuery, createTopicBody, OK, signed, topicPath } from '../support/callbacks.js';
import { scrape } from '../support/metrics.js';
import { head, openRaw, pour } from '../support/raw.js';
import { until } from '../support/until.js';

const TOKEN = 'secret-token-of-the-console';
const MIB = 1024 * 1024;
const QUERY = callbackQuery('Group.CallbackAfterCreateTopic');
const unsignedPath = `/webhooks/im?${new URLSearchParams(QUERY)}`;
const signedPath = () => `/webhooks/im?${new URLSearchParams({ ...QUERY, ...signed(TOKEN) })}`;
const bodyOf = (TopicId: string, more: object = {}) =>
  JSON.stringify(createTopicBody({ GroupId: 'g', TopicId, ...more }));

/** The sockets of the service's side, in the order in which they came. */
function socketsOf({ app }: TestApp): Socket[] {
  const sockets: Socket[] = [];
  app.getHttpServer().on('connection', (socket: Socket) => sockets.push(socket));
  return sockets;
}

describe('with signed callbacks', () => {
  let mirror: TestApp;
  let api: string;
  beforeAll(async () => {
    mirror = await startApp({ IM_CALLBACK_TOKENS: TOKEN, API_PORT: '0' });
    api = (await mirror.app.get(ApiPort).listen()) ?? '';
  });
  afterAll(() => mirror.close());

  it.each(['with a length', 'in chunks'])(
    'an unsigned sender of an endless body %s reads 403, and little of it is read',
    async (form) => {
      const isChunked = form === 'in chunks';
      const sockets = socketsOf(mirror);
      const { socket, received, closed } = await openRaw(mirror.url);
      const size: Record<string, string | number> = isChunked
        ? { 'transfer-encoding': 'chunked' }
        : { 'content-length': MIB };
      socket.write(head('POST', unsignedPath, size));
      pour(socket, isChunked);
      await closed;
      expect(received()).toMatch(/^HTTP\/1\.1 403 /);
      expect(received()).toMatch(/\r\nconnection: close\r\n/i);
      expect(JSON.parse(received().split('\r\n\r\n')[1] ?? '')).toMatchObject({
        ActionStatus: 'FAIL',
        ErrorCode: 403,
      });
      expect(sockets[0]?.bytesRead).toBeLessThan(512 * 1024);
    },
  );

  it('the answer does not wait for the body', async () => {
    for (const [path, status] of [
      [unsignedPath, 403],
      [signedPath(), 413],
      ['/nowhere', 404],
    ] as const) {
      const { received, socket, closed } = await openRaw(mirror.url);
      socket.write(head('POST', path, { 'content-length': MIB + 1 }));
      await closed;
      expect(received()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    }
  });

  it('a body in chunks is cut at 1 MiB', async () => {
    const sockets = socketsOf(mirror);
    const { received, socket, closed } = await openRaw(mirror.url);
    socket.write(head('POST', signedPath(), { 'transfer-encoding': 'chunked' }));
    pour(socket, true);
    await closed;
    expect(received()).toMatch(/^HTTP\/1\.1 413 /);
    expect(sockets[0]?.bytesRead).toBeLessThan(2 * MIB);
  });

  it('who asks whether to send a body is told to only where it is wanted', async () => {
    const body = bodyOf('expected');
    const headers = { expect: '100-continue', 'content-length': body.length, connection: 'close' };
    const refused = await openRaw(mirror.url);
    refused.socket.write(head('POST', unsignedPath, headers));
    await refused.closed;
    expect(refused.received()).toMatch(/^HTTP\/1\.1 403 /);

    const taken = await openRaw(mirror.url);
    taken.socket.write(head('POST', signedPath(), headers));
    await taken.until('HTTP/1.1 100 Continue\r\n\r\n');
    taken.socket.write(body);
    await taken.closed;
    expect(taken.received()).toMatch(/\r\n\r\nHTTP\/1\.1 200 [^]*"ActionStatus":"OK"/);
  });

  it('what was sent behind a refused body is not answered and has no effect', async () => {
    const body = bodyOf('behind');
    const { received, socket, closed } = await openRaw(mirror.url);
    const both = [unsignedPath, signedPath()].map(
      (path) => head('POST', path, { 'content-length': body.length }) + body,
    );
    socket.write(both.join(''));
    await closed;
    expect(received().match(/HTTP\/1\.1/g)).toHaveLength(1);
    const answer = await fetch(api + topicPath('g', 'behind'));
    expect(answer.status).toBe(404);
  });

  it.each([
    ['GET', '/groups', 200],
    ['GET', '/changes?after=0', 200],
    ['POST', '/groups', 4],
    ['OPTIONS', '/groups', 4],
    ['DELETE', '/livez', 4],
    ['POST', '/%zz', 4],
    ['POST', `/${'x'.repeat(13_000)}`, 414],
  ])('the query API reads no body: %s %s', async (method, path, status) => {
    const { received, socket, closed } = await openRaw(api);
    socket.write(head(method, path, { 'content-length': 100 * MIB, expect: '100-continue' }));
    pour(socket);
    await closed;
    expect(received()).toMatch(new RegExp(`^HTTP/1.1 ${status}`));
  });

  it('refusals are logged some a second and counted all', async () => {
    const before = mirror.log.length;
    const count = async () =>
      (await scrape(supertest.agent(api))).sum('topicmirror_callbacks_rejected_total', {
        reason: 'wrong Sign',
      });
    const rejected = await count();
    const wrong = `/?${new URLSearchParams({ ...QUERY, ...signed('another') })}`;
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => fetch(mirror.url + wrong, { method: 'POST', body: '{}' })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([403]));
    expect(await count()).toBe(rejected + 200);
    const lines = () => mirror.log.slice(before).filter(({ msg }) => msg === 'callback refused');
    const told = () =>
      lines().reduce((total, { suppressed }) => total + Number(suppressed ?? 1), 0);
    await until(async () => told() === 200);
    expect(lines().length).toBeLessThan(100);
  });
});

describe('connections', () => {
  let mirror: TestApp;
  beforeAll(
    async () =>
      (mirror = await startApp({
        IM_CALLBACK_TOKENS: TOKEN,
        TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8',
      })),
  );
  afterAll(() => mirror.close());

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['198.51.100.1, 203.0.113.7', '203.0.113.7'],
    ['203.0.113.7, 10.1.2.3', '203.0.113.7'],
    ['203.0.113.7:4711', '203.0.113.7'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['nonsense"}', '127.0.0.1'],
  ])('whose proxy says %j are told as %s', async (forwarded, from) => {
    await mirror.http.post('/').set('x-forwarded-for', forwarded).expect(403);
    expect(mirror.log.findLast(({ msg }) => msg === 'callback refused')).toMatchObject({ from });
  });

  it('that prove nothing are ended for newer ones, the oldest first; one that has proved itself stays', async () => {
    const proven = await openRaw(mirror.url);
    const body = bodyOf('proven');
    const say = () =>
      proven.socket.write(head('POST', signedPath(), { 'content-length': body.length }) + body);
    say();
    await proven.until(OK);
    const oldest = await openRaw(mirror.url);
    const others = [];
    for (let index = 0; index < 1_000; index += 1) others.push(await openRaw(mirror.url));
    await oldest.closed;
    say();
    await until(async () => proven.received().split(OK).length === 3);
    const metrics = await scrape(supertest.agent(mirror.url));
    expect(metrics.sum('topicmirror_connections_dropped_total')).toBeGreaterThanOrEqual(1);
    for (const { socket } of [proven, ...others]) socket.destroy();
  }, 30_000);
});

describe('where callbacks are not signed', () => {
  let mirror: TestApp;
  beforeAll(async () => (mirror = await startApp({ BODIES_MAX_BYTES: String(MIB) })));
  afterAll(() => mirror.close());

  const taken = async () => (await scrape(mirror.http)).sum('topicmirror_body_bytes');
  const post = (body: string) => fetch(mirror.url + unsignedPath, { method: 'POST', body });

  it('large bodies wait for room, small ones do not', async () => {
    const slow = await openRaw(mirror.url);
    slow.socket.write(head('POST', unsignedPath, { 'content-length': MIB }));
    await until(async () => (await taken()) === MIB);

    const startedAt = performance.now();
    const large = bodyOf('large', { Introduction: 'x'.repeat(MIB / 2) });
    const refused = post(large);
    const small = await post(bodyOf('small'));
    expect([small.status, await small.text()]).toEqual([200, OK]);
    // The large one is answered after 2.2 s.
    expect(performance.now() - startedAt).toBeLessThan(2_100);
    // Only a time-out is ever retried.
    expect((await refused).status).toBe(503);
    expect(performance.now() - startedAt).toBeGreaterThan(2_000);

    const waiting = post(large);
    const another = post(bodyOf('another', { Introduction: 'x'.repeat(MIB / 2) }));
    setTimeout(() => slow.socket.destroy(), 200);
    expect([(await waiting).status, (await another).status]).toEqual([200, 200]);
    await until(async () => (await taken()) === 0);
  });

  it('who goes away while he waits gives his turn to the next', async () => {
    const slow = await openRaw(mirror.url);
    slow.socket.write(head('POST', unsignedPath, { 'content-length': MIB }));
    await until(async () => (await taken()) === MIB);
    const gone = await openRaw(mirror.url);
    gone.socket.write(head('POST', unsignedPath, { 'content-length': MIB }));
    const next = post(bodyOf('next', { Introduction: 'x'.repeat(MIB / 2) }));
    setTimeout(() => gone.socket.destroy(), 100);
    setTimeout(() => slow.socket.destroy(), 300);
    expect((await next).status).toBe(200);
    await until(async () => (await taken()) === 0);
  });
});
