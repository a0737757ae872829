import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startApp, type TestApp } from '../support/app.js';
import { type Body, createTopicBody, postCallback, topicPath } from '../support/callbacks.js';
import { createDatabase } from '../support/database.js';
import { until } from '../support/until.js';

const GROUP = '@TGS#_@TGS#cHISTORY';
const TOPIC = `${GROUP}@TOPIC#_general`;
const path = topicPath(GROUP, TOPIC);

describe('the history of a topic', () => {
  let mirror: TestApp;
  /** The topic after each callback, as it was told then. */
  const states: Record<string, unknown>[] = [];

  async function tell(body: Body, platform = 'RESTAPI'): Promise<void> {
    const named = { ...body, GroupId: GROUP };
    await postCallback(mirror.http, named, { OptPlatform: platform }).expect(200);
    states.push((await mirror.http.get(path).expect(200)).body);
    // So that each has an instant of its own: they are told in milliseconds.
    await sleep(2);
  }

  beforeAll(async () => {
    mirror = await startApp();
    await tell(createTopicBody({ TopicId: TOPIC, Name: 'first', Operator_Account: 'anna' }));
    const change = { CallbackCommand: 'Group.CallbackAfterTopicInfoChanged', TopicId: TOPIC };
    await tell({ ...change, Name: 'second', Operator_Account: 'ben' }, 'Android');
    await tell({ ...change, Introduction: 'hello', Operator_Account: 'ben' }, 'iOS');
    await tell({ CallbackCommand: 'Group.CallbackAfterTopicDestroyed', TopicIdList: [TOPIC] });
  });
  afterAll(() => mirror.close());

  it('tells who changed what from what to what, newest first', async () => {
    const { body } = await mirror.http.get(`${path}/history`).expect(200);
    expect(body.nextCursor).toBeNull();
    expect(body.data).toMatchObject([
      { kind: 'deleted', before: { deletedAt: null }, after: { deletedAt: states[3]?.deletedAt } },
      {
        kind: 'updated',
        platform: 'iOS',
        operatorAccount: 'ben',
        before: { introduction: null },
        after: { introduction: 'hello' },
      },
      {
        kind: 'updated',
        origin: 'callback',
        platform: 'Android',
        operatorAccount: 'ben',
        before: { name: 'first', operatorAccount: 'anna' },
        after: { name: 'second', operatorAccount: 'ben' },
      },
      { kind: 'created', groupId: GROUP, topicId: TOPIC, before: {}, after: { name: 'first' } },
    ]);
    expect(body.data.map(({ seq, at }: Change) => [seq, at])).toEqual(
      states.toReversed().map(({ seq, updatedAt }) => [seq, updatedAt]),
    );
  });

  it('comes in pages, and refuses the cursor of another topic', async () => {
    const { body: all } = await mirror.http.get(`${path}/history`).expect(200);
    const first = await mirror.http.get(`${path}/history?limit=3`).expect(200);
    const { nextCursor } = first.body;
    const second = await mirror.http.get(`${path}/history`).query({ limit: 1, cursor: nextCursor });
    expect([...first.body.data, ...second.body.data]).toEqual(all.data);
    expect(second.body.nextCursor).toBeNull();
    const other = await mirror.http
      .get(`${topicPath(GROUP, 'other')}/history`)
      .query({ cursor: nextCursor });
    expect([other.status, other.body.code]).toEqual([400, 'INVALID_CURSOR']);
  });

  it('is a 404 for what nobody knows', async () => {
    const topic = await mirror.http.get(`${topicPath(GROUP, 'no')}/history`).expect(404);
    const group = await mirror.http.get(`${topicPath('no', 'no')}/history`).expect(404);
    expect([topic.body.code, group.body.code]).toEqual(['UNKNOWN_TOPIC', 'UNKNOWN_GROUP']);
  });

  it('gives the topic as it was at any time', async () => {
    for (const [index, state] of states.entries()) {
      const at = String(state.updatedAt);
      const { body } = await mirror.http.get(path).query({ asOf: at }).expect(200);
      expect(body).toEqual(state);
      const before = new Date(Date.parse(at) - 1).toISOString();
      const earlier = await mirror.http.get(path).query({ asOf: before });
      expect(index === 0 ? earlier.body.code : earlier.body).toEqual(
        index === 0 ? 'UNKNOWN_TOPIC' : states[index - 1],
      );
    }
  });

  it('never gives an earlier state under the seq of a change that comes meanwhile', async () => {
    const writer = new pg.Client({ connectionString: mirror.database.url });
    await writer.connect();
    await writer.query('begin');
    // The topic can be read, its changes cannot.
    await writer.query('lock table changes in access exclusive mode');
    const answer = mirror.http.get(path).query({ asOf: '2099-01-01' }).expect(200).then();
    await until(async () => {
      const blocked = await mirror.database.query(
        `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
      return blocked.length > 0;
    });
    await writer.query(`
      insert into changes (group_id, seq, topic_id, kind, origin, at, before, after)
      select group_id, seq + 1, topic_id, 'updated', 'callback', now(), '{"name":"second"}', '{"name":"next"}'
        from changes order by seq desc limit 1`);
    await writer.query('commit');
    await writer.end();
    const { body } = await answer;
    await mirror.database.query('delete from changes where seq > $1', [states.at(-1)?.seq]);
    expect(body).toEqual(states.at(-1));
  });

  it('says so where it does not reach back', async () => {
    await mirror.database.query('delete from changes where seq <= $1', [states[1]?.seq]);
    const at = String(states[1]?.updatedAt);
    const { body } = await mirror.http.get(path).query({ asOf: at }).expect(410);
    expect(body.code).toBe('HISTORY_GONE');
  });

  it.each(['asOf=', 'asOf=then', 'asOf=2026', 'fields=name'])(
    'answers 400 to %s',
    async (query) => {
      const { body } = await mirror.http.get(`${path}?${query}`).expect(400);
      expect(body.code).toBe('INVALID_PARAMETER');
    },
  );
});

it('forgets what is older than it has to keep, and says so to readers of the feed', async () => {
  const database = await createDatabase();
  await database.query(`
    insert into changes (group_id, seq, topic_id, kind, origin, at, before, after)
    select 'g', i, 't', 'updated', 'callback', now() - (4 - i) * interval '20 hours', '{}', '{}'
      from generate_series(1, 3) i`);
  await database.query('update sequencer set seq = 3');
  const mirror = await startApp({ CHANGES_RETENTION_DAYS: '1' }, database);
  await until(async () => (await mirror.http.get('/changes?after=1')).status === 410);
  const { body } = await mirror.http.get('/changes').expect(200);
  expect(body.data.map(({ seq }: Change) => seq)).toEqual([3]);
  await mirror.close();
  await database.drop();
});

interface Change {
  readonly seq: number;
  readonly at: string;
}
