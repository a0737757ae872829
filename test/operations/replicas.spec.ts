// Two processes on one database. `npm run bench -- replicas` asks the same of them behind HAProxy and PgBouncer, as
// deploy/ configures those.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import supertest from 'supertest';
import { startSimulator, type Simulator } from '../../tools/simulator/simulator.js';
import { createTopicBody, groupPath, OK } from '../support/callbacks.js';
import { distinctHistory, inGroup } from '../support/dated-history.js';
import { live } from '../support/history.js';
import { scrape } from '../support/metrics.js';
import {
  allApplied,
  PROXIES,
  type Replicas,
  send,
  startReplicas,
  TOKEN,
} from '../support/replicas.js';
import { type Change, EventSource } from '../support/sse.js';
import { until } from '../support/until.js';
import { NO_LIMITS, SECRET_KEY } from '../support/vendor.js';
import { differencesAfter, settingsFor } from '../support/world.js';

jest.setTimeout(90_000);

const HISTORIES = 10;
const WRITERS = 8;
const TOPICS = 400;
const SENDERS = 4;
// What a process that stops in the middle of a batch may cost the others, and some for a busy machine:
// PostgreSQL ends its transaction after five seconds; who waits for it gives up after four.
const TAKEN_BACK_WITHIN_MS = 9_000;
const DEADLINE_MS = 4_000;
const OF_DELIVERY = { groupId: null, updatedAt: null, seq: null };

describe(`two replicas${PROXIES ? ' behind HAProxy and PgBouncer' : ''}`, () => {
  let replicas: Replicas;
  beforeAll(async () => {
    replicas = await startReplicas();
  });
  afterAll(() => replicas.close());

  let turn = 0;
  it('end in the same topics in any order and any number of deliveries', async () => {
    await fc.assert(
      fc.asyncProperty(distinctHistory, async ({ events, one, two }) => {
        const deliver = async (groupId: string, order: readonly number[]) => {
          for (const index of order) {
            const body = events[index];
            if (!body) continue;
            expect((await send(replicas.next(), inGroup(body, groupId))).text).toBe(OK);
          }
        };
        const [first, second] = [`@TGS#_first${(turn += 1)}`, `@TGS#_second${turn}`];
        await Promise.all([deliver(first, one), deliver(second, two)]);
        expect(await seen(first)).toEqual(await seen(second));
      }),
      { numRuns: HISTORIES },
    );
  });

  it('tell every change once and in order, however their commits overlap', async () => {
    const { body } = await replicas.http.get('/changes').query({ limit: 1, after: 0 });
    const after = await latest(body.nextAfter);
    const stream = await EventSource.open(`${replicas.next()}/changes?after=${after}`);
    const [polled, streamed] = await Promise.all([
      poll(after, TOPICS),
      stream.changes(TOPICS),
      write(TOPICS),
    ]);
    stream.close();
    const rows = await replicas.database.query<{ seq: number }>(
      'select seq::float8 as seq from changes where seq > $1 order by seq',
      [after],
    );
    const seqs = rows.map(({ seq }) => seq);
    expect(seqs).toHaveLength(TOPICS);
    expect(polled.map(({ seq }) => seq)).toEqual(seqs);
    expect(streamed.map(({ seq }) => seq)).toEqual(seqs);
  });

  it('go on within the time-outs when one of them hangs in the middle of a batch', async () => {
    const [hung, other] = replicas.both;
    const stop = new AbortController();
    const kept: string[] = [];
    const slowest = { hung: 0, other: 0 };
    const sender = async (name: 'hung' | 'other', index: number) => {
      const url = name === 'hung' ? hung.at : other.at;
      for (let count = 0; !stop.signal.aborted; count += 1) {
        const topicId = `${name}-${index}-${count}`;
        const { text, ms } = await send(url, createTopicBody({ GroupId: name, TopicId: topicId }));
        // After its pause it may take the time for requests to be over, and read none of it.
        if (name === 'hung' && text.includes('"statusCode":408')) continue;
        expect(text).toBe(OK);
        kept.push(topicId);
        slowest[name] = Math.max(slowest[name], ms);
      }
    };
    const senders = Array.from({ length: SENDERS }, (_, index) => [
      sender('hung', index),
      sender('other', index),
    ]);
    await stopInTransaction();
    const stoppedAt = performance.now();
    const batch = await batches();
    await until(async () => (await batches()) > batch);
    const takenBackMs = performance.now() - stoppedAt;
    hung.child.kill('SIGCONT');
    stop.abort();
    await Promise.all(senders.flat());

    expect(takenBackMs).toBeLessThan(TAKEN_BACK_WITHIN_MS);
    expect(slowest.other).toBeLessThan(DEADLINE_MS);
    await allApplied(replicas);
    const groups = [['hung', 'other']];
    const journal = await replicas.database.query<{ body: Buffer }>(
      'select body from callbacks where group_id = any ($1)',
      groups,
    );
    const topics = await replicas.database.query<{ id: string }>(
      'select topic_id as id from topics where group_id = any ($1)',
      groups,
    );
    const journalIds = journal.map(({ body }) => JSON.parse(body.toString()).TopicId);
    expect(journalIds.toSorted()).toEqual(kept.toSorted());
    expect(topics.map(({ id }) => id).toSorted()).toEqual(kept.toSorted());
  });

  /** Stops the first replica while it holds the lock that writers take turns with. */
  async function stopInTransaction(): Promise<void> {
    const [{ child }] = replicas.both;
    await until(async () => {
      child.kill('SIGSTOP');
      const [before] = await holders();
      await new Promise((resolve) => setTimeout(resolve, 100));
      const [now] = await holders();
      if (before !== undefined && before === now) return true;
      child.kill('SIGCONT');
      return false;
    });
  }

  /** The transactions that wait for their process, while they keep the writers out. */
  async function holders(): Promise<string[]> {
    const rows = await replicas.database.query<{ id: string }>(
      `select pid || ' ' || xact_start as id
         from pg_stat_activity
         join pg_locks using (pid)
        where datname = current_database() and state = 'idle in transaction'
          and relation = 'sequencer'::regclass and mode = 'RowShareLock'`,
    );
    return rows.map(({ id }) => id);
  }

  async function batches(): Promise<number> {
    const [row] = await replicas.database.query<{ batch: number }>(
      'select batch::float8 as batch from sequencer',
    );
    return row?.batch ?? 0;
  }

  /** All that can be read of a group, without what delivery itself decides. */
  async function seen(groupId: string): Promise<unknown> {
    const group = await replicas.http.get(groupPath(groupId));
    const topics = await replicas.http.get(`${groupPath(groupId)}/topics?deleted=include`);
    const { name, type, ownerAccount, topicCount } = group.body;
    const data: Record<string, unknown>[] = topics.body.data ?? [];
    return {
      statuses: [group.status, topics.status],
      group: { name, type, ownerAccount, topicCount },
      topics: data.map((topic) => ({ ...topic, ...OF_DELIVERY })),
    };
  }

  async function latest(after: number): Promise<number> {
    let last = after;
    for (;;) {
      const { body } = await replicas.http.get('/changes').query({ after: last, limit: 500 });
      if (body.nextAfter === last) return last;
      last = body.nextAfter;
    }
  }

  async function poll(after: number, count: number): Promise<Change[]> {
    const found: Change[] = [];
    let cursor = after;
    while (found.length < count) {
      const { body } = await supertest(replicas.next())
        .get('/changes')
        .query({ after: cursor, limit: 50, wait: 1 });
      found.push(...body.data);
      cursor = body.nextAfter;
    }
    return found;
  }

  async function write(count: number): Promise<void> {
    let index = 0;
    const writer = async () => {
      while (index < count) {
        const topicId = `t${(index += 1)}`;
        const groupId = `@TGS#_g${index % 7}`;
        const body = createTopicBody({ GroupId: groupId, TopicId: topicId });
        expect((await send(replicas.next(), body)).text).toBe(OK);
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, writer));
  }
});

