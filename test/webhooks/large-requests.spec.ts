// One request that names very much: the others do not notice, and all of it happens.
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { NO_CAUTION } from '../support/caution.js';
import { startApp, type TestApp } from '../support/app.js';
import { type Body, createTopicBody, groupPath, OK, postCallback } from '../support/callbacks.js';
import { scrape } from '../support/metrics.js';
import { watchSteps } from '../support/steps.js';
import { until } from '../support/until.js';
import { TopicsService } from '../../src/topics/write/topics.service.js';

jest.setTimeout(120_000);

const DEADLINE_MS = 2_000;

let mirror: TestApp;
beforeAll(async () => {
  mirror = await startApp();
});
afterAll(() => mirror.close());

const say = (command: string, body: Body) =>
  postCallback(mirror.http, { CallbackCommand: `Group.Callback${command}`, ...body });

async function topicsOf(groupId: string) {
  const [row] = await mirror.database.query<{ live: number; gone: number }>(
    `select count(*) filter (where deleted_at is null)::int as live,
            count(*) filter (where deleted_at is not null)::int as gone
       from topics where group_id = $1`,
    [groupId],
  );
  return row;
}

/** Many topics at once, past the writer: as if they had come over the years. */
async function fill(groupId: string, count: number, custom = 'null::text'): Promise<void> {
  await mirror.database.query(
    `insert into groups (group_id, topic_count, seq) values ($1, $2, 1)`,
    [groupId, count],
  );
  await mirror.database.query(
    `insert into topics (group_id, topic_id, custom_string, updated_at, seq, registers)
     select $1, 't' || lpad(n::text, 6, '0'), ${custom}, now(), 1,
            '{"f":{"customString":[1,0]},"c":[[1600000000000000,1,[0,0]]]}'
       from generate_series(1, $2::int) n`,
    [groupId, count],
  );
}

/** Creates topics one after the other. @returns how long each answer took, in milliseconds. */
async function ask(groupId: string, isOver: (index: number) => boolean): Promise<number[]> {
  const answers: number[] = [];
  for (let index = 0; !isOver(index); index += 1) {
    const began = performance.now();
    const body = createTopicBody({ GroupId: groupId, TopicId: `t${index}` });
    await postCallback(mirror.http, body).expect(200, OK);
    answers.push(performance.now() - began);
  }
  return answers;
}

