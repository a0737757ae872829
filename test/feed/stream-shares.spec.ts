import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { EventSource } from '../support/sse.js';
import { until } from '../support/until.js';

const sha256 = (secret: string) => createHash('sha256').update(secret).digest('hex');

let mirror: TestApp;
beforeAll(async () => {
  mirror = await startApp({
    API_KEYS: `greedy:${sha256('one')},modest:${sha256('two')}`,
    FEED_MAX_STREAMS: '5',
  });
});
afterAll(() => mirror.close());

const authorization = (secret: string) => ({ authorization: `Bearer ${secret}` });
const open = (secret: string) =>
  EventSource.open(`${mirror.url}/changes?after=0`, authorization(secret));

it('one key cannot take the streams of the others', async () => {
  const attempts = await Promise.allSettled(Array.from({ length: 6 }, () => open('one')));
  const streams = attempts.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(streams).toHaveLength(2);
  const refused = await mirror.http
    .get('/changes')
    .set({ ...authorization('one'), accept: 'text/event-stream' });
  expect([refused.status, refused.body.code]).toEqual([429, 'TOO_MANY_STREAMS_OF_KEY']);
  expect(refused.headers['retry-after']).toBe('5');
  streams.push(await open('two'), await open('two'));

  // What a key gives back it may have again.
  streams[0]?.close();
  streams.push(await until(() => open('one').catch(() => null)));
  for (const stream of streams) stream.close();
});
