// Answers of the vendor that are late, or empty by a glitch: what is believed at once, what waits, and for what.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { runCli } from '../../src/cli/run.js';
import { groupPath, topicPath } from '../support/callbacks.js';
import { scrape } from '../support/metrics.js';
import { until } from '../support/until.js';
import { differences, settingsFor, startWorld, type World } from '../support/world.js';

jest.setTimeout(60_000);

const GROUP = '@TGS#_club';
const NEWS = `${GROUP}@TOPIC#_news`;
const TALK = `${GROUP}@TOPIC#_talk`;
const FRESH = `${GROUP}@TOPIC#_fresh`;
const SECOND_LOOK_SECONDS = 3;
const CAUTIOUS = {
  RECONCILE_SECOND_LOOK_SECONDS: String(SECOND_LOOK_SECONDS),
  RECONCILE_DELETIONS_WAIT_SECONDS: '3',
  RECONCILE_DELETIONS_HOUR_PERCENT: '100',
};
const AT_ONCE = { RECONCILE_SECOND_LOOK_SECONDS: '0' };
const PATIENCE_MS = 20_000;

let world: World;
afterEach(() => world.close());

const group = async (groupId = GROUP) => (await world.app.http.get(groupPath(groupId))).body;
const topic = async (topicId: string) => (await world.app.http.get(topicPath(GROUP, topicId))).body;
const isReason = (reason: string) => async () => (await group()).staleReason === reason;
const isState = (state: string) => async () => (await group()).state === state;
const kinds = async () =>
  (
    await world.app.database.query<{ kind: string; origin: string }>(
      'select kind, origin from changes order by seq',
    )
  ).map(({ kind, origin }) => `${kind} by ${origin}`);

/** A community with topics that the mirror has compared. */
async function start(topics: number, env: Record<string, string> = {}): Promise<string[]> {
  world = await startWorld(
    { callbackForm: { namesTopic: 'by TopicId' } },
    { ...CAUTIOUS, ...env },
    ({ vendor }) => vendor.createGroup({ groupId: GROUP, name: 'Club' }),
  );
  const { simulator } = world;
  const ids = Array.from({ length: topics }, (_, index) => {
    return simulator.vendor.createTopic(GROUP, { name: `Topic ${index}` }).topicId;
  });
  await simulator.settled();
  await until(async () => (await group()).topicCount === topics);
  await until(isState('verified'));
  return ids;
}

describe('answers that are older than the callbacks', () => {
  const LAG_MS = 3_000;

  it('take nothing back, and a second look decides', async () => {
    await startLagging('by TopicId');
    const { app, simulator } = world;
    const { verifiedAt, seq } = await group();
    const { vendor } = simulator;
    vendor.createTopic(GROUP, { topicId: FRESH, name: 'Fresh' });
    vendor.changeTopic(GROUP, NEWS, { name: 'Old news' });
    vendor.destroyTopics(GROUP, [TALK]);
    vendor.renameGroup(GROUP, 'Clubs');
    await simulator.settled();
    await until(isReason('contradiction'), PATIENCE_MS);
    const held = await group();
    expect(held).toMatchObject({ state: 'stale', verifiedAt, name: 'Clubs' });
    expect(await topic(FRESH)).toMatchObject({ name: 'Fresh', deletedAt: null });
    expect(await topic(NEWS)).toMatchObject({ name: 'Old news' });
    expect((await topic(TALK)).deletedAt).not.toBeNull();
    await until(isState('verified'), PATIENCE_MS);
    const after = await group();
    expect(Date.parse(after.verifiedAt)).toBeGreaterThan(Date.parse(held.staleSince));
    expect(await differences(world)).toEqual([]);
    // Nobody was told of anything that was not so.
    const repairs = await app.database.query<{ kind: string; after: object }>(
      "select kind, after from changes where origin = 'reconcile' and seq > $1",
      [seq],
    );
    expect(repairs.filter(({ kind }) => kind !== 'updated')).toEqual([]);
    for (const repair of repairs) expect(repair.after).not.toHaveProperty('name');
  });

  it('do not bring a group back that a callback destroyed', async () => {
    await startLagging('by TopicId');
    world.simulator.vendor.destroyGroup(GROUP);
    await world.simulator.settled();
    const looks = () => world.simulator.calls.get_topic ?? 0;
    const before = looks();
    await until(() => looks() >= before + 2, PATIENCE_MS);
    expect(await group()).toMatchObject({ state: 'destroyed', topicCount: 0 });
    expect(await kinds()).not.toContain('restored by reconcile');
  });

  it('are followed by another when a callback did not name what changed', async () => {
    await startLagging('never');
    world.simulator.vendor.changeTopic(GROUP, NEWS, { name: 'Old news' });
    await world.simulator.settled();
    const startedAt = performance.now();
    await until(async () => (await topic(NEWS)).name === 'Old news', PATIENCE_MS);
    expect(performance.now() - startedAt).toBeGreaterThan(LAG_MS / 2);
    await until(isState('verified'), PATIENCE_MS);
  });

  /** What was imported, and every answer as the vendor was three seconds before. */
  async function startLagging(namesTopic: 'by TopicId' | 'never'): Promise<void> {
    world = await startWorld(
      { callbackForm: { namesTopic } },
      { ...CAUTIOUS, RECONCILE_SECOND_LOOK_SECONDS: '4' },
      ({ vendor }) => {
        vendor.importGroup({ groupId: GROUP, name: 'Club' });
        vendor.importTopic(GROUP, { topicId: NEWS, name: 'News' });
        vendor.importTopic(GROUP, { topicId: TALK, name: 'Talk' });
      },
    );
    await until(isState('verified'), PATIENCE_MS);
    world.simulator.misbehave({ rest: { lagMs: LAG_MS, leastLagMs: LAG_MS } });
  }
});

