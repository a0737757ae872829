import { describe, expect, it, jest } from '@jest/globals';
import type { RestFault } from '../../tools/simulator/mischief.js';
import type { Simulator, SimulatorOptions } from '../../tools/simulator/simulator.js';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, groupPath, postCallback } from '../support/callbacks.js';
import { NO_LIMITS } from '../support/vendor.js';
import { differencesAfter, settingsFor, startWorld, type World } from '../support/world.js';

const GROUP = '@TGS#_club';
const TOPIC = `${GROUP}@TOPIC#_news`;
const OTHER = `${GROUP}@TOPIC#_talk`;
const PATIENCE_MS = 20_000;
// Old answers are asked for anew after half of it.
const OFTEN = { RECONCILE_WITHIN_SECONDS: '1' };

jest.setTimeout(90_000);

// Most of the time is spent waiting for the walk, so that several worlds turn at once.

describe('the reconcile', () => {
  it.concurrent('finds groups and topics of which no callback told', async () => {
    await using world = await start({}, {}, ({ vendor }) => {
      vendor.importGroup({ groupId: GROUP, name: 'Club', ownerAccount: 'ada' });
      vendor.importTopic(GROUP, { topicId: TOPIC, customString: 'x' });
      vendor.importGroup({ name: 'without topics', supportsTopics: false });
    });
    await expectEqual(world);
    expect(await kindsOf(world, TOPIC)).toEqual(['created']);
    await expectState(world, 'verified');
  });

  it.concurrent('repairs what lost callbacks would have told, for all to see', async () => {
    await using world = await start({}, OFTEN);
    const { vendor } = world.simulator;
    await makeClub(world);
    vendor.createTopic(GROUP, { topicId: OTHER });
    await expectEqual(world);
    world.simulator.misbehave({ callbacks: { drop: 1 } });
    vendor.changeTopic(GROUP, TOPIC, { name: 'Old news', muteAllMember: true });
    vendor.destroyTopics(GROUP, [OTHER]);
    const { topicId } = vendor.createTopic(GROUP, { name: 'New' });
    vendor.changeOwner(GROUP, 'grace');
    await expectEqual(world);
    expect(await repairsOf(world, TOPIC)).toContainEqual({
      kind: 'updated',
      after: expect.objectContaining({ name: 'Old news', muteAllMember: true }),
    });
    expect((await repairsOf(world, OTHER)).at(-1)).toMatchObject({ kind: 'deleted' });
    expect((await repairsOf(world, topicId))[0]).toMatchObject({ kind: 'created' });
    await expectState(world, 'verified');
  });

  it.concurrent('believes that a group is gone when two answers agree', async () => {
    await using world = await start({}, OFTEN);
    await makeClub(world);
    const gone: RestFault = { kind: 'partial', code: 10010 };
    world.simulator.fault('get_group_info', gone, gone);
    await untilCalls(world, 'get_topic', 3);
    expect(await kindsOf(world, TOPIC)).not.toContain('deleted');
    await expectEqual(world);

    world.simulator.misbehave({ callbacks: { drop: 1 } });
    world.simulator.vendor.destroyGroup(GROUP);
    await expectEqual(world);
    await expectState(world, 'destroyed');
    expect((await repairsOf(world, TOPIC)).at(-1)).toMatchObject({ kind: 'deleted' });
  });

  it.concurrent.each<[string, string, RestFault]>([
    ['carries errors', 'get_topic', { kind: 'partial', code: 10002 }],
    ['says that the feature is off', 'get_topic', { kind: 'error', code: 11000 }],
    ['says that the group is gone, and no other does', 'get_topic', { kind: 'error', code: 10010 }],
    ['leaves the group out', 'get_group_info', { kind: 'omitted' }],
    ['leaves the group out of the list', 'get_appid_group_list', { kind: 'omitted' }],
  ])('deletes nothing after an answer that %s', async (_, command, fault) => {
    await using world = await start({}, OFTEN);
    await makeClub(world);
    world.simulator.fault(command, fault, fault);
    await untilCalls(world, command, 3);
    const deleted = await world.app.database.query(`select 1 from changes where kind = 'deleted'`);
    expect(deleted).toEqual([]);
    await expectEqual(world);
  });

  it.concurrent(
    'reads the list of groups again soon after answers that cannot be used',
    async () => {
      await using world = await start({}, OFTEN);
      await makeClub(world);
      const calls = world.simulator.calls.get_appid_group_list ?? 0;
      world.simulator.fault('get_appid_group_list', { kind: 'gone' }, { kind: 'fail' });
      await untilCalls(world, 'get_appid_group_list', calls + 2);
      world.simulator.vendor.importGroup();
      await expectEqual(world);
    },
  );

  it('asks once for a burst of callbacks that name no topic', async () => {
    await using world = await start();
    await makeClub(world);
    const calls = world.simulator.calls.get_topic ?? 0;
    for (let change = 0; change < 20; change += 1) {
      world.simulator.vendor.changeTopic(GROUP, TOPIC, { name: `News ${change}` });
    }
    await world.simulator.settled();
    await expectState(world, 'stale');
    await expectEqual(world);
    await expectState(world, 'verified');
    expect(world.simulator.calls.get_topic).toBe(calls + 1);
  });

  it.concurrent('never deletes a topic that was created while it asked', async () => {
    await using world = await start();
    await makeClub(world);
    const held = world.simulator.hold('get_topic');
    world.simulator.vendor.changeTopic(GROUP, TOPIC, { name: 'makes it ask' });
    await held.arrived;
    world.simulator.vendor.createTopic(GROUP, { topicId: OTHER, name: 'in between' });
    await world.simulator.settled();
    held.release();
    await expectEqual(world);
    expect(await kindsOf(world, OTHER)).toEqual(['created', 'updated']);
  });

  it.concurrent('never sets back what was changed while it asked', async () => {
    await using world = await start({ callbackForm: { namesTopic: 'by TopicId' } });
    await makeClub(world);
    const held = world.simulator.hold('get_topic');
    world.simulator.vendor.changeTopic(GROUP, TOPIC, { name: 'first' });
    await held.arrived;
    world.simulator.vendor.changeTopic(GROUP, TOPIC, { name: 'second' });
    await world.simulator.settled();
    held.release();
    await expectEqual(world);
    const told = await world.app.database.query<{ name: string }>(
      `select after->>'name' as name from changes where topic_id = $1 and after->>'name' is not null
        order by seq`,
      [TOPIC],
    );
    expect(told.map((row) => row.name)).toEqual(['News', 'first', 'second']);
  });

  it.concurrent('shares the queue and the rate of calls over all replicas', async () => {
    const groups = 300;
    // The vendor's 200 calls per second bear either of them alone, but not both.
    const rate = { IM_API_CALLS_PER_SECOND: '120' };
    const { get_topic: _, ...limits } = NO_LIMITS;
    await using world = await start({ limits }, rate, ({ vendor }) => {
      for (let group = 0; group < groups; group += 1) vendor.importGroup();
    });
    const env = { ...settingsFor(world.simulator), ...rate };
    const second = await startApp(env, world.app.database);
    const completed = async (): Promise<number[]> =>
      [await metricsOf(world.app), await metricsOf(second)].map((text) =>
        Number(/visits_total.*"complete"} (\d+)/.exec(text)?.[1] ?? 0),
      );
    await until(async () => (await completed()).reduce((sum, count) => sum + count) >= groups);
    expect(Math.min(...(await completed()))).toBeGreaterThan(0);
    const figures = [await metricsOf(world.app), await metricsOf(second)];
    await second.close();
    // Each at a rate of its own they would be over the vendor's by a fifth; a starved one may catch up.
    const throttled = figures.flatMap(
      (text) => /rest_calls_total.*"throttled"} (\d+)/.exec(text)?.[1] ?? [],
    );
    expect(throttled.reduce((sum, count) => sum + Number(count), 0)).toBeLessThan(groups * 0.1);
    // Twice as many if they did not share; a starved one may lose a group that it held.
    expect(world.simulator.calls.get_topic).toBeLessThan(groups * 1.5);
  });

  it('stops with one alarm when the key is wrong, and lets the mirror live on callbacks', async () => {
    await using world = await start({ secretKey: 'another' });
    await postCallback(world.app.http, createTopicBody({ GroupId: GROUP, TopicId: TOPIC })).expect(
      200,
    );
    await until(() => world.app.log.some(({ level }) => level === 'error'));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const alarms = world.app.log.filter(({ level }) => level === 'error');
    expect(alarms).toHaveLength(1);
    expect(alarms[0]?.msg).toMatch(/reconciliation is paused: .*IM_SECRET_KEY/);
    await expectState(world, 'hooked');
  });
});

