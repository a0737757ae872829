// Dates that cannot tell what was later: the order of arrival decides, and the group becomes stale.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { reduce } from '../../src/topics/domain/reducer.js';
import type { Reduced } from '../../src/topics/domain/rows.js';
import { topicState } from '../../src/topics/domain/state.js';
import { callbackId } from '../../src/journal/callback-id.js';
import { readRequest } from '../../src/webhooks/callback-reader.js';
import { startApp, type TestApp } from '../support/app.js';
import {
  type Body,
  callbackQuery,
  groupPath,
  postCallback,
  topicPath,
} from '../support/callbacks.js';

const CREATE = 'Group.CallbackAfterCreateTopic';
const CHANGE = 'Group.CallbackAfterTopicInfoChanged';
const DESTROY = 'Group.CallbackAfterTopicDestroyed';
const CREATE_GROUP = 'Group.CallbackAfterCreateGroup';
const DESTROY_GROUP = 'Group.CallbackAfterGroupDestroyed';

describe('callbacks of one moment', () => {
  let mirror: TestApp;
  let groupId: string;
  let turn = 0;
  /** A whole second of the recent past, in milliseconds. */
  const second = Math.floor(Date.now() / 1000 - 20) * 1000;
  const topicId = 'news';

  beforeAll(async () => {
    mirror = await startApp();
  });
  afterAll(() => mirror.close());

  interface Date {
    /** `EventTime`, or milliseconds after the second; none: `RequestTime` alone tells. */
    readonly event?: number;
    readonly requestTime?: number;
  }

  async function say(command: string, body: Body, { event, requestTime }: Date = {}) {
    const dated = event === undefined ? {} : { EventTime: second + event };
    const said = {
      CallbackCommand: command,
      GroupId: groupId,
      Type: 'Community',
      ...dated,
      ...body,
    };
    const seconds = requestTime ?? second / 1000;
    await postCallback(mirror.http, said, { RequestTime: String(seconds) }).expect(200);
  }
  const newGroup = () => (groupId = `@TGS#_dates-${(turn += 1)}`);
  const topic = async () => (await mirror.http.get(topicPath(groupId, topicId)).expect(200)).body;
  const state = async () => (await mirror.http.get(groupPath(groupId)).expect(200)).body.state;

  it('two names in one second: the last to arrive stays, and the group is stale', async () => {
    for (const names of [
      ['A', 'B'],
      ['B', 'A'],
    ]) {
      newGroup();
      for (const Name of names) await say(CHANGE, { TopicId: topicId, Name });
      expect(await topic()).toMatchObject({ name: names[1] });
      expect(await state()).toBe('stale');
    }
  });

  it('a custom id destroyed and made again in one second lives, and the group is stale', async () => {
    newGroup();
    await say(CREATE, { TopicId: topicId, Name: 'first', Introduction: 'of the first' });
    await say(DESTROY, { TopicIdList: [topicId] });
    await say(CREATE, { TopicId: topicId, Name: 'second' });
    expect(await topic()).toMatchObject({ name: 'second', introduction: null, deletedAt: null });
    expect(await state()).toBe('stale');
  });

  it('an id of the vendor that is created, changed and destroyed in one second is certain', async () => {
    newGroup();
    const made = `${groupId}@TOPIC#_@TOPIC#made`;
    await say(DESTROY, { TopicIdList: [made] });
    await say(CHANGE, { TopicId: made, Name: 'changed' });
    await say(CREATE, { TopicId: made, Name: 'created' });
    const { body } = await mirror.http.get(topicPath(groupId, made)).expect(200);
    expect(body).toMatchObject({ name: 'changed', deletedAt: new Date(second).toISOString() });
    expect(await state()).toBe('hooked');
  });

  it('an older date never wins because another one is less exact', async () => {
    newGroup();
    await say(CHANGE, { TopicId: topicId, Name: 'of .900' }, { event: 900 });
    await say(CHANGE, { TopicId: topicId, Name: 'of the second' });
    expect(await topic()).toMatchObject({ name: 'of the second' });
    expect(await state()).toBe('stale');
    await say(CHANGE, { TopicId: topicId, Name: 'of .200' }, { event: 200 });
    expect(await topic()).toMatchObject({ name: 'of the second' });
  });

  it('a group that ends and comes back is stale, and a topic made in it by a coarser date lives', async () => {
    newGroup();
    await say(CREATE_GROUP, { Name: 'first' }, { event: -5000 });
    await say(DESTROY_GROUP, {}, { event: 200 });
    expect(await state()).toBe('destroyed');
    await say(CREATE_GROUP, { Name: 'again' }, { event: 500 });
    expect(await state()).toBe('stale');
    await say(CREATE, { TopicId: topicId, Name: 'in the second life' });
    expect(await topic()).toMatchObject({ deletedAt: null });
  });

  it('a group that comes back at a later date is stale, whichever arrives first', async () => {
    const end = () => say(DESTROY_GROUP, {}, { event: 100 });
    const comeBack = () => say(CREATE_GROUP, { Name: 'again' }, { event: 700 });
    for (const steps of [
      [end, comeBack],
      [comeBack, end],
    ]) {
      newGroup();
      for (const step of steps) await step();
      expect(await state()).toBe('stale');
    }
  });

  it.each<[string, Date]>([
    ['RequestTime 55 s ahead', { requestTime: Math.floor(Date.now() / 1000) + 55 }],
    ['EventTime 9 min ahead', { event: Date.now() + 540_000 - second }],
    ['EventTime 5 s ahead', { event: Date.now() + 5_000 - second }],
  ])('%s does not win over what is said afterwards', async (_, ahead) => {
    newGroup();
    await say(CHANGE, { TopicId: topicId, Name: 'ahead' }, ahead);
    const now = { event: Date.now() - second, requestTime: Math.ceil(Date.now() / 1000) };
    await new Promise((resolve) => setTimeout(resolve, 5));
    await say(CHANGE, { TopicId: topicId, Name: 'true' }, { ...now, event: Date.now() - second });
    expect(await topic()).toMatchObject({ name: 'true' });
    const { body } = await mirror.http.get(groupPath(groupId));
    expect(Date.parse(body.lastCallbackAt)).toBeLessThanOrEqual(Date.now());
  });

  it('a deletion told twice keeps its first date', async () => {
    newGroup();
    await say(DESTROY, { TopicIdList: [topicId] }, { event: 100 });
    const { deletedAt, seq } = await topic();
    await say(DESTROY, { TopicIdList: [topicId] }, { event: 300 });
    await say(DESTROY_GROUP, {}, { event: 500 });
    expect(await topic()).toMatchObject({ deletedAt, seq });
  });
});