it('tens of thousands of ids in one request: all are deleted, and the others are answered meanwhile', async () => {
  const ids = Array.from({ length: 30_000 }, (_, index) => index.toString(36).padStart(4, '0'));
  // What an answer takes on this machine now, with nothing large.
  const slowest = Math.max(...(await ask('before', (index) => index === 30)));
  const stopWatch = watchSteps();
  const startedAt = performance.now();
  const over = new AbortController();
  const large = say('AfterTopicDestroyed', { GroupId: 'many', TopicIdList: ids })
    .expect(200, OK)
    .then(() => performance.now() - startedAt);
  const asking = ask('others', () => over.signal.aborted);
  const largeMs = await large;
  await until(async () => (await topicsOf('many'))?.gone === ids.length, 90_000);
  over.abort();
  const answers = await asking;
  // Many times in between, and each within the two seconds of the vendor.
  expect(answers.length).toBeGreaterThan(20);
  const deadline = DEADLINE_MS + slowest + stopWatch().heldUp;
  expect(Math.max(...answers)).toBeLessThan(deadline);
  expect(largeMs).toBeLessThan(deadline);
  await until(async () => {
    const rows = await mirror.database.query(
      `select outcome from callbacks where group_id = 'many'`,
    );
    return rows.length === 1 && rows[0]?.outcome === 'applied';
  });
  const { sum } = await scrape(mirror.http);
  expect(sum('nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(0);
});

it('no step of such a request holds the event loop for long', async () => {
  const ids = Array.from({ length: 110_000 }, (_, index) =>
    `x${index.toString(36)}`.padStart(5, '0'),
  );
  const body = { GroupId: 'steps', TopicIdList: ids.slice(0, 20_000) };
  await say('AfterTopicDestroyed', { GroupId: 'warm', TopicIdList: ids.slice(0, 3_000) });
  const stopWatch = watchSteps();
  await say('AfterTopicDestroyed', body).expect(200, OK);
  await until(async () => (await topicsOf('steps'))?.gone === 20_000, 60_000);
  expect(stopWatch().busiest).toBeLessThan(250);
});

it.each([
  ['AfterGroupDestroyed', { Type: 'Community', Name: 'x' }, { live: 0, gone: 6_000 }],
  [
    'AfterChangeGroupOwner',
    { NewOwner_Account: 'heir', Type: 'Community' },
    { live: 6_000, gone: 0 },
  ],
])('%s of a group of thousands reaches every topic, each once', async (command, more, expected) => {
  await fill(command, 6_000);
  await say(command, { GroupId: command, ...more }).expect(200, OK);
  await until(async () => {
    const rows = await mirror.database.query('select 1 from callbacks where group_id = $1', [
      command,
    ]);
    return rows.length === 1;
  }, 60_000);
  expect(await topicsOf(command)).toEqual(expected);
  const [row] = await mirror.database.query(
    `select count(*)::int as changes, count(distinct topic_id)::int as topics,
            (select topic_count from groups where group_id = $1) as count,
            (select owner_account from groups where group_id = $1) as owner
       from changes where group_id = $1`,
    [command],
  );
  const isOwner = command === 'AfterChangeGroupOwner';
  expect(row).toEqual({
    changes: 6_000,
    topics: 6_000,
    count: expected.live,
    owner: isOwner ? 'heir' : null,
  });
});

it.each([
  ['AfterGroupDestroyed', { Type: 'Community', Name: 'x' }, 't.deleted_at is not null'],
  [
    'AfterChangeGroupOwner',
    { NewOwner_Account: 'heir', Type: 'Community' },
    "t.owner_account = 'heir'",
  ],
])('%s reaches topics that are created while it is applied', async (command, more, isReached) => {
  // The vendor's own id, which never comes back.
  const groupId = `@TGS#_@TGS#${command}`;
  await fill(groupId, 6_000);
  const over = new AbortController();
  const large = say(command, { GroupId: groupId, ...more }).expect(200, OK);
  const creating = (async () => {
    let count = 0;
    for (; !over.signal.aborted; count += 1) {
      // Before, between and behind those that are there.
      const TopicId = `${groupId}@TOPIC#_@TOPIC#${count}`;
      const ids = [TopicId, `t0000${count}x`, `zz${count}`];
      const body = { Owner_Account: undefined, GroupId: groupId, TopicId: ids[count % 3] };
      await postCallback(mirror.http, createTopicBody(body)).expect(200, OK);
    }
    return count;
  })();
  await large;
  await until(async () => {
    const rows = await mirror.database.query(
      'select 1 from callbacks where group_id = $1 and command like $2',
      [groupId, `%${command}`],
    );
    return rows.length === 1;
  }, 60_000);
  over.abort();
  const created = await creating;
  expect(created).toBeGreaterThan(3);
  const [row] = await mirror.database.query(
    `select count(*)::int as topics, (count(*) filter (where ${isReached}))::int as reached,
            (count(*) filter (where t.deleted_at is null))::int - min(g.topic_count) as miscounted
       from topics t join groups g using (group_id) where group_id = $1`,
    [groupId],
  );
  expect(row).toEqual({ topics: 6_000 + created, reached: 6_000 + created, miscounted: 0 });
});

it('an answer of the vendor that a group of thousands is gone reaches every topic', async () => {
  await fill('ended', 6_000);
  await say('AfterGroupInfoChanged', { GroupId: 'ended', Type: 'Community', Name: 'n' });
  const at = Date.now() * 1000;
  const answer = { subject: 'snapshot', groupId: 'ended', at, topics: [] } as const;
  await mirror.app.get(TopicsService).apply({
    changes: [{ ...answer, requestBatch: await committed(), caution: NO_CAUTION, group: null }],
    origin: 'reconcile',
    arrivedAt: at,
    operatorAccount: null,
    platform: null,
  });
  expect(await topicsOf('ended')).toEqual({ live: 0, gone: 6_000 });
  const { body } = await mirror.http.get(groupPath('ended')).expect(200);
  expect(body).toMatchObject({ state: 'destroyed', topicCount: 0 });
});

it('what is large in bytes is read in portions: an owner change over 60 topics of 900 KiB', async () => {
  await fill('heavy', 60, `repeat('x', 900 * 1024)`);
  const before = await committed();
  await say('AfterChangeGroupOwner', {
    GroupId: 'heavy',
    Type: 'Community',
    NewOwner_Account: 'heir',
  }).expect(200, OK);
  await until(async () => {
    const [row] = await mirror.database.query<{ n: number }>(
      `select count(*)::int as n from topics where group_id = 'heavy' and owner_account = 'heir'`,
    );
    return row?.n === 60;
  }, 60_000);
  // 4 MiB at most in each batch.
  expect((await committed()) - before).toBeGreaterThan(60 / 5);
});

async function committed(): Promise<number> {
  const [row] = await mirror.database.query<{ batch: number }>('select batch::int from sequencer');
  return row?.batch ?? 0;
}

it('an answer of the vendor about a group with very many deleted topics is applied', async () => {
  await fill('answered', 6_000);
  await say('AfterGroupInfoChanged', { GroupId: 'answered', Type: 'Community', Name: 'n' });
  const at = Date.now() * 1000;
  const applied = await mirror.app.get(TopicsService).apply({
    changes: [
      {
        subject: 'snapshot',
        groupId: 'answered',
        at,
        requestBatch: await committed(),
        caution: NO_CAUTION,
        group: { name: 'told' },
        topics: [
          { topicId: 't000001', createdAt: null, fields: { name: 'kept' } },
          { topicId: 'new', createdAt: null, fields: { name: 'new' } },
        ],
      },
    ],
    origin: 'reconcile',
    arrivedAt: at,
    operatorAccount: null,
    platform: null,
  });
  expect(applied.outcome).toBe('applied');
  expect(await topicsOf('answered')).toEqual({ live: 2, gone: 5_999 });
  const { body } = await mirror.http.get(groupPath('answered')).expect(200);
  expect(body).toMatchObject({ name: 'told', topicCount: 2 });
});
