// A real streaming replica: one that keeps up, one whose replay stands still, one that is stopped.
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { runCli } from '../../src/cli/run.js';
import { isRecoveryConflict } from '../../src/database/errors.js';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, groupPath, postCallback, topicPath } from '../support/callbacks.js';
import { appendChanges } from '../support/changes.js';
import type { TestDatabase } from '../support/database.js';
import { scrape } from '../support/metrics.js';
import { createOwnServer, type OwnServer } from '../support/own-server.js';
import { type Change, EventSource } from '../support/sse.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

const GROUP = '@TGS#_replicated';
const TOPICS = `${groupPath(GROUP)}/topics`;
const SEQ = `select seq::int as seq from sequencer`;

let primary: OwnServer;
let replica: OwnServer;
let onPrimary: TestDatabase;
let onReplica: TestDatabase;
let mirror: TestApp;

beforeAll(async () => {
  primary = await createOwnServer();
  replica = await createOwnServer(primary);
  await Promise.all([primary.start(), replica.start()]);
  [onPrimary, onReplica] = [databaseOf(primary), databaseOf(replica)];
  mirror = await startApp({ DATABASE_REPLICA_URL: onReplica.url }, onPrimary);
  await post('t0', 'zero');
});
afterAll(async () => {
  await mirror.close();
  await onPrimary.drop();
  await onReplica.drop();
  await replica.remove();
  await primary.remove();
});

function databaseOf(server: OwnServer): TestDatabase {
  const url = server.urlOf('topic_mirror');
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on('error', () => undefined);
  return {
    url,
    query: async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) => {
      for (;;) {
        try {
          return (await pool.query<Row>(text, values)).rows;
        } catch (error) {
          // A replica may give any statement up for the sake of its replay.
          if (!isRecoveryConflict(error)) throw error;
        }
      }
    },
    drop: () => pool.end(),
  };
}

/** Mirrors a topic; @returns the `seq` of that. */
async function post(TopicId: string, Name: string, GroupId = GROUP): Promise<number> {
  const EventTime = Date.now();
  const body = createTopicBody({ GroupId, TopicId, Name, EventTime });
  await postCallback(mirror.http, body).expect(200);
  return seqOf(onPrimary);
}

async function seqOf({ query }: TestDatabase): Promise<number> {
  const [row] = await query<{ seq: number }>(SEQ);
  return row?.seq ?? 0;
}

/** Lets the replica show nothing more than it does now. */
async function pause(): Promise<void> {
  await onReplica.query('select pg_wal_replay_pause()');
  const state = 'select pg_get_wal_replay_pause_state() as state';
  await until(async () => (await onReplica.query<{ state: string }>(state))[0]?.state === 'paused');
}

async function caughtUp(): Promise<void> {
  await onReplica.query('select pg_wal_replay_resume()');
  const seq = await seqOf(onPrimary);
  await until(async () => (await seqOf(onReplica)) >= seq);
}

const untilReplica = (state: 'up' | 'down') =>
  until(async () => (await mirror.http.get('/readyz').expect(200)).body.replica === state);

const told = (msg: string) => mirror.log.filter((line) => line.msg === msg).length;

