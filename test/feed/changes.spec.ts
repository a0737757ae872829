import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, OK, postCallback } from '../support/callbacks.js';
import { appendChanges } from '../support/changes.js';
import { type Change, EventSource } from '../support/sse.js';
import { until } from '../support/until.js';

const CHANGE_KEYS = [
  'seq',
  'groupId',
  'topicId',
  'kind',
  'origin',
  'at',
  'operatorAccount',
  'platform',
  'before',
  'after',
];

describe('GET /changes', () => {
  let mirror: TestApp;
  beforeAll(async () => {
    mirror = await startApp();
    const changes = Array.from({ length: 30 }, (_, index) => ({
      group_id: index % 3 === 0 ? 'a' : 'b',
      topic_id: `t${index}`,
      kind: 'created',
      after: { name: `n${index}`, introduction: 'line\nbreak' },
    }));
    await appendChanges(mirror.database, changes);
  });
  afterAll(() => mirror.close());

  it('tells a change with exactly the keys of the contract', async () => {
    const { body } = await mirror.http.get('/changes?after=0&limit=1').expect(200);
    expect(Object.keys(body)).toEqual(['data', 'nextAfter']);
    expect(Object.keys(body.data[0])).toEqual(CHANGE_KEYS);
    expect(body.data[0]).toMatchObject({
      seq: 1,
      groupId: 'a',
      topicId: 't0',
      kind: 'created',
      origin: 'callback',
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      before: {},
      after: { name: 'n0', introduction: 'line\nbreak' },
    });
  });

  it('leads through all changes in order, and past the last one', async () => {
    const seen: number[] = [];
    let [after, isOver] = [0, false];
    while (!isOver) {
      const { body } = await mirror.http.get(`/changes?after=${after}&limit=7`).expect(200);
      seen.push(...body.data.map(({ seq }: Change) => seq));
      isOver = body.nextAfter === after;
      after = body.nextAfter;
    }
    expect(after).toBe(30);
    expect(seen).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
  });

  it('holds the changes of one group, and moves its cursor past those of others', async () => {
    const { body } = await mirror.http.get('/changes?after=0&groupId=a').expect(200);
    expect(body.data.map(({ seq }: Change) => seq)).toEqual([1, 4, 7, 10, 13, 16, 19, 22, 25, 28]);
    expect(body.nextAfter).toBe(30);
    const first = await mirror.http.get('/changes?after=0&groupId=a&limit=2').expect(200);
    expect(first.body.nextAfter).toBe(4);
  });

  it('begins with the oldest change when no cursor is given', async () => {
    const { body } = await mirror.http.get('/changes').expect(200);
    expect(body.data[0].seq).toBe(1);
  });

  it('waits for the first change, and no longer than asked', async () => {
    const { body } = await mirror.http.get('/changes').query({ after: 30, wait: 1 }).expect(200);
    expect(body).toEqual({ data: [], nextAfter: 30 });
    const waiting = mirror.http.get('/changes').query({ after: 30, wait: 25 }).expect(200);
    const [answer] = await Promise.all([
      waiting,
      sleep(100).then(() => appendChanges(mirror.database, [{ group_id: 'a' }])),
    ]);
    expect(answer.body.data).toEqual([expect.objectContaining({ seq: 31, groupId: 'a' })]);
    expect(answer.body.nextAfter).toBe(31);
  });

  it('does not end the wait of one group for a change of another', async () => {
    const waiting = mirror.http
      .get('/changes')
      .query({ after: 31, wait: 25, groupId: 'c' })
      .expect(200);
    const [answer] = await Promise.all([
      waiting,
      appendChanges(mirror.database, [{ group_id: 'a' }, { group_id: 'c' }]),
    ]);
    expect(answer.body.data.map(({ seq }: Change) => seq)).toEqual([33]);
  });

  it.each(['after=-1', 'after=x', 'limit=0', 'limit=501', 'wait=26', 'wait=-1', 'sort=seq'])(
    'answers 400 to %s and names the parameter',
    async (query) => {
      const { body } = await mirror.http.get(`/changes?${query}`).expect(400);
      expect(body.detail).toContain(query.split('=', 1)[0]);
    },
  );

  it('answers 410 to the cursor of another database', async () => {
    const { body } = await mirror.http.get('/changes?after=1000').expect(410);
    expect(body).toMatchObject({ code: 'CURSOR_AHEAD', latestSeq: 33 });
  });

  it('answers 410 to a cursor older than what is kept, with the way to start over', async () => {
    await mirror.database.query('delete from changes where seq <= 10');
    const { body } = await mirror.http.get('/changes?after=9').expect(410);
    expect(body).toMatchObject({ code: 'CHANGES_GONE', latestSeq: 33 });
    expect(body.detail).toContain('follow after=33');
    const { body: next } = await mirror.http.get('/changes?after=10&limit=1').expect(200);
    expect(next.data[0].seq).toBe(11);
    const { body: first } = await mirror.http.get('/changes?limit=1').expect(200);
    expect(first.data[0].seq).toBe(11);
    await mirror.http.get('/changes?after=9').set('accept', 'text/event-stream').expect(410);
  });
});

