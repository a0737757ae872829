// Requests that are sent before the response to the one before has come: what they would take until their turn has no
// bound, and a connection that breaks before would never give it back.
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, OK, postCallback } from '../support/callbacks.js';
import { scrape } from '../support/metrics.js';
import { head, openRaw } from '../support/raw.js';
import { until } from '../support/until.js';

jest.setTimeout(20_000);

let mirror: TestApp;
/** Waits for a change that does not come. */
let longPoll: string;
beforeAll(async () => {
  mirror = await startApp();
  const topic = { GroupId: 'g', TopicId: 't', Introduction: 'x'.repeat(200 * 1024) };
  await postCallback(mirror.http, createTopicBody(topic)).expect(200, OK);
  const { body } = await mirror.http.get('/changes').expect(200);
  longPoll = head('GET', `/changes?wait=5&after=${body.nextAfter}`);
});
afterAll(() => mirror.close());

/** Sends all at once. */
async function pipeline(...requests: readonly string[]) {
  const connection = await openRaw(mirror.url);
  connection.socket.write(requests.join(''));
  return connection;
}

const held = async (metric: string) => (await scrape(mirror.http)).sum(metric);

it('the first is answered, and the connection ends', async () => {
  const many = Array.from({ length: 500 }, () => head('GET', '/groups/g'));
  const { closed, received } = await pipeline(...many);
  await closed;
  expect(received().match(/HTTP\/1\.1 200/g)).toHaveLength(1);
  expect(received()).toContain('connection: close');
});

it('one that has begun its response ends it whole', async () => {
  const { closed, received } = await pipeline(
    head('GET', '/groups/g/topics'),
    head('GET', '/groups/g'),
  );
  await closed;
  const [, body = ''] = received().split('\r\n\r\n');
  expect(JSON.parse(body)).toMatchObject({ data: [{ topicId: 't' }] });
});

it('requests that follow their responses share a connection', async () => {
  const { socket, received } = await openRaw(mirror.url);
  for (let count = 1; count <= 3; count += 1) {
    socket.write(head('GET', '/groups/g'));
    await until(() => Promise.resolve(received().match(/"destroyedAt"/g)?.length === count));
  }
  expect(socket.destroyed).toBe(false);
  socket.destroy();
});

it.each([
  ['topicmirror_answer_bytes', head('GET', '/groups/g/topics')],
  ['topicmirror_feed_streams', head('GET', '/changes', { accept: 'text/event-stream' })],
])('a connection that breaks leaves nothing in %s', async (metric, behind) => {
  const connection = await pipeline(longPoll, behind);
  await new Promise((resolve) => setTimeout(resolve, 300));
  connection.socket.destroy();
  await until(async () => (await held(metric)) === 0);
});
