import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { runCli } from '../src/cli/run.js';
import {
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../src/simulator/simulator.js';
import { startApp, type TestApp } from './support/app.js';
import { createTopicBody, OK, postCallback } from './support/callbacks.js';
import { createDatabase, type TestDatabase } from './support/database.js';
import { until } from './support/until.js';
import { NO_LIMITS, SECRET_KEY } from './support/vendor.js';
import { differences, settingsFor } from './support/world.js';

const GROUP = '@TGS#_club';
const TOPIC = `${GROUP}@TOPIC#_news`;

let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
  closing = [];
});

describe('backfill', () => {
  it('mirrors an app that existed before, and says what it did', async () => {
    const { simulator, database } = await start(30);
    const done = await cli(database, simulator, 'backfill');
    expect(done).toMatchObject({ code: 0, error: '' });
    expect(done.out).toMatch(
      /groups +30\ntopics +60\ncreated +60\nupdated +0\ndeleted +0\ncalls +32 /,
    );
    expect(await differences({ simulator, app: await mirror(database) })).toEqual([]);
  });

  it('writes nothing with --dry-run', async () => {
    const { simulator, database } = await start(3);
    const { code, out } = await cli(database, simulator, 'backfill', '--dry-run');
    expect(code).toBe(0);
    expect(out).toMatch(/groups +3\ntopics +6\ncreated +6\n[^]*nothing was written/);
    for (const table of ['groups', 'topics', 'changes', 'visits']) {
      expect(await database.query(`select * from ${table}`)).toEqual([]);
    }
  });

  it('goes on where it was killed', async () => {
    const { simulator, database } = await start(120);
    const env = { ...settingsFor(simulator), DATABASE_URL: database.url };
    const child = spawn(process.execPath, ['dist/cli.js', 'backfill'], {
      env: { ...process.env, ...env },
    });
    const asked = (): number => simulator.calls.get_topic ?? 0;
    await until(() => asked() >= 60);
    child.kill('SIGKILL');
    await once(child, 'close');

    const { code, out } = await cli(database, simulator, 'backfill');
    expect(code).toBe(0);
    expect(out).toMatch(/went on with a backfill that had not ended/);
    expect(simulator.calls.get_appid_group_list).toBe(1);
    expect(asked()).toBeLessThan(200);
    expect(await differences({ simulator, app: await mirror(database) })).toEqual([]);
  });

  it('ends with the way out when the vendor refuses', async () => {
    const { simulator, database } = await start(1, { secretKey: 'another' });
    const { code, error } = await cli(database, simulator, 'backfill');
    expect(code).toBe(1);
    expect(error).toMatch(/error 70009.*IM_SECRET_KEY/);
    expect(error).not.toContain(SECRET_KEY);
  });

  it.each(['backfill', 'reconcile'])('asks for what %s needs', async (command) => {
    const database = await createDatabase();
    closing.push(() => database.drop());
    const { code, error } = await cli(database, null, command);
    expect(code).toBe(64);
    expect(error).toBe('set IM_API_HOST and IM_SECRET_KEY first');
  });
});

describe('reconcile', () => {
  it('shows what differs, and with --dry-run leaves it so', async () => {
    const { simulator, database, app } = await clubWithLoss();
    const args = ['reconcile', '--group', GROUP];
    const dry = await cli(database, simulator, ...args, '--dry-run');
    expect(dry.code).toBe(1);
    expect(dry.out).toMatch(
      /^kind +field +mirror +vendor +topic\n[^]*updated +name +"News" +"Old news" /,
    );
    expect(dry.out).toMatch(/1 groups compared, 0 without an answer; 2 topics differ/);
    const twice = await cli(database, simulator, ...args, '--dry-run');
    expect(twice.out).toBe(dry.out);

    const kept = await cli(database, simulator, ...args);
    expect(kept.code).toBe(0);
    expect(kept.out).toMatch(/2 topics repaired/);
    expect(await differences({ simulator, app })).toEqual([]);
    const again = await cli(database, simulator, ...args, '--dry-run');
    expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/^1 groups .*; 0 topics/) });
  });

  it('takes the groups that a callback outdated, or with --all those of app and mirror', async () => {
    const { simulator, database } = await clubWithLoss();
    await cli(database, simulator, 'reconcile');
    const outdated = await cli(database, simulator, 'reconcile');
    expect(outdated.out).toMatch(/^0 groups compared/);
    simulator.vendor.importGroup();
    const gone = simulator.vendor.createGroup().groupId;
    simulator.sendTo();
    await cli(database, simulator, 'reconcile', '--group', gone);
    simulator.vendor.destroyGroup(gone);
    const all = await cli(database, simulator, 'reconcile', '--all');
    expect(all.out).toMatch(/3 groups compared/);
    expect(
      await database.query('select 1 from groups where destroyed_at is not null'),
    ).toHaveLength(1);
  });

  it('tells which groups have no answer to rely on', async () => {
    const { simulator, database } = await start(1);
    simulator.fault('get_topic', { kind: 'partial', code: 10002 });
    const { code, out } = await cli(database, simulator, 'reconcile', '--all');
    expect(code).toBe(1);
    expect(out).toMatch(/not compared, 1 topics came with errors/);
  });
});

