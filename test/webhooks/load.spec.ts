import { Agent, request } from 'node:http';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { callbackQuery, createTopicBody, OK } from '../support/callbacks.js';

const CALLBACKS = 4_000;
const GROUPS = 200;
const CONNECTIONS = 64;

let mirror: TestApp;
beforeAll(async () => (mirror = await startApp({ LOG_LEVEL: 'warn' })));
afterAll(() => mirror.close());

it('keeps 4,000 callbacks for 200 groups over 64 connections, each sent twice, without loss or duplicate', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const query = new URLSearchParams(callbackQuery('Group.CallbackAfterCreateTopic'));
  const url = `${mirror.url}/webhooks/im?${query}`;
  const answers = new Map<string, number>();
  const post = async (index: number): Promise<void> => {
    const groupId = `@TGS#_load${index % GROUPS}`;
    const body = createTopicBody({ GroupId: groupId, TopicId: `${groupId}@TOPIC#_${index}` });
    for (;;) {
      const answer = await send(url, agent, JSON.stringify(body));
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      // A disk that stood still for two seconds; the vendor sends it again as well.
      if (!answer.startsWith('503 ')) return;
    }
  };
  let next = 0;
  const connection = async (): Promise<void> => {
    for (let turn = next++; turn < CALLBACKS * 2; turn = next++) await post(turn >> 1);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  agent.destroy();

  const accepted = answers.get(`200 ${OK}`);
  expect(accepted).toBe(CALLBACKS * 2);
  const all = [...answers.values()].reduce((sum, count) => sum + count);
  expect(all - CALLBACKS * 2).toBeLessThan(CALLBACKS / 50);
  const [counted] = await mirror.database.query<{ topics: number; groups: number }>(
    `select (select count(*)::int from topics) as topics,
            (select count(*)::int from groups where topic_count = ${CALLBACKS / GROUPS}) as groups`,
  );
  expect(counted).toEqual({ topics: CALLBACKS, groups: GROUPS });
}, 120_000);

function send(url: string, agent: Agent, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (part: string) => (text += part));
      incoming.on('end', () => resolve(`${incoming.statusCode} ${text}`));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
