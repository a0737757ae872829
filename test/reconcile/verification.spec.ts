// The vendor's answer about a group against callbacks that came before and after the question.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ChangeSet, VendorSnapshot } from '../../src/topics/domain/change.js';
import { type Micros, PRECISION } from '../../src/topics/domain/event-time.js';
import type { TopicFields } from '../../src/topics/domain/fields.js';
import { TopicsService } from '../../src/topics/write/topics.service.js';
import { NO_CAUTION } from '../support/caution.js';
import { startApp, type TestApp } from '../support/app.js';
import { groupPath, topicPath } from '../support/callbacks.js';

let mirror: TestApp;
let topics: TopicsService;
beforeAll(async () => {
  mirror = await startApp();
  topics = mirror.app.get(TopicsService);
});
afterAll(() => mirror.close());

const START = Date.UTC(2026, 0) * 1000;
let turn = 0;
/** A group of its own for each test, whose id the app chose. */
const newGroup = () => `@TGS#_verified-${(turn += 1)}`;

interface Hint {
  readonly kind?: 'created' | 'updated' | 'deleted';
  readonly arrivedAt: Micros;
  /** When it says it happened; with its arrival unless named. */
  readonly at?: Micros;
  readonly precision?: Micros;
  readonly fields?: Partial<TopicFields>;
}

function hear(groupId: string, topicId: string, hint: Hint) {
  const { kind = 'updated', arrivedAt, at = arrivedAt, fields = {} } = hint;
  const { precision = PRECISION.eventTime } = hint;
  return topics.apply({
    changes: [{ subject: 'topic', kind, groupId, topicId, at, precision, fields }],
    origin: 'callback',
    arrivedAt,
    operatorAccount: 'somebody',
    platform: null,
  });
}

/** How many batches were committed: what is read before the vendor is asked. */
async function committed(): Promise<number> {
  const [row] = await mirror.database.query<{ batch: number }>('select batch::int from sequencer');
  return row?.batch ?? 0;
}

async function verify(
  groupId: string,
  at: Micros,
  listed: Readonly<Record<string, Partial<TopicFields>>>,
  {
    group = { name: 'Community' },
    requestBatch,
  }: Partial<Pick<VendorSnapshot, 'group' | 'requestBatch'>> = {},
) {
  const verification: VendorSnapshot = {
    subject: 'snapshot',
    groupId,
    at,
    requestBatch: requestBatch ?? (await committed()),
    caution: NO_CAUTION,
    group,
    topics: Object.entries(listed).map(([topicId, fields]) => ({
      topicId,
      createdAt: null,
      fields,
    })),
  };
  const set: ChangeSet = {
    changes: [verification],
    origin: 'reconcile',
    arrivedAt: at,
    operatorAccount: null,
    platform: null,
  };
  return topics.apply(set);
}

const topic = async (groupId: string, topicId: string) =>
  (await mirror.http.get(topicPath(groupId, topicId)).expect(200)).body;
const group = async (groupId: string) => (await mirror.http.get(groupPath(groupId))).body;
const changes = (groupId: string) =>
  mirror.database.query(
    'select kind, origin, topic_id, before, after from changes where group_id = $1 order by seq',
    [groupId],
  );

it('tells topics nobody heard of, and that the group is as the vendor has it', async () => {
  const id = newGroup();
  await verify(id, START, { a: { name: 'A' }, b: { name: 'B' } });
  expect(await topic(id, 'a')).toMatchObject({ name: 'A', deletedAt: null });
  expect(await group(id)).toMatchObject({
    state: 'verified',
    verifiedAt: new Date(START / 1000).toISOString(),
    name: 'Community',
    topicCount: 2,
  });
  expect(await changes(id)).toMatchObject([
    { kind: 'created', origin: 'reconcile' },
    { kind: 'created', origin: 'reconcile' },
  ]);
});

it('writes no change where nothing differs', async () => {
  const id = newGroup();
  await hear(id, 'a', { kind: 'created', arrivedAt: START, fields: { name: 'A' } });
  const before = await changes(id);
  const { outcome } = await verify(id, START + 10, { a: { name: 'A' } }, { group: {} });
  expect(outcome).toBe('unchanged');
  expect(await changes(id)).toEqual(before);
  expect(await group(id)).toMatchObject({ state: 'verified' });
});

