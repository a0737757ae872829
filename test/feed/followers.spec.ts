import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { callbackQuery, createTopicBody, OK } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type Service, startService } from '../support/process.js';
import { type Change, EventSource } from '../support/sse.js';

const TOPICS_OF_WRITER = 30;
const WRITERS_OF_PROCESS = 4;
// Each topic is created and then renamed.
const TOTAL = 2 * 2 * WRITERS_OF_PROCESS * TOPICS_OF_WRITER;
const LONGEST_VISIT_MS = 80;

type Visit = (url: string, after: number, gone: AbortSignal) => Promise<Change[]>;

const stream: Visit = async (url, after, gone) => {
  const source = await EventSource.open(url, { 'last-event-id': String(after) });
  gone.addEventListener('abort', () => source.close(), { once: true });
  if (gone.aborted) source.close();
  return source.changes(1 + Math.floor(Math.random() * 100));
};

const poll: Visit = async (url, after, signal) => {
  const limit = 1 + Math.floor(Math.random() * 100);
  const answer = await fetch(`${url}?after=${after}&limit=${limit}&wait=5`, { signal });
  const { data }: { data: Change[] } = JSON.parse(await answer.text());
  return data;
};

describe('a follower of the feed who is stopped and started at random', () => {
  let database: TestDatabase;
  let services: Service[];
  let urls: string[];
  beforeAll(async () => {
    database = await createDatabase();
    services = [1, 2].map(() => startService({ DATABASE_URL: database.url }));
    urls = await Promise.all(services.map(({ url }) => url));
  });
  afterAll(async () => {
    for (const { child } of services) child.kill('SIGTERM');
    await Promise.all(services.map(({ ended }) => ended));
    await database.drop();
  });

  it.each([
    ['streams', stream],
    ['polls', poll],
  ])('sees each change once and in order while two processes write: by %s', async (way, visit) => {
    const start = await lastSeq(database);
    const writing = urls.map((url, process) =>
      Promise.all(
        Array.from({ length: WRITERS_OF_PROCESS }, (_, writer) =>
          write(url, `${way}-${process}-${writer}`),
        ),
      ),
    );
    const seen: Change[] = [];
    let visits = 0;
    while (seen.length < TOTAL) {
      const url = `${urls[(visits += 1) % urls.length]}/changes`;
      const gone = new AbortController();
      const timer = setTimeout(() => gone.abort(), Math.random() * LONGEST_VISIT_MS);
      const found = await visit(url, seen.at(-1)?.seq ?? start, gone.signal).catch(
        (error: unknown) => {
          if (gone.signal.aborted) return [];
          throw error;
        },
      );
      clearTimeout(timer);
      seen.push(...found);
    }
    expect((await Promise.all(writing)).flat(2)).toEqual(Array(TOTAL).fill(OK));
    const kept = await database.query<{ seq: number; topicId: string; kind: string }>(
      `select seq::float8 as seq, topic_id as "topicId", kind from changes where seq > ${start} order by seq`,
    );
    expect(seen.map(({ seq, topicId, kind }) => ({ seq, topicId, kind }))).toEqual(kept);
    expect(kept).toHaveLength(TOTAL);
    expect(visits).toBeGreaterThan(10);
  });
});

/** Creates and renames one topic after the other; returns all answers. */
async function write(url: string, GroupId: string): Promise<string[]> {
  const query = new URLSearchParams(callbackQuery('Group.CallbackAfterCreateTopic')).toString();
  const answers: string[] = [];
  for (let index = 0; index < TOPICS_OF_WRITER; index += 1) {
    for (const Name of ['first', 'second']) {
      const answer = await fetch(`${url}/webhooks/im?${query}`, {
        method: 'POST',
        body: JSON.stringify(createTopicBody({ GroupId, TopicId: `t${index}`, Name })),
      });
      answers.push(await answer.text());
    }
  }
  return answers;
}

async function lastSeq(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ seq: number }>('select seq::float8 as seq from sequencer');
  return row?.seq ?? 0;
}
