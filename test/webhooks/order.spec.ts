// Whatever the order and number of deliveries, and over however many processes: the same topics.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ChangeSet } from '../../src/topics/domain/change.js';
import { TopicsService } from '../../src/topics/write/topics.service.js';
import { readRequest } from '../../src/webhooks/callback-reader.js';
import { callbackId } from '../../src/journal/callback-id.js';
import { startApp, type TestApp } from '../support/app.js';
import { callbackQuery, OK } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import {
  BASE_MS,
  distinctHistory,
  type Event,
  history,
  inGroup,
} from '../support/dated-history.js';

const RUNS = 30;
const HTTP_RUNS = 10;
const TIMEOUT_MS = 60_000;

let database: TestDatabase;
let replicas: TestApp[];
beforeAll(async () => {
  database = await createDatabase();
  replicas = await Promise.all([startApp({}, database), startApp({}, database)]);
});
afterAll(async () => {
  for (const replica of replicas) await replica.close();
  await database.drop();
});

let turn = 0;
async function post(replica: TestApp, body: Event): Promise<void> {
  const query = new URLSearchParams(callbackQuery(body.CallbackCommand));
  const answer = await fetch(`${replica.url}/webhooks/im?${query}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  expect(await answer.text()).toBe(OK);
}

/** All that can be seen of a group and its topics, without what delivery itself decides. */
async function seen(groupId: string): Promise<unknown> {
  const topics = await database.query(
    `select topic_id, name, type, owner_account, operator_account, introduction, notification,
            face_url, custom_string, mute_all_member, user_defined_data_list, created_at, deleted_at
       from topics where group_id = $1 order by topic_id`,
    [groupId],
  );
  const groups = await database.query(
    `select name, type, owner_account, destroyed_at, topic_count from groups where group_id = $1`,
    [groupId],
  );
  return { topics, groups };
}

function changeSet(body: Event): ChangeSet {
  const arrivedAt = Date.now() * 1000 + (turn += 1);
  const request = {
    id: callbackId(arrivedAt),
    arrivedAt,
    query: '',
    body: Buffer.from(JSON.stringify(body)),
  };
  return readRequest(request).set;
}

/**
 * Two groups that were told the same in different orders are alike. Where two events of the history share
 * their date nobody can tell which was the later: then the order of arrival decides, and they may differ,
 * but only if both are stale.
 */
async function expectAlike(a: string, b: string, mayTie: boolean): Promise<void> {
  const stale = await database.query(
    'select 1 from groups where group_id in ($1, $2) and stale_since is not null',
    [a, b],
  );
  if (mayTie && stale.length === 2) return;
  expect(await seen(a)).toEqual(await seen(b));
}

describe.each([
  ['a history with known times', distinctHistory, false],
  ['a history with known times, some of them the same', history, true],
])('%s', (_, arbitrary, mayTie) => {
  it(
    'ends in the same topics in any order and any number of deliveries, over HTTP and two processes',
    async () => {
      await fc.assert(
        fc.asyncProperty(arbitrary, async ({ events, one, two }) => {
          const groups = [`@TGS#_http-a${(turn += 1)}`, `@TGS#_http-b${turn}`];
          const deliver = async (groupId: string, order: readonly number[], apps: TestApp[]) => {
            for (const [step, index] of order.entries()) {
              const replica = apps[step % apps.length];
              const body = events[index];
              if (replica && body) await post(replica, inGroup(body, groupId));
            }
          };
          await Promise.all([
            deliver(groups[0] ?? '', one, replicas.slice(0, 1)),
            deliver(groups[1] ?? '', two, replicas),
          ]);
          await expectAlike(groups[0] ?? '', groups[1] ?? '', mayTie);
        }),
        { numRuns: HTTP_RUNS },
      );
    },
    TIMEOUT_MS,
  );

  it(
    'ends in the same topics when everything arrives at once, over two processes',
    async () => {
      await fc.assert(
        fc.asyncProperty(arbitrary, async ({ events, one, two }) => {
          const [a, b] = [`@TGS#_once-a${(turn += 1)}`, `@TGS#_once-b${turn}`];
          const services = replicas.map(({ app }) => app.get(TopicsService));
          const deliver = (groupId: string, order: readonly number[]) =>
            order.map((index, step) => {
              const body = events[index];
              const service = services[step % services.length];
              return body && service?.apply(changeSet(inGroup(body, groupId)));
            });
          await Promise.all([...deliver(a, one), ...deliver(b, two)]);
          await expectAlike(a, b, mayTie);
        }),
        { numRuns: RUNS },
      );
    },
    TIMEOUT_MS,
  );
});

describe('a history without times', () => {
  it(
    'ends as the order of arrival says',
    async () => {
      await fc.assert(
        fc.asyncProperty(history, async ({ events }) => {
          const [dated, undated] = [`@TGS#_dated${(turn += 1)}`, `@TGS#_undated${turn}`];
          const [replica] = replicas;
          if (!replica) throw new Error('no replica');
          for (const [step, body] of events.entries()) {
            const { EventTime: _, ...rest } = body;
            await post(replica, inGroup(rest as Event, undated));
            // The oracle: the same with times that rise with each step.
            await post(replica, inGroup({ ...body, EventTime: BASE_MS + step }, dated));
          }
          const withoutDates = async (groupId: string) =>
            JSON.parse(
              JSON.stringify(await seen(groupId), (key, value: unknown) =>
                key.endsWith('_at') ? value !== null : value,
              ),
            );
          expect(await withoutDates(undated)).toEqual(await withoutDates(dated));
        }),
        { numRuns: HTTP_RUNS },
      );
    },
    TIMEOUT_MS,
  );
});

it('two processes write one topic at once without losing a field', async () => {
  const groupId = '@TGS#_both';
  const fields = ['Name', 'Introduction', 'Notification', 'FaceUrl', 'CustomString'];
  for (let round = 0; round < 20; round += 1) {
    await Promise.all(
      fields.map((field, index) => {
        const replica = replicas[index % 2];
        const body = { CallbackCommand: 'Group.CallbackAfterTopicInfoChanged', TopicId: 't' };
        return replica && post(replica, inGroup({ ...body, [field]: `${round}` }, groupId));
      }),
    );
    const [row] = await database.query(
      `select name, introduction, notification, face_url, custom_string from topics
        where group_id = $1`,
      [groupId],
    );
    expect(new Set(Object.values(row ?? {}))).toEqual(new Set([`${round}`]));
  }
});

it('seq rises without a hole or a repetition over both processes', async () => {
  const rows = await database.query<{ changes: number; distinct: number; late: number }>(
    `select count(*)::int as changes, count(distinct seq)::int as distinct,
            count(*) filter (where at < previous)::int as late
       from (select seq, at, lag(at) over (order by seq) as previous from changes) c`,
  );
  expect(rows[0]?.changes).toBeGreaterThan(100);
  expect(rows[0]?.distinct).toBe(rows[0]?.changes);
  expect(rows[0]?.late).toBe(0);
});
