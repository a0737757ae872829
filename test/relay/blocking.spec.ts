import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { Backend, type Reply } from '../support/backend.js';
import { createTopicBody, OK, postCallback } from '../support/callbacks.js';
import { scrape } from '../support/metrics.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

const BEFORE = { CallbackCommand: 'Group.CallbackBeforeCreateTopic', GroupId: 'g', Name: 'x' };
const REFUSAL =
  '{"ActionStatus":"OK","ErrorInfo":"refused: the backend did not answer","ErrorCode":1}';

let backend: Backend;
let allowing: TestApp;
let refusing: TestApp;
beforeAll(async () => {
  backend = await Backend.start();
  allowing = await startApp({ RELAY_URL: backend.url });
  refusing = await startApp({ RELAY_URL: backend.url, RELAY_BEFORE: 'refuse' });
});
afterAll(async () => {
  await allowing.close();
  await refusing.close();
  await backend.close();
});
afterEach(() => {
  backend.reply = () => ({});
  backend.received.length = 0;
});

const ask = (mirror: TestApp, body = BEFORE) =>
  postCallback(mirror.http, body).buffer(true).expect(200);

describe('a before callback', () => {
  it.each(['{ "ActionStatus": "OK", "ErrorInfo": "ü", "ErrorCode": 10101, "more": [1] }\n', OK])(
    'gets the verdict of the backend, byte for byte: %s',
    async (body) => {
      backend.reply = () => ({ body });
      expect((await ask(allowing)).text).toBe(body);
      expect((await ask(refusing)).text).toBe(body);
    },
  );

  it.each([
    'Group.CallbackBeforeSendMsg',
    'C2C.CallbackBeforeSendMsg',
    'Sns.CallbackPrevFriendAdd',
    'Made.CallbackBeforeUp',
  ])('is known by its name: %s', async (CallbackCommand) => {
    backend.reply = () => ({ body: '{"ErrorCode":7}' });
    expect((await ask(allowing, { ...BEFORE, CallbackCommand })).text).toBe('{"ErrorCode":7}');
  });

  it('gets its verdict also while the process stops', async () => {
    const stopping = await startApp({ RELAY_URL: backend.url, RELAY_BEFORE: 'refuse' });
    backend.reply = () => ({ body: '{"ErrorCode":7}', delayMs: 500 });
    const asked = ask(stopping).then(({ text }) => text);
    await until(async () => backend.received.length === 1);
    await stopping.close();
    expect(await asked).toBe('{"ErrorCode":7}');
  });

  it.each<[string, Reply]>([
    ['no answer', 'hang'],
    ['an answer that is late', { delayMs: 4_000 }],
    ['another status', { status: 500, body: OK }],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }],
    ['no JSON', { body: '<html>' }],
    ['nothing', { body: '' }],
    ['more than a verdict', { body: `{"x":"${'x'.repeat(1024 * 1024)}"}` }],
  ])('is decided by the settings after %s', async (_what, reply) => {
    backend.reply = () => reply;
    const startedAt = performance.now();
    const [allowed, refused] = await Promise.all([ask(allowing), ask(refusing)]);
    expect(performance.now() - startedAt).toBeLessThan(2_500);
    expect([allowed.text, refused.text]).toEqual([OK, REFUSAL]);
  });

  it('is decided by the settings while nobody listens, at once', async () => {
    await backend.close();
    const startedAt = performance.now();
    const [allowed, refused] = await Promise.all([ask(allowing), ask(refusing)]);
    expect(performance.now() - startedAt).toBeLessThan(1_400);
    expect([allowed.text, refused.text]).toEqual([OK, REFUSAL]);
    await backend.open();
  });

  it('reaches a backend that breaks the connection once, however many are idle', async () => {
    await Promise.all(Array.from({ length: 10 }, () => ask(allowing)));
    backend.received.length = 0;
    backend.reply = () => 'reset';
    expect((await ask(allowing)).text).toBe(OK);
    expect(backend.received).toHaveLength(1);
  });

  it('reaches the backend once, with the id under which the journal has it', async () => {
    await ask(allowing);
    await postCallback(allowing.http, createTopicBody({ GroupId: 'after' })).expect(200, OK);
    await until(() => backend.received.length === 2);
    const rows = await until(async () => {
      const found = await allowing.database.query<{ id: string }>(
        `select id::text as id from callbacks order by id desc limit 2`,
      );
      return found.length === 2 && found.toReversed();
    });
    expect(backend.received.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
  });

  it('is counted by what came of it', async () => {
    const { sum } = await scrape(refusing.http);
    for (const outcome of ['answered', 'timeout', 'rejected', 'unreachable']) {
      expect([outcome, sum('topicmirror_relay_before_total', { outcome })]).toEqual([
        outcome,
        expect.any(Number),
      ]);
      expect(sum('topicmirror_relay_before_total', { outcome })).toBeGreaterThan(0);
    }
  });

  it('is allowed where there is no backend', async () => {
    const alone = await startApp({ RELAY_BEFORE: 'refuse' });
    expect((await ask(alone)).text).toBe(OK);
    await alone.close();
  });
});