describe.each([
  ['on', {}],
  ['off, as behind a pooler', { FEED_NOTIFY: 'off', DATABASE_PREPARE: 'off' }],
])('the stream of changes with notifications %s', (_name, env) => {
  let mirror: TestApp;
  let url: string;
  beforeAll(async () => {
    mirror = await startApp({ ...env, FEED_HEARTBEAT_SECONDS: '1', FEED_MAX_STREAMS: '3' });
    url = `${mirror.url}/changes`;
    await appendChanges(mirror.database, [{ group_id: 'a' }, { group_id: 'b' }]);
  });
  afterAll(() => mirror.close());

  it('holds what there is and then what comes', async () => {
    const source = await EventSource.open(`${url}?after=1`);
    expect(source.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-request-id': expect.any(String),
    });
    const changes = source.changes(3);
    await sleep(50);
    await appendChanges(mirror.database, [{ group_id: 'a' }, { group_id: 'b' }]);
    expect((await changes).map(({ seq }) => seq)).toEqual([2, 3, 4]);
  });

  it('goes on after Last-Event-ID, whatever the address says', async () => {
    const source = await EventSource.open(`${url}?after=0`, { 'last-event-id': '3' });
    expect((await source.changes(1)).map(({ seq }) => seq)).toEqual([4]);
    const { body } = await mirror.http
      .get('/changes')
      .set({ accept: 'text/event-stream', 'last-event-id': 'x' })
      .expect(400);
    expect(body.code).toBe('INVALID_LAST_EVENT_ID');
  });

  it('beats while it is idle, and moves the cursor of one group past the changes of others', async () => {
    const source = await EventSource.open(`${url}?groupId=a`);
    const blocks = [];
    for await (const block of source.events()) {
      blocks.push(block);
      if (block.comment !== undefined) break;
    }
    expect(blocks).toEqual([
      { retry: '2000' },
      { id: '1', data: expect.any(String) },
      { id: '3', data: expect.any(String) },
      { comment: 'heartbeat', id: '4' },
    ]);
  });

  it('tells what is committed here in the same words as whoever asks later is told', async () => {
    const [{ seq: after } = { seq: 0 }] = await mirror.database.query<{ seq: number }>(
      'select seq::float8 as seq from sequencer',
    );
    const source = await EventSource.open(`${url}?after=${after}`);
    // The first event comes from the database: from then on the process tells of its commits.
    await appendChanges(mirror.database, [{ group_id: 'a' }]);
    const events = source.events();
    const next = async (): Promise<string> => {
      for (;;) {
        const { value } = await events.next();
        if (value?.data !== undefined) return value.data;
      }
    };
    await next();
    const Name = '\u0001\b\f\n\r\t"\\/\u007f\u2028\ufeff😀\ud800\u0000ñ';
    const TopicId = '@TGS#_odd"\\/<>&';
    const UserDefinedDataList = [
      { Key: 'a"b', Value: '1e5' },
      { Key: 'n', Value: 17 },
    ];
    const { GroupId } = createTopicBody();
    const told: string[] = [];
    for (const body of [
      createTopicBody({ TopicId, Name, Operator_Account: '"', UserDefinedDataList }),
      createTopicBody({ TopicId, Name: 'two', UserDefinedDataList: [] }),
      { CallbackCommand: 'Group.CallbackAfterTopicDestroyed', GroupId, TopicIdList: [TopicId] },
    ]) {
      await postCallback(mirror.http, body).expect(200, OK);
      told.push(await next());
    }
    source.close();
    const { text } = await mirror.http.get(`/changes?after=${after + 1}`).expect(200);
    expect(text.split(',"nextAfter"')[0]).toBe(`{"data":[${told.join()}]`);
  });

  it('is refused where the process has enough of them, and counted', async () => {
    await untilClosed(mirror);
    const sources = await Promise.all([url, url, url].map((each) => EventSource.open(each)));
    const refused = await mirror.http.get('/changes').set('accept', 'text/event-stream');
    expect([refused.status, refused.body.code]).toEqual([503, 'TOO_MANY_STREAMS']);
    const { text } = await mirror.http.get('/metrics').expect(200);
    expect(text).toContain('topicmirror_feed_streams 3');
    for (const source of sources) source.close();
    await untilClosed(mirror);
  });

  it('survives the loss of connections', async () => {
    const source = await EventSource.open(`${url}?after=4`);
    const changes = source.changes(1);
    await sleep(100);
    await mirror.database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name like 'topic-mirror%'`,
    );
    await appendChanges(mirror.database, [{ group_id: 'a' }]);
    expect((await changes).map(({ seq }) => seq)).toEqual([5]);
  });
});

/** What is reachable, garbage aside. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('a reader of the feed', () => {
  let mirror: TestApp;
  afterEach(() => mirror.close());

  it('who does not read is cut with a reason, and costs little', async () => {
    mirror = await startApp({ FEED_SLOW_SECONDS: '1' });
    const before = heldBytes();
    let peak = before;
    let looks = 0;
    const sockets = await Promise.all(Array.from({ length: 6 }, () => deaf(mirror.url)));
    await until(async () => (await metric(mirror, 'topicmirror_feed_streams')) === 6);
    // More than the buffers of a socket take.
    const change = { group_id: 'g', after: { introduction: 'x'.repeat(2000) } };
    for (let megabytes = 0; megabytes < 16; megabytes += 1) {
      await appendChanges(
        mirror.database,
        Array.from({ length: 500 }, () => change),
      );
    }
    await until(async () => {
      // To collect garbage takes longer than to look.
      if ((looks += 1) % 10 === 1) peak = Math.max(peak, heldBytes());
      return (
        (await metric(mirror, 'topicmirror_feed_streams_ended_total{reason="slow_reader"}')) === 6
      );
    });
    // Kept whole for each of them, what there is to tell would be 96 MiB.
    expect(peak - before).toBeLessThan(48 * 1024 * 1024);
    expect(mirror.log).toContainEqual(
      expect.objectContaining({ msg: 'stream ended', reason: 'slow_reader' }),
    );
    for (const socket of sockets) socket.destroy();
  });

  it('is sent away when the process stops, and so is one who waits', async () => {
    mirror = await startApp();
    const source = await EventSource.open(`${mirror.url}/changes`);
    const events: unknown[] = [];
    const reading = (async () => {
      for await (const { event, data } of source.events()) events.push({ event, data });
    })();
    const waiting = mirror.http.get('/changes?after=0&wait=25');
    const poll = waiting.then(({ body }) => body);
    await sleep(200);
    const started = performance.now();
    await mirror.app.close();
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(await poll).toEqual({ data: [], nextAfter: 0 });
    await reading;
    expect(events.at(-1)).toEqual({ event: 'end', data: '{"reason":"draining"}' });
  });
});

/** Opens a stream and reads nothing of it. */
async function deaf(url: string) {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write('GET /changes HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n');
  return socket;
}

async function metric(mirror: TestApp, name: string): Promise<number> {
  const { text } = await mirror.http.get('/metrics').expect(200);
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.split(' ')[1] ?? 0);
}

async function untilClosed(mirror: TestApp): Promise<void> {
  await until(async () => (await metric(mirror, 'topicmirror_feed_streams')) === 0);
}
