// A page ends early where it has grown to 4 MiB, and the next goes on without a hole.
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, OK, postCallback } from '../support/callbacks.js';

jest.setTimeout(120_000);

const TOPICS = 40;
const LONG = 500 * 1024;
// The last topic of a page may lie over its end.
const MAX_BYTES = 6 * 1024 * 1024;
const id = (index: number) => `t${String(index).padStart(3, '0')}`;
const ALL = Array.from({ length: TOPICS }, (_, index) => id(index));

let mirror: TestApp;
let firstSeq = 0;
beforeAll(async () => {
  mirror = await startApp();
  const { body } = await mirror.http.get('/changes').query({ after: 0 });
  firstSeq = body.nextAfter;
  for (const TopicId of ALL) {
    const long = {
      Introduction: '\u0001'.repeat(LONG / 6),
      UserDefinedDataList: [{ Key: 'k', Value: 'x'.repeat(LONG) }],
    };
    await postCallback(
      mirror.http,
      createTopicBody({ GroupId: 'g', TopicId, Name: TopicId, ...long }),
    ).expect(200, OK);
  }
  for (let index = 0; index < 12; index += 1) {
    await postCallback(
      mirror.http,
      createTopicBody({
        GroupId: 'g',
        TopicId: id(0),
        Name: id(0),
        Introduction: `${index}`.repeat(LONG),
      }),
    ).expect(200, OK);
  }
});
afterAll(() => mirror.close());

interface Page extends Record<string, unknown> {
  readonly data: Record<string, unknown>[];
}

/** All pages of a list; each must be bounded. */
async function pages(path: string, query: Record<string, string | number>, more = 'nextCursor') {
  const found: Record<string, unknown>[] = [];
  let next: Record<string, string> | null = {};
  let count = 0;
  while (next !== null) {
    const answer: { body: Page; text: string } = await mirror.http
      .get(path)
      .query({ ...query, ...next })
      .expect(200);
    const { body, text } = answer;
    expect(Buffer.byteLength(text)).toBeLessThan(MAX_BYTES);
    found.push(...body.data);
    count += 1;
    const isOver: boolean = body[more] === null || body.data.length === 0;
    next = isOver ? null : { [more === 'nextCursor' ? 'cursor' : 'after']: String(body[more]) };
  }
  return { found, count };
}

it.each([
  ['/groups/g/topics', {}],
  ['/topics', {}],
  ['/groups/g/topics', { sort: '-name' }],
  ['/groups/g/topics', { sort: 'updatedAt' }],
  ['/topics', { q: 't0' }],
  ['/topics', { deleted: 'include' }],
])('%s %p tells every topic once', async (path, query) => {
  const { found, count } = await pages(path, { limit: 500, ...query });
  expect(found.map(({ topicId }) => topicId).toSorted()).toEqual(ALL);
  expect(count).toBeGreaterThan(3);
});

it('a page of fields that are short is not cut', async () => {
  const { count } = await pages('/groups/g/topics', { limit: 500, fields: 'topicId,name' });
  expect(count).toBe(1);
});

it('pages that are asked for at one moment are bounded together', async () => {
  const asked = Array.from({ length: 16 }, (_, index) =>
    mirror.http
      .get('/groups/g/topics')
      .query({ limit: 100 + index })
      .expect(200),
  );
  for (const { body } of await Promise.all(asked)) {
    expect(body.data.length).toBeGreaterThan(0);
    expect(body.nextCursor).not.toBeNull();
  }
});

it('history tells every change once', async () => {
  const { found, count } = await pages(`/groups/g/topics/${id(0)}/history`, { limit: 500 });
  expect(found).toHaveLength(13);
  expect(new Set(found.map(({ seq }) => seq)).size).toBe(13);
  expect(count).toBeGreaterThan(1);
});

it('the feed tells every change once', async () => {
  const query = { limit: 500, after: firstSeq };
  const { found, count } = await pages('/changes', query, 'nextAfter');
  const seqs = found.map(({ seq }) => seq);
  expect(seqs).toHaveLength(TOPICS + 12);
  expect(seqs).toEqual(seqs.toSorted((a, b) => Number(a) - Number(b)));
  expect(count).toBeGreaterThan(3);
});
