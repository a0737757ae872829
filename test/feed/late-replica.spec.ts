// A replica that was away and comes back behind what the service has already seen on the primary.
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import pg from 'pg';
import { startApp, type TestApp } from '../support/app.js';
import { appendChanges } from '../support/changes.js';
import { createOwnServer, type OwnServer } from '../support/own-server.js';
import { type Proxy, startProxy } from '../support/proxy.js';
import { type Change, EventSource } from '../support/sse.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

const GROUP = '@TGS#_late';
const OTHER = '@TGS#_other';

let primary: OwnServer;
let standby: OwnServer;
let proxy: Proxy;
let onPrimary: pg.Pool;
let onStandby: pg.Pool;
let mirror: TestApp;

beforeAll(async () => {
  primary = await createOwnServer();
  standby = await createOwnServer(primary);
  await Promise.all([primary.start(), standby.start()]);
  const [url, standbyUrl] = [primary, standby].map((server) => server.urlOf('topic_mirror'));
  onPrimary = new pg.Pool({ connectionString: url, max: 2 });
  onStandby = new pg.Pool({ connectionString: standbyUrl, max: 2 });
  for (const pool of [onPrimary, onStandby]) pool.on('error', () => undefined);
  proxy = await startProxy(standbyUrl ?? '');
  const env = { DATABASE_REPLICA_URL: proxy.url, FEED_HEARTBEAT_SECONDS: '1' };
  mirror = await startApp(env, {
    url: url ?? '',
    query: async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      (await onPrimary.query<Row>(text, values)).rows,
    drop: () => onPrimary.end(),
  });
});
afterAll(async () => {
  await mirror.close();
  await proxy.close();
  await Promise.all([onPrimary.end(), onStandby.end()]);
  await standby.remove();
  await primary.remove();
});

async function seqOn(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ seq: number }>(`select seq::int as seq from sequencer`);
  return rows[0]?.seq ?? 0;
}

const append = (groupIds: readonly string[]) =>
  appendChanges(
    mirror.database,
    groupIds.map((group_id) => ({ group_id })),
  );

const untilReplica = (state: 'up' | 'down') =>
  until(async () => (await mirror.http.get('/readyz').expect(200)).body.replica === state);

/** Ends the answers of the replica, and lets it show nothing more than it does now. */
async function leave(): Promise<void> {
  await onStandby.query('select pg_wal_replay_pause()');
  const state = 'select pg_get_wal_replay_pause_state() as state';
  await until(async () => (await onStandby.query(state)).rows[0]?.state === 'paused');
  proxy.set('refuse');
  await untilReplica('down');
}

async function comeBackLate(): Promise<void> {
  proxy.set('pass');
  await untilReplica('up');
}

describe('a reader who was told of less than the service has seen', () => {
  let start: number;
  let follower: EventSource;
  let latest: number;
  beforeEach(async () => {
    await onStandby.query('select pg_wal_replay_resume()');
    await untilReplica('up');
    await append([GROUP]);
    start = await seqOn(onPrimary);
    await until(async () => (await seqOn(onStandby)) === start);
    await leave();
    latest = await append([GROUP, GROUP, GROUP, GROUP, OTHER]);
    // Whoever follows now lets the service know the primary's last seq.
    follower = await EventSource.open(`${mirror.url}/changes?after=${latest}`);
    await comeBackLate();
  });

  afterEach(() => follower.close());

  const missed = (count: number) => Array.from({ length: count }, (_, index) => start + 1 + index);

  it.each([
    ['all groups', '', 5],
    ['one group', `&groupId=${encodeURIComponent(GROUP)}`, 4],
  ])('is not moved over changes by a stream of %s', async (_, query, count) => {
    const source = await EventSource.open(`${mirror.url}/changes?after=${start}${query}`);
    const seen = source.changes(count + 1);
    await untilReaders(2);
    // A heartbeat, and then news, tell how far the service is.
    for await (const { comment } of follower.events()) if (comment === 'heartbeat') break;
    await onStandby.query('select pg_wal_replay_resume()');
    const last = await append([GROUP]);
    expect((await seen).map(({ seq }) => seq)).toEqual([...missed(count), last]);
    source.close();
  });

  it.each([
    ['all groups', {}, 5],
    ['one group', { groupId: GROUP }, 4],
  ])('is not moved over changes by polls that wait, of %s', async (_, query, count) => {
    const seen: number[] = [];
    for (let after = start; after < latest;) {
      const { body } = await mirror.http.get('/changes').query({ after, wait: 2, ...query });
      seen.push(...body.data.map(({ seq }: Change) => seq));
      after = body.nextAfter;
    }
    expect(seen).toEqual(missed(count));
  });
});

const untilReaders = (count: number) =>
  until(async () => (await figure('topicmirror_feed_readers')) === count);

async function figure(name: string): Promise<number> {
  const { text } = await mirror.http.get('/metrics').expect(200);
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
}
