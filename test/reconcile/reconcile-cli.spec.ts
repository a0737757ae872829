import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, jest } from '@jest/globals';
import { runCli } from '../../src/cli/run.js';
import type { RestFault } from '../../tools/simulator/mischief.js';
import {
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../../tools/simulator/simulator.js';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, OK, postCallback } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { NO_LIMITS, SECRET_KEY } from '../support/vendor.js';
import { differences, settingsFor } from '../support/world.js';

const GROUP = '@TGS#_club';
const TOPIC = `${GROUP}@TOPIC#_news`;

// Processes are started and killed, on machines that may be busy.
jest.setTimeout(60_000);

// Much of the time is spent waiting for other processes, so that several worlds turn at once.

describe('backfill', () => {
  it.concurrent('mirrors an app that existed before, and says what it did', async () => {
    await using world = await start(30);
    const { simulator, database, serve } = world;
    const done = await cli(database, simulator, 'backfill');
    // What is logged goes to whichever command began last.
    expect(done.code).toBe(0);
    expect(done.out).toMatch(
      /groups +30\ntopics +60\ncreated +60\nupdated +0\ndeleted +0\ncalls +32 /,
    );
    expect(await differences({ simulator, app: await serve() })).toEqual([]);
  });

  it.concurrent('writes nothing with --dry-run', async () => {
    await using world = await start(3);
    const { simulator, database } = world;
    const { code, out } = await cli(database, simulator, 'backfill', '--dry-run');
    expect(code).toBe(0);
    expect(out).toMatch(/groups +3\ntopics +6\ncreated +6\n[^]*nothing was written/);
    for (const table of ['groups', 'topics', 'changes', 'reconcile_queue']) {
      expect(await database.query(`select * from ${table}`)).toEqual([]);
    }
  });

  it.concurrent('goes on where it was killed', async () => {
    await using world = await start(120);
    const { simulator, database, serve } = world;
    const env = { ...settingsFor(simulator), DATABASE_URL: database.url };
    // One group has no answer, so that it cannot end before it is killed.
    const held = simulator.hold('get_topic');
    const child = spawn(process.execPath, ['dist/cli.js', 'backfill'], {
      env: { ...process.env, ...env },
    });
    await until(() => (simulator.calls.get_topic ?? 0) > 0);
    await until(async () => (await finished(database)).length >= 30);
    child.kill('SIGKILL');
    await once(child, 'close');
    held.release();
    const before = await finished(database);

    const { code, out } = await cli(database, simulator, 'backfill');
    expect(code).toBe(0);
    expect(out).toMatch(/resumed an interrupted backfill/);
    expect(simulator.calls.get_appid_group_list).toBe(1);
    const after = await finished(database);
    expect(after).toHaveLength(120);
    expect(after).toEqual(expect.arrayContaining(before));
    expect(await differences({ simulator, app: await serve() })).toEqual([]);
  });

  it.concurrent('ends with the way out when the vendor refuses', async () => {
    await using world = await start(1, { secretKey: 'another' });
    const { simulator, database } = world;
    const { code, error } = await cli(database, simulator, 'backfill');
    expect(code).toBe(1);
    expect(error).toMatch(/error 70009.*IM_SECRET_KEY/);
    expect(error).not.toContain(SECRET_KEY);
  });

  it.concurrent.each(['backfill', 'reconcile'])('asks for what %s needs', async (command) => {
    const database = await createDatabase();
    const { code, error } = await cli(database, null, command);
    await database.drop();
    expect(code).toBe(78);
    expect(error.split('\n').at(-1)).toBe('set IM_API_HOST and IM_SECRET_KEY first');
  });
});

describe('reconcile', () => {
  it.concurrent('shows what differs, and with --dry-run leaves it so', async () => {
    await using world = await clubWithLoss();
    const { simulator, database, serve } = world;
    const args = ['reconcile', '--group', GROUP];
    const dry = await cli(database, simulator, ...args, '--dry-run');
    expect(dry.code).toBe(1);
    expect(dry.out).toMatch(
      /^ +field +mirror +vendor\n@TGS#_\S+\n[^]* {2}updated @TGS#\S+\n[^]*name +"News" +"Old news"\n/,
    );
    expect(dry.out).toMatch(
      /\n1 group compared, 0 without a usable answer; 2 topics with differences, nothing was written$/,
    );
    for (const line of dry.out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    const twice = await cli(database, simulator, ...args, '--dry-run');
    expect(twice.out).toBe(dry.out);

    const kept = await cli(database, simulator, ...args);
    expect(kept.code).toBe(0);
    expect(kept.out).toMatch(/2 topics repaired/);
    expect(await differences({ simulator, app: await serve() })).toEqual([]);
    const again = await cli(database, simulator, ...args, '--dry-run');
    expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/^1 group .*; 0 topics/) });
  });

  it.concurrent('takes the stale groups, or with --all those of app and mirror', async () => {
    await using world = await clubWithLoss();
    const { simulator, database } = world;
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

  it.concurrent.each<[string, RestFault]>([
    ['without Next', { kind: 'no next' }],
    ['without a list', { kind: 'no list' }],
    ['with null for a list', { kind: 'no list', asNull: true }],
  ])('goes on with the groups it knows after a list of groups %s', async (_, fault) => {
    await using world = await start(3);
    const { simulator, database } = world;
    await cli(database, simulator, 'backfill');
    simulator.fault('get_appid_group_list', fault);
    const { code, out } = await cli(database, simulator, 'reconcile', '--all');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^3 groups compared/) });
  });

  it.concurrent('says that neither the vendor nor the mirror knows a group', async () => {
    await using world = await start(0);
    const { simulator, database } = world;
    const { code, out } = await cli(database, simulator, 'reconcile', '--group', '@TGS#_nobody');
    expect({ code, out }).toEqual({
      code: 1,
      out: expect.stringMatching(/^@TGS#_nobody: neither the vendor nor the mirror knows it\n/),
    });
  });

  it.concurrent(
    'repairs the topics of a group that is gone once, and finds nothing afterwards',
    async () => {
      await using world = await start(1);
      const { simulator, database, serve } = world;
      const app = await serve();
      await cli(database, simulator, 'backfill');
      const [groupId = ''] = simulator.vendor.groups.keys();
      simulator.vendor.destroyGroup(groupId);
      const args = ['reconcile', '--group', groupId];
      expect((await cli(database, simulator, ...args)).out).toMatch(/2 topics repaired/);
      const { body: told } = await app.http.get('/changes?after=0');
      const dry = await cli(database, simulator, ...args, '--dry-run');
      expect(dry).toMatchObject({ code: 0, out: expect.stringMatching(/^1 group .*; 0 topics/) });
      expect((await cli(database, simulator, ...args)).out).toMatch(/0 topics repaired/);
      expect((await app.http.get('/changes?after=0')).body).toEqual(told);
    },
  );

  it.concurrent('tells which groups have no answer to rely on', async () => {
    await using world = await start(1);
    const { simulator, database } = world;
    simulator.fault('get_topic', { kind: 'partial', code: 10002 });
    const { code, out } = await cli(database, simulator, 'reconcile', '--all');
    expect(code).toBe(1);
    expect(out).toMatch(/not compared, 1 topic came with errors/);
  });
});