describe('a replica that lags', () => {
  let seq: number;
  let etag: string;
  beforeAll(async () => {
    await untilReplica('up');
    await caughtUp();
    etag = String((await mirror.http.get(TOPICS).expect(200)).headers.etag);
    await pause();
    await post('t0', 'new name');
    seq = await post('t1', 'one');
  });
  afterAll(() => caughtUp());

  it('answers lists, single reads, history and changes, as of the past', async () => {
    const list = await mirror.http.get(TOPICS).expect(200);
    expect(list.body.data.map(({ name }: { name: string }) => name)).toEqual(['zero']);
    expect(list.body.group.topicCount).toBe(1);
    expect(list.headers.etag).toBe(etag);
    expect((await mirror.http.get('/topics').expect(200)).body.data).toHaveLength(1);
    expect((await mirror.http.get('/groups').expect(200)).body.data[0].topicCount).toBe(1);
    expect((await mirror.http.get(groupPath(GROUP)).expect(200)).body.topicCount).toBe(1);
    expect((await mirror.http.get(topicPath(GROUP, 't0')).expect(200)).body.name).toBe('zero');
    const history = await mirror.http.get(`${topicPath(GROUP, 't0')}/history`).expect(200);
    expect(history.body.data).toHaveLength(1);
    const { body } = await mirror.http.get('/changes?after=0').expect(200);
    expect(body.data).toHaveLength(1);
    expect(body.nextAfter).toBe(body.data[0].seq);
  });

  it('leaves a question for a seq that it does not show to the primary', async () => {
    for (const path of [TOPICS, '/topics']) {
      const { body } = await mirror.http.get(path).query({ minSeq: seq }).expect(200);
      expect(body.data.map(({ name }: { name: string }) => name)).toEqual(['new name', 'one']);
    }
    const { body } = await mirror.http.get(groupPath(GROUP)).query({ minSeq: seq }).expect(200);
    expect(body).toMatchObject({ topicCount: 2, seq });
    const startedAt = performance.now();
    const late = await mirror.http.get(TOPICS).query({ minSeq: seq + 1 });
    expect([late.status, late.body.code]).toEqual([503, 'SEQ_NOT_REACHED']);
    expect(performance.now() - startedAt).toBeGreaterThan(900);
  });

  it.each([TOPICS, groupPath(GROUP), topicPath(GROUP, 't0')])(
    'does not show older things as newer to who has an ETag: %s',
    async (path) => {
      const old = await mirror.http.get(path).expect(200);
      // As far as the replica knows, nothing has changed.
      await mirror.http.get(path).set('if-none-match', String(old.headers.etag)).expect(304);
      const fresh = await mirror.http.get(path).set('if-none-match', 'W/"of another time"');
      expect(fresh.status).toBe(200);
      expect(fresh.headers.etag).not.toBe(old.headers.etag);
      const latest = await mirror.http.get(path).query({ minSeq: seq }).expect(200);
      expect(fresh.body).toEqual(latest.body);
      await mirror.http.get(path).set('if-none-match', String(fresh.headers.etag)).expect(304);
    },
  );

  it('denies nothing that the primary has', async () => {
    await mirror.http.get(topicPath(GROUP, 't1')).expect(200);
    await mirror.http.get(`${topicPath(GROUP, 't1')}/history`).expect(200);
    await post('t', 'name', 'another');
    for (const path of ['/groups/another', '/groups/another/topics', '/groups/another/topics/t']) {
      await mirror.http.get(path).expect(200);
    }
    await mirror.http.get('/groups/nowhere').expect(404);
    await mirror.http.get(topicPath(GROUP, 'nowhere')).expect(404);
  });

  it('leads through a history that was begun on the primary without a hole', async () => {
    for (const name of ['a', 'b', 'c']) await post('t0', name);
    const path = `${topicPath(GROUP, 't0')}/history`;
    const minSeq = await seqOf(onPrimary);
    const first = await mirror.http.get(path).query({ limit: 2, minSeq }).expect(200);
    const { nextCursor: cursor } = first.body;
    const second = await mirror.http.get(path).query({ cursor }).expect(200);
    const names = [...first.body.data, ...second.body.data].map(({ after }) => after.name);
    expect(names).toEqual(['c', 'b', 'a', 'new name', 'zero']);
  });

  it('undoes what a topic of the past has seen, and no more', async () => {
    const { body } = await mirror.http.get(`${topicPath(GROUP, 't0')}/history`).expect(200);
    const [{ at, seq: first }] = body.data;
    for (const minSeq of [first, await seqOf(onPrimary)]) {
      const path = topicPath(GROUP, 't0');
      const past = await mirror.http.get(path).query({ asOf: at, minSeq }).expect(200);
      expect(past.body).toMatchObject({ name: 'zero', seq: first, updatedAt: at });
    }
  });

  it('does not take the cursor of who has seen more for one of another database', async () => {
    const ahead = await seqOf(onPrimary);
    const { body } = await mirror.http.get('/changes').query({ after: ahead }).expect(200);
    expect(body).toEqual({ data: [], nextAfter: ahead });
    const wrong = await mirror.http
      .get('/changes')
      .query({ after: ahead + 1 })
      .expect(410);
    expect(wrong.body).toMatchObject({ code: 'CURSOR_AHEAD', latestSeq: ahead });
    expect(wrong.body.detail).toContain(`minSeq=${ahead}`);
  });

  it('tells how late it is', async () => {
    const late = await scrape(mirror.http);
    expect(late.sum('topicmirror_replica_lag_seconds')).toBeGreaterThan(0.1);
    expect(late.sum('topicmirror_replica_away')).toBe(0);
    expect(late.sum('topicmirror_database_connections_max', { pool: 'replica' })).toBe(5);
    await caughtUp();
    expect((await scrape(mirror.http)).sum('topicmirror_replica_lag_seconds')).toBe(0);
    expect((await mirror.http.get(TOPICS).expect(200)).body.data).toHaveLength(2);
  });
});