describe('without the REST API', () => {
  it('the mirror says once what is missing and lives on callbacks', async () => {
    const app = await startApp();
    await postCallback(app.http, createTopicBody({ GroupId: GROUP, TopicId: TOPIC })).expect(200);
    const { body } = await app.http.get(groupPath(GROUP)).expect(200);
    expect(body.state).toBe('hooked');
    const told = app.log.filter(({ msg }) => /set IM_API_HOST and IM_SECRET_KEY/.test(String(msg)));
    await app.close();
    expect(told).toHaveLength(1);
  });
});

async function start(
  options: SimulatorOptions = {},
  env: Record<string, string> = {},
  before: (simulator: Simulator) => void = () => undefined,
): Promise<World & AsyncDisposable> {
  const world = await startWorld(options, env, before);
  return { ...world, [Symbol.asyncDispose]: () => world.close() };
}

/** A community with one topic, told by callbacks and verified. */
async function makeClub(world: World): Promise<void> {
  const { vendor } = world.simulator;
  vendor.createGroup({ groupId: GROUP, name: 'Club', ownerAccount: 'ada' });
  vendor.createTopic(GROUP, { topicId: TOPIC, name: 'News' });
  await world.simulator.settled();
  await expectState(world, 'verified');
  await expectEqual(world);
}