describe('a true history, told with dates of any precision', () => {
  it('is mirrored as it was, in any order and any number of deliveries, or the group is stale', () => {
    const seen = { certain: 0, stale: 0 };
    fc.assert(
      fc.property(told, ({ truth, deliveries }) => {
        const { looks, isStale } = mirrored(deliveries);
        seen[isStale ? 'stale' : 'certain'] += 1;
        expect(isStale ? truth : looks).toEqual(truth);
      }),
      { numRuns: 2_000 },
    );
    // Else it would prove nothing.
    expect(Math.min(seen.certain, seen.stale)).toBeGreaterThan(200);
  });

  it('ends in the same in any two orders that do not leave both groups stale', () => {
    fc.assert(
      fc.property(told, ({ deliveries, others }) => {
        const [one, two] = [mirrored(deliveries), mirrored(others)];
        const mayDiffer = one.isStale && two.isStale;
        expect(mayDiffer ? two.looks : one.looks).toEqual(two.looks);
      }),
      { numRuns: 2_000 },
    );
  });

  it('ends as it was when it arrives in its order', () => {
    fc.assert(
      fc.property(told, ({ truth, inOrder }) => {
        expect(mirrored(inOrder).looks).toEqual(truth);
      }),
      { numRuns: 2_000 },
    );
  });
});

const BASE_MS = 1_700_000_000_000;
const GROUP = '@TGS#_group';
const MADE = `${GROUP}@TOPIC#_@TOPIC#made`;

/** What can be seen of the topics that live. */
type Looks = Readonly<Record<string, { readonly name: unknown; readonly introduction: unknown }>>;

interface Told {
  readonly body: Body;
  readonly query: string;
}

