// Many who ask for much and do not read it: what waits for them is bounded, and they are cut off.
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, OK, postCallback } from '../support/callbacks.js';
import { scrape } from '../support/metrics.js';
import { head, openRaw } from '../support/raw.js';
import { until } from '../support/until.js';

jest.setTimeout(120_000);

const MIB = 1024 * 1024;
const MAX_BYTES = 16 * MIB;
const READERS = 12;

let mirror: TestApp;
beforeAll(async () => {
  mirror = await startApp({ ANSWERS_MAX_BYTES: String(MAX_BYTES), ANSWER_SLOW_SECONDS: '3' });
  for (let index = 0; index < 8; index += 1) {
    const more = { TopicId: `t${index}`, Introduction: 'x'.repeat(900 * 1024) };
    await postCallback(mirror.http, createTopicBody({ GroupId: 'g', ...more })).expect(200, OK);
  }
});
afterAll(() => mirror.close());

const held = async () => (await scrape(mirror.http)).sum('topicmirror_answer_bytes');

it('past the bound they are refused, small answers are not, and slow readers are cut', async () => {
  const readers = await Promise.all(
    Array.from({ length: READERS }, async () => {
      const reader = await openRaw(mirror.url);
      reader.socket.pause();
      reader.socket.write(head('GET', '/groups/g/topics?limit=500'));
      return reader;
    }),
  );
  await until(async () => (await held()) > MAX_BYTES - 6 * MIB);
  const refused = await until(async () => {
    const answer = await fetch(`${mirror.url}/groups/g/topics?limit=500`);
    const text = await answer.text();
    return answer.status === 503 && { answer, text };
  });
  expect(refused.answer.headers.get('retry-after')).toBe('5');
  expect(refused.answer.headers.get('content-type')).toContain('application/problem+json');
  expect(refused.answer.headers.get('etag')).toBeNull();
  expect(JSON.parse(refused.text)).toMatchObject({ status: 503, code: 'TOO_MANY_ANSWERS' });
  expect(await held()).toBeLessThanOrEqual(MAX_BYTES);
  expect((await fetch(`${mirror.url}/groups/g`)).status).toBe(200);

  // They have all been answered or cut, though none of them has read or gone.
  await until(async () => (await held()) === 0);
  expect((await fetch(`${mirror.url}/groups/g/topics?limit=500`)).status).toBe(200);
  for (const { socket } of readers) socket.destroy();
});