async function expectEqual(world: World): Promise<void> {
  const { differences } = await differencesAfter(PATIENCE_MS, world);
  expect(differences).toEqual([]);
}

async function expectState(world: World, state: string): Promise<void> {
  let last: unknown;
  await until(async () => {
    last = (await world.app.http.get(groupPath(GROUP))).body.state;
    return last === state;
  }).catch(() => undefined);
  expect(last).toBe(state);
}

/** Waits until the vendor was asked so many times more. */
async function untilCalls({ simulator }: World, command: string, more: number): Promise<void> {
  const before = simulator.calls[command] ?? 0;
  await until(() => (simulator.calls[command] ?? 0) >= before + more);
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const startedAt = performance.now();
  while (!(await isTrue())) {
    if (performance.now() - startedAt > PATIENCE_MS) throw new Error('it did not become true');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function metricsOf({ http }: TestApp): Promise<string> {
  return (await http.get('/metrics').expect(200)).text;
}

interface ChangeRow {
  readonly kind: string;
  readonly after: Record<string, unknown>;
}

function repairsOf({ app }: World, topicId: string): Promise<ChangeRow[]> {
  return app.database.query<ChangeRow>(
    `select kind, after from changes where topic_id = $1 and origin = 'reconcile' order by seq`,
    [topicId],
  );
}

async function kindsOf({ app }: World, topicId: string): Promise<string[]> {
  const rows = await app.database.query<{ kind: string }>(
    'select kind from changes where topic_id = $1 order by seq',
    [topicId],
  );
  return rows.map((row) => row.kind);
}