it('wins over callbacks that were committed before the question, whatever their date', async () => {
  const id = newGroup();
  await hear(id, 'a', { arrivedAt: START, at: START + 500, fields: { name: 'wrong' } });
  await hear(id, 'b', { arrivedAt: START, fields: { name: 'gone since' } });
  await hear(id, 'c', { kind: 'deleted', arrivedAt: START });
  await verify(id, START + 10, { a: { name: 'right' }, c: { name: 'still there' } });
  expect(await topic(id, 'a')).toMatchObject({ name: 'right' });
  expect((await topic(id, 'b')).deletedAt).not.toBeNull();
  expect(await topic(id, 'c')).toMatchObject({ name: 'still there', deletedAt: null });
  const repairs = (await changes(id)).slice(3);
  expect(
    repairs.toSorted((a, b) => (String(a.topic_id) < String(b.topic_id) ? -1 : 1)),
  ).toMatchObject([
    { kind: 'updated', topic_id: 'a', before: { name: 'wrong' }, after: { name: 'right' } },
    { kind: 'deleted', topic_id: 'b', origin: 'reconcile' },
    { kind: 'restored', topic_id: 'c', origin: 'reconcile' },
  ]);
});

it('is asked for again when callbacks are committed after it whose date is earlier', async () => {
  const id = newGroup();
  await verify(id, START + 10, { a: { name: 'right' } });
  await hear(id, 'a', { arrivedAt: START, fields: { name: 'late' } });
  await hear(id, 'new', { kind: 'created', arrivedAt: START, fields: { name: 'late' } });
  expect(await group(id)).toMatchObject({ state: 'stale' });
  await verify(id, START + 20, { a: { name: 'right' } });
  expect(await topic(id, 'a')).toMatchObject({ name: 'right', deletedAt: null });
  expect((await topic(id, 'new')).deletedAt).not.toBeNull();
  expect(await group(id)).toMatchObject({ state: 'verified', topicCount: 1 });
});

it.each([
  ['whose clock is right', 11],
  ['whose clock is three seconds behind', -3e6],
])('loses against callbacks that a process took after the question %s', async (_, later) => {
  const id = newGroup();
  await hear(id, 'a', { kind: 'created', arrivedAt: START - 4e6, fields: { name: 'old' } });
  const requestBatch = await committed();
  // These arrive while the answer is on its way.
  await hear(id, 'a', { arrivedAt: START + later, fields: { name: 'new' } });
  const fresh = { arrivedAt: START + later + 1, fields: { name: 'fresh' } };
  await hear(id, 'b', { kind: 'created', ...fresh });
  await verify(id, START + 10, { a: { name: 'old' } }, { requestBatch });
  expect(await topic(id, 'a')).toMatchObject({ name: 'new' });
  expect(await topic(id, 'b')).toMatchObject({ name: 'fresh', deletedAt: null });
  expect(await group(id)).toMatchObject({ state: 'stale', topicCount: 2 });
  await verify(id, START + 20, { a: { name: 'new' }, b: { name: 'fresh' } });
  expect(await group(id)).toMatchObject({ state: 'verified' });
});

it('loses against a callback that only confirms what is known', async () => {
  const id = newGroup();
  const said = { arrivedAt: START, precision: PRECISION.requestTime, fields: { name: 'B' } };
  await hear(id, 'a', said);
  const requestBatch = await committed();
  await hear(id, 'a', { ...said, arrivedAt: START + 11, at: START });
  await verify(id, START + 10, { a: { name: 'A' } }, { requestBatch });
  expect(await topic(id, 'a')).toMatchObject({ name: 'B' });
  expect(await group(id)).toMatchObject({ state: 'stale' });
});

it('loses against the answer to a later question that is known already', async () => {
  const id = newGroup();
  const requestBatch = await committed();
  await hear(id, 'a', { arrivedAt: START, fields: { name: 'old' } });
  await verify(id, START + 20, { a: { name: 'new' }, b: { name: 'B' } });
  const { outcome } = await verify(id, START + 10, { a: { name: 'old' } }, { requestBatch });
  expect(outcome).toBe('unchanged');
  expect(await topic(id, 'a')).toMatchObject({ name: 'new' });
  expect(await topic(id, 'b')).toMatchObject({ deletedAt: null });
  expect(await group(id)).toMatchObject({ state: 'verified' });
});