describe('the feed of a replica', () => {
  beforeEach(async () => {
    await untilReplica('up');
    await caughtUp();
  });

  it('tells who is ahead nothing twice, and goes on with what comes', async () => {
    await pause();
    const first = await post('t0', 'feed 1');
    const source = await EventSource.open(`${mirror.url}/changes`, {
      'last-event-id': String(first),
    });
    const next = source.changes(1);
    const second = await post('t0', 'feed 2');
    await caughtUp();
    expect((await next).map((change) => change.seq)).toEqual([second]);
  });

  it('is late by little more than the replica, though the news arrive before it has them', async () => {
    const delayMs = 150;
    await setDelay(delayMs);
    const source = await EventSource.open(`${mirror.url}/changes?after=${await seqOf(onPrimary)}`);
    const events = source.events();
    const times: number[] = [];
    for (let index = 0; index < 5; index += 1) {
      const startedAt = performance.now();
      const seq = await post('t0', `late ${index}`);
      for (let id; id !== String(seq);) id = (await events.next()).value?.id;
      times.push(performance.now() - startedAt);
    }
    const [, , median] = times.toSorted((one, other) => one - other);
    await setDelay(0);
    source.close();
    expect(median).toBeGreaterThan(delayMs);
    // Found by the poll alone each would take most of a second.
    expect(median).toBeLessThan(500);
  });

  it('skips nothing, while the replica stands still now and then', async () => {
    const from = await seqOf(onPrimary);
    const total = 300;
    const writing = (async () => {
      for (let batch = 0; batch < total / 5; batch += 1) {
        await appendChanges(
          onPrimary,
          Array.from({ length: 5 }, () => ({ group_id: GROUP })),
        );
        if (batch % 20 === 5) await pause();
        if (batch % 20 === 15) await onReplica.query('select pg_wal_replay_resume()');
      }
      await onReplica.query('select pg_wal_replay_resume()');
    })();
    const streamed = EventSource.open(`${mirror.url}/changes?after=${from}`).then((source) =>
      source.changes(total),
    );
    const polled: number[] = [];
    for (let after = from; polled.length < total;) {
      const { body } = await mirror.http.get('/changes').query({ after, limit: 7, wait: 5 });
      polled.push(...body.data.map(({ seq }: Change) => seq));
      after = body.nextAfter;
    }
    await writing;
    const all = Array.from({ length: total }, (_, index) => from + 1 + index);
    expect(polled).toEqual(all);
    expect((await streamed).map(({ seq }) => seq)).toEqual(all);
  });

  async function setDelay(ms: number): Promise<void> {
    await onReplica.query(`alter system set recovery_min_apply_delay = ${ms}`);
    await onReplica.query('select pg_reload_conf()');
    await until(async () => {
      const startedAt = performance.now();
      await appendChanges(onPrimary, [{ group_id: GROUP }], false);
      await caughtUp();
      return performance.now() - startedAt > ms;
    });
  }
});

describe('a read in the way of the replay', () => {
  it('is made on the primary', async () => {
    await untilReplica('up');
    await caughtUp();
    const before = await conflicts();
    const blockers = [await lockOnPrimary('topics')];
    await until(() =>
      onReplica
        .query(`select from pg_locks where mode = 'AccessExclusiveLock'`)
        .then((rows) => rows.length > 0),
    );
    // Has taken `groups` on the replica, and waits for `topics`.
    const asking = mirror.http.get(topicPath(GROUP, 't0')).then(({ status }) => status);
    await until(() =>
      onReplica.query(`select from pg_locks where not granted`).then((rows) => rows.length > 0),
    );
    // The replay of this has to wait for that read, and so ends it.
    blockers.push(await lockOnPrimary('groups'));
    await until(() =>
      onPrimary.query(`select from pg_locks where not granted`).then((rows) => rows.length > 0),
    );
    for (const release of blockers) await release();
    expect(await asking).toBe(200);
    expect((await conflicts()) - before).toBe(1);
    expect((await mirror.http.get('/readyz')).body.replica).toBe('up');
  });

  async function lockOnPrimary(table: string): Promise<() => Promise<void>> {
    const client = new pg.Client({ connectionString: onPrimary.url });
    await client.connect();
    await client.query('begin');
    await client.query(`lock table ${table} in access exclusive mode`);
    // Sends the lock to the replica, which nothing else would hurry.
    await onPrimary.query(`select pg_logical_emit_message(true, 'test', '')`);
    return () => client.end();
  }

  async function conflicts(): Promise<number> {
    const figures = await scrape(mirror.http);
    return figures.sum('topicmirror_replica_fallbacks_total', { reason: 'conflict' });
  }
});

