import { expect } from '@jest/globals';
import type { TestApp } from './app.js';
import { createTopicBody, groupPath, postCallback } from './callbacks.js';

export const GROUP = '@TGS#_timeline';
export const TOPICS = `${groupPath(GROUP)}/topics`;

/** Makes `count` changes; @returns the last `seq`. */
export async function write(
  mirror: TestApp,
  count: number,
  word: string,
  GroupId = GROUP,
): Promise<number> {
  for (let index = 0; index < count; index += 1) {
    const body = createTopicBody({
      GroupId,
      TopicId: `${word}-${index}`,
      Name: `${word} ${index}`,
    });
    await postCallback(mirror.http, body).expect(200);
  }
  return seqOf(mirror);
}

/** One more change. */
export async function rename({ http }: TestApp, TopicId: string): Promise<void> {
  const fields = { GroupId: GROUP, TopicId, Name: 'renamed', EventTime: Date.now() + 1 };
  const CallbackCommand = 'Group.CallbackAfterTopicInfoChanged';
  await postCallback(http, { ...createTopicBody(fields), CallbackCommand }).expect(200);
}

export async function seqOf({ http }: TestApp): Promise<number> {
  // Nothing is read but where the feed stands.
  const { body } = await http.get('/changes').query({ after: Number.MAX_SAFE_INTEGER }).expect(410);
  return body.latestSeq;
}

/** What a reader holds of the service. */
export interface Held {
  readonly after: number;
  readonly etags: ReadonlyMap<string, string>;
  readonly cursors: ReadonlyMap<string, string>;
}

const LISTS = [
  '/groups?limit=1',
  `${TOPICS}?limit=1`,
  `${TOPICS}?limit=1&sort=-name`,
  '/topics?limit=1',
  '/topics?limit=1&sort=updatedAt',
];
const TAGGED = [groupPath(GROUP), TOPICS, `${TOPICS}/first-0`];

/** Reads all that can be held: there must be topics `first-0` and more, renamed once, and two groups. */
export async function hold(mirror: TestApp): Promise<Held> {
  const etags = new Map<string, string>();
  for (const path of TAGGED) {
    etags.set(path, String((await mirror.http.get(path).expect(200)).headers.etag));
  }
  const cursors = new Map<string, string>();
  for (const path of [...LISTS, `${TOPICS}/first-0/history?limit=1`]) {
    const { nextCursor } = (await mirror.http.get(path).expect(200)).body;
    expect(nextCursor).toEqual(expect.any(String));
    cursors.set(path, nextCursor);
  }
  return { after: await seqOf(mirror), etags, cursors };
}

/** Nothing that a reader holds of another timeline is taken for something of this one. */
export async function expectRefused(mirror: TestApp, { after, etags, cursors }: Held) {
  const feed = await mirror.http.get('/changes').query({ after });
  expect([feed.status, feed.body.code]).toEqual([410, 'CHANGES_GONE']);
  const { latestSeq } = feed.body;
  const stream = await mirror.http
    .get('/changes')
    .set({ accept: 'text/event-stream', 'last-event-id': String(after) });
  expect(stream.status).toBe(410);
  for (const [path, etag] of etags) {
    const { status, headers } = await mirror.http.get(path).set('if-none-match', etag);
    expect([path, status]).toEqual([path, 200]);
    await mirror.http.get(path).set('if-none-match', String(headers.etag)).expect(304);
  }
  for (const [path, cursor] of cursors) {
    const { status, body } = await mirror.http.get(path).query({ cursor });
    expect([path, status, body.code]).toEqual([path, 410, 'CURSOR_GONE']);
  }
  const minSeq = await mirror.http.get(TOPICS).query({ minSeq: after });
  expect([minSeq.status, minSeq.body.code]).toEqual([410, 'SEQ_GONE']);
  // What the refusal says leads on.
  await mirror.http.get(TOPICS).query({ minSeq: latestSeq }).expect(200);
  const next = await write(mirror, 1, `after-${latestSeq}`);
  const { body } = await mirror.http.get('/changes').query({ after: latestSeq }).expect(200);
  expect(body.data.map(({ seq }: { seq: number }) => seq)).toEqual([next]);
}