describe('two replicas that share the walk', () => {
  let simulator: Simulator;
  let replicas: Replicas;
  beforeAll(async () => {
    simulator = await startSimulator({
      secretKey: SECRET_KEY,
      limits: NO_LIMITS,
      callbackToken: TOKEN,
      callbackConcurrency: 4,
    });
    replicas = await startReplicas({ ...settingsFor(simulator), RECONCILE_WITHIN_SECONDS: '1' });
    simulator.sendTo(...replicas.doors);
  });
  afterAll(async () => {
    await replicas.close();
    await simulator.close();
  });

  it('repair what callbacks did not tell until the mirror equals the vendor', async () => {
    simulator.misbehave({
      callbacks: { drop: 0.1, repeat: 0.2, delayMs: 1_000 },
      rest: { error: 0.02, truncated: 0.01, cut: 0.01 },
    });
    await live(simulator, { groups: 40, seconds: 3, deedsPerSecond: 100 });
    await simulator.settled();
    const { differences } = await differencesAfter(30_000, { simulator, app: replicas });
    expect(differences).toEqual([]);
    expect(simulator.callbacks).toMatchObject({ refused: 0, failed: 0 });
    expect(simulator.callbacks.delivered).toBeGreaterThan(100);
    const scrapes = await Promise.all(replicas.both.map(({ at }) => scrape(supertest.agent(at))));
    for (const metrics of scrapes) {
      expect(
        metrics.sum('topicmirror_reconcile_visits_total', { outcome: 'complete' }),
      ).toBeGreaterThan(0);
    }
  });
});