describe('where a server is away', () => {
  it('the primary is read for its replica, until that is back', async () => {
    await untilReplica('up');
    await caughtUp();
    const [away, back] = [
      'the replica is away, the primary is read instead',
      'the replica is there, answers are read from it',
    ].map((msg) => ({ msg, before: told(msg) }));
    await replica.stop();
    try {
      const seq = await post('t0', 'while it is away');
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => mirror.http.get(topicPath(GROUP, 't0')).expect(200)),
      );
      for (const { body } of answers) expect(body).toMatchObject({ seq, name: 'while it is away' });
      await untilReplica('down');
      const figures = await scrape(mirror.http);
      expect(figures.sum('topicmirror_replica_away')).toBe(1);
      expect(
        figures.sum('topicmirror_replica_fallbacks_total', { reason: 'away' }),
      ).toBeGreaterThan(0);
    } finally {
      await replica.start();
    }
    await untilReplica('up');
    expect(told(away?.msg ?? '') - (away?.before ?? 0)).toBe(1);
    expect(told(back?.msg ?? '') - (back?.before ?? 0)).toBe(1);
  });

  it('the replica answers what it can without its primary', async () => {
    await untilReplica('up');
    await caughtUp();
    const { headers } = await mirror.http.get(TOPICS).expect(200);
    await primary.stop();
    try {
      const readiness = await mirror.http.get('/readyz').expect(200);
      expect(readiness.body).toMatchObject({ database: 'down', replica: 'up' });
      await mirror.http.get(TOPICS).expect(200);
      await mirror.http.get('/changes').expect(200);
      await mirror.http.get(TOPICS).set('if-none-match', String(headers.etag)).expect(304);
      // Whether there is one, and which of two states is the later one, only the primary could tell.
      await mirror.http.get('/groups/nowhere').expect(503);
      await mirror.http.get(TOPICS).set('if-none-match', 'W/"of another time"').expect(503);
    } finally {
      await primary.start();
    }
    await until(async () => (await mirror.http.get('/readyz')).body.database === 'up');
  });
});

it('a server that is no replica is told, and not read', async () => {
  const env = { DATABASE_REPLICA_URL: primary.urlOf('postgres') };
  const other = await startApp(env, onPrimary);
  try {
    await until(() =>
      other.log.some(({ err }) => /no replica, or no longer/.test(JSON.stringify(err ?? ''))),
    );
    await other.http.get(TOPICS).expect(200);
    expect((await other.http.get('/readyz').expect(200)).body.replica).toBe('down');
  } finally {
    await other.close();
  }
});

it('is looked at by the doctor', async () => {
  await untilReplica('up');
  const ask = async (url: string) => {
    const out: string[] = [];
    const env = { DATABASE_URL: onPrimary.url, DATABASE_REPLICA_URL: url };
    const print = (line: string) => out.push(line);
    const code = await runCli(['doctor'], env, print, print);
    return { code, told: out.find((line) => line.includes('replica')) };
  };
  expect(await ask(onReplica.url)).toEqual({ code: 0, told: 'ok       the replica answers' });
  const wrong = await ask('postgresql://u@127.0.0.1:1/x');
  expect(wrong.code).toBe(1);
  expect(wrong.told).toMatch(/^FAULT .*the replica is not read: .*ECONNREFUSED/);
});

// Last: the two have nothing in common any more.
it('is not read any more once it is promoted', async () => {
  await untilReplica('up');
  await onReplica.query('select pg_promote()');
  await untilReplica('down');
  const seq = await post('t0', 'after the promotion');
  expect((await mirror.http.get(groupPath(GROUP)).expect(200)).body.seq).toBe(seq);
});