describe('doctor', () => {
  it.concurrent('finds no fault where all is well', async () => {
    await using world = await clubWithLoss();
    const { simulator, database } = world;
    const { code, out } = await cli(database, simulator, 'doctor');
    expect(code).toBe(0);
    expect(out).toMatch(/ok +PostgreSQL \d+.*\n/);
    expect(out).toMatch(/ok +the REST API answers: 1 communities/);
    expect(out).toMatch(/ok +this clock is [01] s .*vendor's/);
    expect(out).toMatch(/ok +Group.CallbackAfterCreateTopic: 1 in the journal, the last at 20/);
    expect(out).toMatch(/no fault found$/);
  });

  it.concurrent('names the switch that is off, and how to turn it on', async () => {
    await using world = await start(0);
    const { simulator, database, serve } = world;
    const app = await serve();
    await postCallback(app.http, createTopicBody({ GroupId: GROUP, TopicId: TOPIC })).expect(
      200,
      OK,
    );
    simulator.vendor.createGroup({ groupId: GROUP });
    await cli(database, simulator, 'reconcile', '--group', GROUP);
    const { code, out } = await cli(database, simulator, 'doctor');
    expect(code).toBe(1);
    expect(out).toMatch(
      /FAULT +the reconcile found topics deleted .* the switch "after group disbanded" is probably off\n +-> turn on "after group disbanded"/,
    );
    expect(out).not.toMatch(/"after group created"/);
  });

  it.concurrent.each([
    [
      'the key is wrong',
      { secretKey: 'another' },
      /FAULT +the REST API refuses: error 70009\n +-> .*IM_SECRET_KEY/,
    ],
    ['nothing ever came', {}, /warning +no callback is in the journal\n +-> set the callback URL/],
  ])('says so when %s', async (_, options, told) => {
    await using world = await start(1, options);
    const { simulator, database } = world;
    const { out } = await cli(database, simulator, 'doctor');
    expect(out).toMatch(told);
    expect(out).not.toContain(SECRET_KEY);
  });
});

it('doctor does not wait for the attempts of an answer that never comes', async () => {
  await using world = await start(0);
  const { simulator, database } = world;
  const silence: RestFault[] = Array.from({ length: 6 }, () => ({ kind: 'silent' }));
  simulator.fault('get_appid_group_list', ...silence);
  const startedAt = performance.now();
  const { code, out } = await cli(database, simulator, 'doctor');
  // Six attempts of 5 s each.
  expect(performance.now() - startedAt).toBeLessThan(25_000);
  expect(code).toBe(1);
  expect(out).toMatch(/FAULT +the REST API does not answer within 10 s\n +-> compare IM_API_HOST/);
});

describe('doctor without PostgreSQL', () => {
  it.concurrent.each([
    [
      'there is none',
      () => 'postgresql://nobody@127.0.0.1:1/none',
      /FAULT +PostgreSQL: .*ECONNREFUSED.*\n +-> start the server, or correct host and port in DATABASE_URL/,
    ],
    [
      'it has no such database',
      (url: string) => Object.assign(new URL(url), { pathname: '/no_such_database' }).href,
      /FAULT +PostgreSQL: .*"no_such_database" does not exist\n +-> create the database/,
    ],
    [
      'it refuses the role',
      (url: string) => Object.assign(new URL(url), { username: 'nobody_knows' }).href,
      /FAULT +PostgreSQL: .*"nobody_knows".*\n +-> compare user and password in DATABASE_URL/,
    ],
  ])('says so where %s, and looks at all else', async (_what, urlOf, told) => {
    await using world = await start(2);
    const { simulator, database } = world;
    const elsewhere = { url: urlOf(database.url) };
    const { code, out } = await cli(elsewhere, simulator, 'doctor');
    expect(code).toBe(1);
    expect(out).toMatch(told);
    expect(out).toMatch(/ok +settings, for the app 14/);
    expect(out).toMatch(/ok +the REST API answers: 2 communities/);
    expect(out).toMatch(/1 fault found$/);
  });
});

/** An app without the REST API that lost what happened to a topic, and one that was imported. */
async function clubWithLoss(): Promise<CliWorld> {
  const world = await start(0);
  const { simulator, serve } = world;
  simulator.sendTo((await serve()).url);
  simulator.vendor.createGroup({ groupId: GROUP, name: 'Club' });
  simulator.vendor.createTopic(GROUP, { topicId: TOPIC, name: 'News' });
  await simulator.settled();
  simulator.misbehave({ callbacks: { drop: 1 } });
  simulator.vendor.changeTopic(GROUP, TOPIC, { name: 'Old news' });
  simulator.vendor.importTopic(GROUP);
  return world;
}

interface CliWorld extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly database: TestDatabase;
  /** The app that serves the database, and asks nobody. */
  readonly serve: () => Promise<TestApp>;
}

async function start(groups: number, options: SimulatorOptions = {}): Promise<CliWorld> {
  const simulator = await startSimulator({
    seed: 1,
    secretKey: SECRET_KEY,
    limits: NO_LIMITS,
    ...options,
  });
  for (let group = 0; group < groups; group += 1) {
    const { groupId } = simulator.vendor.importGroup();
    simulator.vendor.importTopic(groupId);
    simulator.vendor.importTopic(groupId, { topicId: `${groupId}@TOPIC#_custom` });
  }
  const database = await createDatabase();
  let app: Promise<TestApp> | null = null;
  const close = async (): Promise<void> => {
    await (await app)?.close();
    await database.drop();
    await simulator.close();
  };
  const serve = (): Promise<TestApp> => (app ??= startApp({}, database));
  return { simulator, database, serve, [Symbol.asyncDispose]: close };
}

/** The groups that were asked for, and when. */
function finished(database: TestDatabase) {
  return database.query(
    'select group_id, snapshot_at from reconcile_queue where snapshot_at is not null',
  );
}

async function cli(
  database: Pick<TestDatabase, 'url'>,
  simulator: Simulator | null,
  ...args: string[]
) {
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