describe('doctor', () => {
  it('finds nothing to mend where all is well', async () => {
    const { simulator, database } = await clubWithLoss();
    const { code, out } = await cli(database, simulator, 'doctor');
    expect(code).toBe(0);
    expect(out).toMatch(/ok +PostgreSQL \d+.*\n/);
    expect(out).toMatch(/ok +the REST API answers: 1 communities/);
    expect(out).toMatch(/ok +this clock is [01] s .*vendor's/);
    expect(out).toMatch(/ok +Group.CallbackAfterCreateTopic: 1 in the journal, the last at 20/);
    expect(out).toMatch(/no fault was found$/);
  });

  it('names the switch that is off, and how to turn it on', async () => {
    const { simulator, database, app } = await start(0, {}, 'with an app');
    await postCallback(app.http, createTopicBody({ GroupId: GROUP, TopicId: TOPIC })).expect(
      200,
      OK,
    );
    simulator.vendor.createGroup({ groupId: GROUP });
    await aMoment();
    await cli(database, simulator, 'reconcile', '--group', GROUP);
    const { code, out } = await cli(database, simulator, 'doctor');
    expect(code).toBe(1);
    expect(out).toMatch(
      /FAULT +the reconcile found topics deleted .* the switch "after group disbanded" is probably off\n +-> turn on "after group disbanded"/,
    );
    expect(out).not.toMatch(/"after group created"/);
  });

  it.each([
    [
      'the key is wrong',
      { secretKey: 'another' },
      /FAULT +the REST API refuses: error 70009\n +-> .*IM_SECRET_KEY/,
    ],
    ['nothing ever came', {}, /warning +no callback is in the journal\n +-> set the callback URL/],
  ])('says so when %s', async (_, options, told) => {
    const { simulator, database } = await start(1, options);
    const { out } = await cli(database, simulator, 'doctor');
    expect(out).toMatch(told);
    expect(out).not.toContain(SECRET_KEY);
  });
});

/** An app without the REST API that lost what happened to a topic, and one that was imported. */
async function clubWithLoss() {
  const world = await start(0, {}, 'with an app');
  const { simulator, app } = world;
  simulator.sendTo(app.url);
  simulator.vendor.createGroup({ groupId: GROUP, name: 'Club' });
  simulator.vendor.createTopic(GROUP, { topicId: TOPIC, name: 'News' });
  await simulator.settled();
  simulator.misbehave({ callbacks: { drop: 1 } });
  simulator.vendor.changeTopic(GROUP, TOPIC, { name: 'Old news' });
  simulator.vendor.importTopic(GROUP);
  await aMoment();
  return world;
}

/** What arrived right before a question counts as later than it, since clocks differ a little. */
function aMoment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 300));
}

async function start(
  groups: number,
  options: SimulatorOptions = {},
  kind: 'with an app' | 'alone' = 'alone',
) {
  const simulator = await startSimulator({
    seed: 1,
    secretKey: SECRET_KEY,
    limits: NO_LIMITS,
    ...options,
  });
  closing.push(() => simulator.close());
  for (let group = 0; group < groups; group += 1) {
    const { groupId } = simulator.vendor.importGroup();
    simulator.vendor.importTopic(groupId);
    simulator.vendor.importTopic(groupId, { topicId: `${groupId}@TOPIC#_custom` });
  }
  const database = await createDatabase();
  closing.push(() => database.drop());
  const app = kind === 'with an app' ? await mirror(database) : null;
  return { simulator, database, app: app as TestApp };
}

/** An app that serves a database and asks nobody. */
async function mirror(database: TestDatabase): Promise<TestApp> {
  const app = await startApp({}, database);
  closing.push(() => app.close());
  return app;
}

async function cli(database: TestDatabase, simulator: Simulator | null, ...args: string[]) {
  const out: string[] = [];
  const error: string[] = [];
  const env = { DATABASE_URL: database.url, ...(simulator ? settingsFor(simulator) : {}) };
  const code = await runCli(
    args,
    env,
    (line) => out.push(line),
    (line) => error.push(line),
  );
  return { code, out: out.join('\n'), error: error.join('\n') };
}