it('one that denies a callback leaves the group stale until a second look decides', async () => {
  const [first = ''] = await start(2);
  const { simulator } = world;
  simulator.vendor.changeTopic(GROUP, first, { name: 'Callback' });
  await simulator.settled();
  // No callback tells of this one, so that the next answer denies what is known.
  simulator.misbehave({ callbacks: { drop: 1 } });
  simulator.vendor.changeTopic(GROUP, first, { name: 'Vendor', customString: 'new' });
  simulator.misbehave({ callbacks: { drop: 0 } });
  const calledAt = Date.now();
  await until(async () => (await group()).staleReason === 'contradiction');
  expect(await group()).toMatchObject({ state: 'stale' });
  expect(Date.parse((await group()).staleSince)).toBeLessThanOrEqual(Date.now());
  // What denies nothing is used.
  expect(await topic(first)).toMatchObject({ name: 'Callback', customString: 'new' });
  await until(isState('verified'), PATIENCE_MS);
  expect(Date.now() - calledAt).toBeGreaterThan((SECOND_LOOK_SECONDS - 2) * 1000);
  expect(await topic(first)).toMatchObject({ name: 'Vendor' });
  expect(await group()).toMatchObject({ staleSince: null, staleReason: null });
});

it.each([
  ['lists nothing', { kind: 'empty' }],
  ['leaves out every second topic', { kind: 'omitted' }],
] as const)('one answer that %s deletes nothing', async (_what, fault) => {
  await start(6, { RECONCILE_WITHIN_SECONDS: '2' });
  const { simulator } = world;
  const before = await kinds();
  simulator.fault('get_topic', fault);
  await until(async () => (await group()).staleReason === 'deletions_held', PATIENCE_MS);
  expect(await group()).toMatchObject({ state: 'stale', topicCount: 6 });
  expect((await scrape(world.app.http)).sum('topicmirror_stale_groups')).toBe(1);
  expect(await doctor()).toMatch(/warning +deletions are held back in @TGS#_club/);
  await until(isState('verified'), PATIENCE_MS);
  expect(await kinds()).toEqual(before);
});

it('one answer, of two calls, that the group is gone destroys nothing', async () => {
  await start(6, { ...AT_ONCE, RECONCILE_WITHIN_SECONDS: '2' });
  const { simulator } = world;
  const before = await kinds();
  simulator.fault('get_group_info', { kind: 'gone' });
  simulator.fault('get_topic', { kind: 'gone' });
  await until(async () => (await group()).staleReason === 'deletions_held', PATIENCE_MS);
  await until(isState('verified'), PATIENCE_MS);
  expect(await kinds()).toEqual(before);
});

it('deletions are carried out when a later answer misses the same', async () => {
  const ids = await start(6, { RECONCILE_WITHIN_SECONDS: '2' });
  const { simulator } = world;
  simulator.misbehave({ callbacks: { drop: 1 } });
  simulator.vendor.destroyTopics(GROUP, ids.slice(1));
  await until(async () => (await group()).staleReason === 'deletions_held', PATIENCE_MS);
  expect((await group()).topicCount).toBe(6);
  await until(isState('verified'), PATIENCE_MS);
  expect((await group()).topicCount).toBe(1);
  simulator.vendor.destroyGroup(GROUP);
  await until(isState('destroyed'), PATIENCE_MS);
});

it('a few deletions of many topics are carried out at once', async () => {
  const [first = ''] = await start(6, { ...AT_ONCE, RECONCILE_DELETIONS_WAIT_SECONDS: '3600' });
  const { simulator } = world;
  simulator.misbehave({ callbacks: { drop: 1 } });
  simulator.vendor.destroyTopics(GROUP, [first]);
  expect((await cli('reconcile', '--group', GROUP)).code).toBe(0);
  expect((await group()).topicCount).toBe(5);
});

it('an operator confirms deletions that are held back', async () => {
  const ids = await start(6, { ...AT_ONCE, RECONCILE_DELETIONS_WAIT_SECONDS: '3600' });
  const { simulator } = world;
  simulator.misbehave({ callbacks: { drop: 1 } });
  simulator.vendor.destroyTopics(GROUP, ids);
  const held = await cli('reconcile', '--group', GROUP);
  expect(held.code).toBe(1);
  expect(held.out).toMatch(
    /@TGS#_club: deletions are held: reconcile again after 20.*, or confirm/,
  );
  const dry = await cli('reconcile', '--group', GROUP, '--dry-run');
  expect(dry).toMatchObject({ code: 1, out: expect.stringMatching(/deletions are held/) });
  expect((await group()).topicCount).toBe(6);
  const confirmed = await cli('reconcile', '--group', GROUP, '--confirm-deletions');
  expect(confirmed.code).toBe(0);
  expect(await group()).toMatchObject({ topicCount: 0, state: 'verified' });
});

it('an hour that has seen too many deletions sees no more until they are confirmed', async () => {
  // Never a third of a group, but far more of all than ten in a hundred.
  const { simulator, groupIds } = await startMany(25, 20);
  simulator.misbehave({ callbacks: { drop: 1 } });
  const destroy = (ids: readonly string[]) => {
    for (const groupId of ids) {
      const topics = [...simulator.vendor.group(groupId).topics.keys()].slice(0, 5);
      simulator.vendor.destroyTopics(groupId, topics);
    }
  };
  destroy(groupIds.slice(0, 20));
  expect((await cli('reconcile', '--all')).code).toBe(0);
  destroy(groupIds.slice(20));
  const held = await cli('reconcile', '--all');
  expect(held.code).toBe(1);
  expect(held.out.match(/deletions are held/g)).toHaveLength(5);
  expect(await doctor()).toMatch(/FAULT +answers of the vendor deleted so much within an hour/);
  expect((await cli('reconcile', '--all', '--confirm-deletions')).code).toBe(0);
  expect(await differences(world)).toEqual([]);
  expect(await doctor()).not.toMatch(/deleted so much|held back/);
});

it('answers that every group is gone delete nothing of 100 groups', async () => {
  const { simulator } = await startMany(100, 5, {
    RECONCILE_WITHIN_SECONDS: '4',
    RECONCILE_DELETIONS_WAIT_SECONDS: '3',
  });
  const before = await kinds();
  const gone = (count: number) => Array.from({ length: count }, () => ({ kind: 'gone' }) as const);
  // One names fifty groups.
  simulator.fault('get_group_info', ...gone(2));
  simulator.fault('get_topic', ...gone(100));
  const seen = async () =>
    (await scrape(world.app.http)).sum('topicmirror_reconcile_visits_total', {
      outcome: 'missing',
    });
  await until(async () => (await seen()) > 25, PATIENCE_MS);
  expect(await differences(world)).toEqual([]);
  await until(async () => {
    const { body } = await world.app.http.get('/groups?limit=500');
    return body.data.every(({ state }: { state: string }) => state === 'verified');
  }, PATIENCE_MS);
  expect(await kinds()).toEqual(before);
});

/** Communities with topics, all of them compared and left alone for a while. */
async function startMany(groups: number, topics: number, env: Record<string, string> = {}) {
  const groupIds: string[] = [];
  world = await startWorld(
    {},
    {
      ...CAUTIOUS,
      RECONCILE_SECOND_LOOK_SECONDS: '1',
      RECONCILE_DELETIONS_WAIT_SECONDS: '3600',
      RECONCILE_DELETIONS_HOUR_PERCENT: '10',
      ...env,
    },
    ({ vendor }) => {
      for (let count = 0; count < groups; count += 1) {
        const { groupId } = vendor.createGroup({ name: `Club ${count}` });
        groupIds.push(groupId);
        for (let index = 0; index < topics; index += 1) vendor.createTopic(groupId);
      }
    },
  );
  const { simulator } = world;
  await until(async () => (await differences(world)).length === 0, PATIENCE_MS);
  return { simulator, groupIds };
}

const doctor = async () => (await cli('doctor')).out;

async function cli(...args: string[]): Promise<{ code: number; out: string }> {
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  const env = {
    ...settingsFor(world.simulator),
    ...CAUTIOUS,
    ...AT_ONCE,
    RECONCILE_DELETIONS_WAIT_SECONDS: '3600',
    RECONCILE_DELETIONS_HOUR_PERCENT: '10',
    DATABASE_URL: world.app.database.url,
  };
  const code = await runCli(args, env, print, print);
  return { code, out: lines.join('\n') };
}