it('means nothing when it was asked for before the database was set back', async () => {
  const id = newGroup();
  await hear(id, 'a', { arrivedAt: START, fields: { name: 'restored' } });
  const requestBatch = (await committed()) + 5;
  await verify(id, START + 10, { a: { name: 'of another time' } }, { requestBatch });
  expect(await topic(id, 'a')).toMatchObject({ name: 'restored' });
  expect(await group(id)).toMatchObject({ state: 'hooked' });
});

it('is overlaid by what arrives afterwards; a date before the question is a doubt', async () => {
  const id = newGroup();
  await verify(id, START + 10, { a: { name: 'right' } });
  const inTime = { arrivedAt: START + 2e6, at: START + 1e6 };
  await hear(id, 'a', { ...inTime, fields: { name: 'newer' } });
  expect(await topic(id, 'a')).toMatchObject({ name: 'newer' });
  expect(await group(id)).toMatchObject({ state: 'verified' });
  await hear(id, 'a', { arrivedAt: START + 3e6, at: START + 5, fields: { introduction: 'when?' } });
  expect(await topic(id, 'a')).toMatchObject({ introduction: 'when?' });
  expect(await group(id)).toMatchObject({ state: 'stale' });
});

it.each([
  ['by its arrival', { precision: PRECISION.arrival, at: START + 9e6 }],
  ['in the second of the question', { precision: PRECISION.requestTime, at: START }],
])('is asked for again when a callback is dated %s', async (_, date) => {
  const id = newGroup();
  await verify(id, START + 10, { a: { name: 'right' } });
  await hear(id, 'a', { arrivedAt: START + 9e6, ...date, fields: { name: 'newer' } });
  expect(await topic(id, 'a')).toMatchObject({ name: 'newer' });
  expect(await group(id)).toMatchObject({ state: 'stale' });
});

it('is not set back by what is dated long before it', async () => {
  const id = newGroup();
  const old = { arrivedAt: START, fields: { name: 'old', customString: 'untold' } };
  await hear(id, 'a', old);
  await verify(id, START + 9e7, { a: { name: 'right' } });
  await hear(id, 'a', old);
  expect(await topic(id, 'a')).toMatchObject({ name: 'right', customString: 'untold' });
});

it('ends a group that is gone, with its topics, once, and brings it back', async () => {
  const id = newGroup();
  await verify(id, START, { a: { name: 'A' } });
  await verify(id, START + 10, {}, { group: null });
  const gone = await topic(id, 'a');
  expect(await group(id)).toMatchObject({ state: 'destroyed', topicCount: 0 });
  expect(gone.deletedAt).not.toBeNull();
  const told = await changes(id);
  const { outcome, seqs } = await verify(id, START + 5e6, {}, { group: null });
  expect({ outcome, seqs }).toEqual({ outcome: 'unchanged', seqs: null });
  expect(await topic(id, 'a')).toEqual(gone);
  expect(await changes(id)).toEqual(told);
  await verify(id, START + 9e6, { a: { name: 'A' } });
  expect(await group(id)).toMatchObject({ state: 'verified', topicCount: 1 });
  expect((await topic(id, 'a')).deletedAt).toBeNull();
});

it('does not set aside a doubt that came after the question', async () => {
  const id = newGroup();
  const requestBatch = await committed();
  await topics.apply({
    changes: [
      {
        subject: 'group',
        kind: 'unspecific',
        groupId: id,
        at: START + 5,
        precision: 1,
        fields: {},
      },
    ],
    origin: 'callback',
    arrivedAt: START + 5,
    operatorAccount: null,
    platform: null,
  });
  await verify(id, START + 10, {}, { requestBatch });
  expect(await group(id)).toMatchObject({ state: 'stale' });
  await verify(id, START + 20, {});
  expect(await group(id)).toMatchObject({ state: 'verified' });
});