interface Step {
  readonly deed: 'create' | 'rename' | 'introduce' | 'destroy' | 'end' | 'begin';
  readonly topicId: string;
  readonly text: string;
  readonly pauseMs: number;
  readonly isExact: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  deed: fc.constantFrom(
    'create',
    'create',
    'rename',
    'rename',
    'introduce',
    'destroy',
    'end',
    'begin',
  ),
  topicId: fc.constantFrom('custom', MADE),
  text: fc.constantFrom('a', 'b', 'c'),
  // Often in one second, never in one millisecond.
  pauseMs: fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1_000, max: 5_000 })),
  isExact: fc.boolean(),
});

/** A history as the vendor can have it, its truth at the end, and the callbacks about it in some orders. */
const told = fc.array(step, { minLength: 1, maxLength: 10 }).chain((steps) => {
  const { inOrder, truth } = live(steps);
  const order = fc
    .tuple(
      fc.array(fc.nat(Math.max(0, inOrder.length - 1)), { maxLength: 4 }),
      fc.infiniteStream(fc.nat()),
    )
    .map(([repeated, keys]) =>
      [...inOrder.keys(), ...(inOrder.length > 0 ? repeated : [])]
        .map((index) => ({ index, key: keys.next().value ?? 0 }))
        .toSorted((a, b) => a.key - b.key)
        .flatMap(({ index }) => inOrder[index] ?? []),
    );
  return fc.record({
    inOrder: fc.constant(inOrder),
    truth: fc.constant(truth),
    deliveries: order,
    others: order,
  });
});

function live(steps: readonly Step[]): { inOrder: readonly Told[]; truth: Looks } {
  const inOrder: Told[] = [];
  const living: Record<string, { name: unknown; introduction: unknown }> = {};
  const everMade = new Set<string>();
  let isOver = false;
  let at = BASE_MS;
  for (const { deed, topicId, text, pauseMs, isExact } of steps) {
    at += pauseMs;
    const tell = (command: string, body: Body): void => {
      const dated = isExact ? { EventTime: at } : {};
      const query = { RequestTime: String(Math.floor(at / 1000)) };
      inOrder.push({
        body: { CallbackCommand: command, GroupId: GROUP, Type: 'Community', ...dated, ...body },
        query: new URLSearchParams(callbackQuery(command, query)).toString(),
      });
    };
    const topic = living[topicId];
    if (isOver) {
      if (deed !== 'begin') continue;
      isOver = false;
      tell(CREATE_GROUP, { Name: text });
    } else if (deed === 'end') {
      isOver = true;
      for (const id of Object.keys(living)) delete living[id];
      tell(DESTROY_GROUP, {});
    } else if (deed === 'create') {
      if (topic || (topicId === MADE && everMade.has(topicId))) continue;
      everMade.add(topicId);
      living[topicId] = { name: text, introduction: null };
      tell(CREATE, { TopicId: topicId, Name: text });
    } else if (topic) {
      if (deed === 'destroy') {
        delete living[topicId];
        tell(DESTROY, { TopicIdList: [topicId] });
      } else if (deed === 'rename') {
        topic.name = text;
        tell(CHANGE, { TopicId: topicId, Name: text });
      } else if (deed === 'introduce') {
        topic.introduction = text;
        tell(CHANGE, { TopicId: topicId, Introduction: text });
      }
    }
  }
  return { inOrder, truth: living };
}

/** What a mirror that knew nothing makes of these, one after the other. */
function mirrored(deliveries: readonly Told[]): { looks: Looks; isStale: boolean } {
  const sets = deliveries.map(({ body, query }, index) => {
    const arrivedAt = (BASE_MS + 600_000) * 1000 + index;
    const id = callbackId(arrivedAt);
    return readRequest({ id, arrivedAt, query, body: Buffer.from(JSON.stringify(body)) }).set;
  });
  const nothing = { seq: 0, batch: 0, groups: [], topics: [] };
  const { topics, groups }: Reduced = reduce(sets, nothing, new Date());
  const views = topics.map(
    ({ topic, group }) => [topic.topicId, topicState(topic, group)] as const,
  );
  const living = views.filter(([, { deletedAt }]) => deletedAt === null);
  return {
    looks: Object.fromEntries(
      living.map(([id, { name, introduction }]) => [id, { name, introduction }]),
    ),
    isStale: groups.some(({ staleSince }) => staleSince !== null),
  };
}
