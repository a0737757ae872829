import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { GroupCommit, QueueFullError } from '../src/database/group-commit.js';
import type { ChangeSet } from '../src/topics/change.js';
import { TopicsService } from '../src/topics/topics.service.js';
import { startApp, type TestApp } from './support/app.js';
import { topicPath } from './support/callbacks.js';
import { scrape } from './support/metrics.js';
import { until } from './support/until.js';

function created(topicId: string, name: string, at = Date.now() * 1000): ChangeSet {
  return {
    changes: [
      {
        subject: 'topic',
        kind: 'created',
        groupId: 'g',
        topicId,
        at,
        precision: 1,
        fields: { name },
      },
    ],
    origin: 'callback',
    arrivedAt: at,
    operatorAccount: null,
    platform: null,
  };
}

describe('applying changes', () => {
  let mirror: TestApp;
  let topics: TopicsService;
  beforeAll(async () => {
    mirror = await startApp();
    topics = mirror.app.get(TopicsService);
  });
  afterAll(() => mirror.close());

  it('commits what arrives together in fewer transactions than callers', async () => {
    const commits = async () => {
      await mirror.database.query('select pg_stat_force_next_flush()');
      const rows = await mirror.database.query<{ xact_commit: string }>(
        'select xact_commit from pg_stat_database where datname = current_database()',
      );
      return Number(rows[0]?.xact_commit);
    };
    const before = await commits();
    const sets = Array.from({ length: 300 }, (_, index) => created(`many-${index}`, 'x'));
    const applied = await Promise.all(sets.map((set) => topics.apply(set)));
    expect(applied.every(({ outcome }) => outcome === 'applied')).toBe(true);
    expect(new Set(applied.map(({ seqs }) => seqs?.[1])).size).toBe(300);
    expect((await commits()) - before).toBeLessThan(30);
  });

  it('fails only the caller whose change the database refuses', async () => {
    // No callback can bring U+0000 so far; PostgreSQL refuses it.
    const names = Array.from({ length: 50 }, (_, index) => (index === 20 ? 'bad\0name' : 'good'));
    const settled = await Promise.allSettled(
      names.map((name, index) => topics.apply(created(`bad-${index}`, name))),
    );
    const failed = settled.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []));
    expect(failed).toEqual([20]);
    await mirror.http.get(topicPath('g', 'bad-19')).expect(200);
    await mirror.http.get(topicPath('g', 'bad-20')).expect(404);
  });

  it('applies the changes of one callback in the order they were handed over', async () => {
    const at = Date.now() * 1000;
    const names = ['one', 'two', 'three'];
    await Promise.all(
      names.map((name, index) => {
        const set = created('ordered', name);
        const changes = set.changes.map((change) => ({ ...change, at: at + index }));
        return topics.apply({ ...set, changes });
      }),
    );
    const { body } = await mirror.http.get(topicPath('g', 'ordered')).expect(200);
    expect(body.name).toBe('three');
  });
});

describe('applying changes while others are being committed', () => {
  let mirror: TestApp;
  beforeAll(async () => {
    mirror = await startApp();
  });
  afterAll(() => mirror.close());

  it('builds each change on the one committed before it', async () => {
    const topics = mirror.app.get(TopicsService);
    const begun = Date.now() * 1000;
    let sent = 0;
    const caller = async (_: unknown, number: number) => {
      while (sent < 3_000) {
        const index = sent++;
        await topics.apply(created(`chain-${index % 7}`, `name ${index}`, begun + index));
        // Half of them come when the batch of the others is on its way.
        for (let turns = number % 2; turns < 4 && turns > 0; turns += 1) {
          await new Promise(setImmediate);
        }
      }
    };
    await Promise.all(Array.from({ length: 40 }, caller));
    const changes = await mirror.database.query<{
      topic_id: string;
      before: { name?: string };
      after: { name?: string };
    }>('select topic_id, before, after from changes order by seq');
    expect(changes).toHaveLength(3_000);
    const names = new Map<string, string | undefined>();
    for (const { topic_id: topicId, before, after } of changes) {
      expect(before.name).toBe(names.get(topicId));
      names.set(topicId, after.name);
    }
    expect(new Set(names.values()).size).toBe(7);
    const { sum } = await scrape(mirror.http);
    expect(sum('topicmirror_commit_batch_size_count')).toBeGreaterThan(10);
    // Nothing had to be read again.
    expect(sum('topicmirror_commit_conflicts_total')).toBe(0);
  });

  it('keeps nothing of a batch that was sent behind one that lost to another process', async () => {
    const topics = mirror.app.get(TopicsService);
    const begun = Date.now() * 1000;
    const { sum: before } = await scrape(mirror.http);
    const other = new pg.Client({ connectionString: mirror.database.url });
    await other.connect();
    const seen = async (condition: string) => {
      const rows = await mirror.database.query(
        `select 1 from pg_stat_activity where datname = current_database() and ${condition}`,
      );
      return rows.length > 0;
    };
    try {
      await other.query('begin');
      await other.query('select 1 from sequencer for update');
      const one = topics.apply(created('lost', 'one', begun));
      await until(() => seen(`query like '%mirror_write%' and wait_event_type = 'Lock'`));
      const [row] = (await other.query<{ now: string }>('select clock_timestamp()::text as now'))
        .rows;
      const two = topics.apply(created('lost', 'two', begun + 1));
      // It is sent as soon as what it needs was read.
      await until(() =>
        seen(`query like '%mirror_read%' and state = 'idle' and query_start > '${row?.now}'`),
      );
      await other.query('update sequencer set seq = seq + 1, batch = batch + 1');
      await other.query('commit');
      const applied = await Promise.all([one, two]);
      const seqs = applied.map(({ seqs: mine }) => mine?.[0] ?? 0);
      expect(seqs[1]).toBe((seqs[0] ?? 0) + 1);
      const changes = await mirror.database.query(
        `select kind, seq::float8, before->>'name' as before, after->>'name' as after
           from changes where topic_id = 'lost' order by seq`,
      );
      expect(changes).toEqual([
        { kind: 'created', seq: seqs[0], before: null, after: 'one' },
        { kind: 'updated', seq: seqs[1], before: 'one', after: 'two' },
      ]);
    } finally {
      await other.end();
    }
    const { sum } = await scrape(mirror.http);
    // The second lost only what the first had lost.
    const name = 'topicmirror_commit_conflicts_total';
    expect(sum(name) - before(name)).toBe(1);
  });
});

describe('group commit', () => {
  /** A queue whose attempts end when they are told to, and what happened to it. */
  function piped(maxBatch = 4) {
    const log: string[] = [];
    const ends: ((results: readonly number[] | null | Error) => void)[] = [];
    const commits = new GroupCommit<number, number, string>({
      pipeline: {
        prepare: async (items) => {
          log.push(`prepare ${items.join()}`);
          return items.join();
        },
        attempt: (items, prepared) => {
          log.push(`attempt ${items.join()} prepared ${prepared}`);
          return new Promise((resolve, reject) => {
            ends.push((end) => (end instanceof Error ? reject(end) : resolve(end)));
          });
        },
      },
      commit: async (items) => {
        log.push(`commit ${items.join()}`);
        if (items.includes(13)) throw new Error('bad');
        return items;
      },
      isItemFault: (error) => (error as Error).message === 'bad',
      maxBatch,
      maxQueue: 20,
    });
    return { commits, log, ends };
  }
  /** Until nothing more happens by itself. */
  const settle = async () => {
    for (let turns = 0; turns < 5; turns += 1) await new Promise(setImmediate);
  };

  it('sends a batch while the one before is on its way, once as many wait, and no third', async () => {
    const { commits, log, ends } = piped();
    const submitted = [commits.submit(1), commits.submit(2)];
    await settle();
    submitted.push(commits.submit(3));
    await settle();
    expect(log.splice(0)).toEqual(['prepare 1,2', 'attempt 1,2 prepared 1,2']);
    submitted.push(commits.submit(4));
    await settle();
    expect(log.splice(0)).toEqual(['prepare 3,4', 'attempt 3,4 prepared 3,4']);
    submitted.push(commits.submit(5), commits.submit(6), commits.submit(7));
    await settle();
    expect(log.splice(0)).toEqual(['prepare 5,6,7']);
    ends[0]?.([1, 2]);
    await settle();
    expect(log.splice(0)).toEqual(['attempt 5,6,7 prepared 5,6,7']);
    ends[1]?.([3, 4]);
    ends[2]?.([5, 6, 7]);
    await expect(Promise.all(submitted)).resolves.toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('sends a smaller batch as soon as the one before has ended', async () => {
    const { commits, log, ends } = piped();
    const submitted = [commits.submit(1), commits.submit(2)];
    await settle();
    submitted.push(commits.submit(3));
    ends[0]?.([1, 2]);
    await settle();
    expect(log.slice(2)).toEqual(['prepare 3', 'attempt 3 prepared 3']);
    ends[1]?.([3]);
    await expect(Promise.all(submitted)).resolves.toEqual([1, 2, 3]);
  });

  it('sends nothing when the one who made a batch due is taken back', async () => {
    const { commits, log, ends } = piped();
    const first = commits.submit(1);
    await settle();
    void commits.submit(2);
    commits.withdraw(2);
    await settle();
    expect(log.splice(0)).toEqual(['prepare 1', 'attempt 1 prepared 1']);
    ends[0]?.([1]);
    await expect(first).resolves.toBe(1);
    const second = commits.submit(3);
    await settle();
    expect(log).toEqual(['prepare 3', 'attempt 3 prepared 3']);
    ends[1]?.([3]);
    await expect(second).resolves.toBe(3);
  });

  it('commits one by one, in order, what was not kept', async () => {
    const { commits, log, ends } = piped();
    const submitted = [commits.submit(1)];
    await settle();
    submitted.push(commits.submit(2));
    await settle();
    submitted.push(commits.submit(3));
    await settle();
    log.length = 0;
    ends[0]?.(null);
    await settle();
    // The second may still be kept: nothing else is sent before that is known.
    expect(log).toEqual([]);
    ends[1]?.(null);
    await settle();
    // What the third had been given is of no use any more.
    expect(log).toEqual(['commit 1', 'commit 2', 'prepare 3', 'attempt 3 prepared 3']);
    ends[2]?.([3]);
    await expect(Promise.all(submitted)).resolves.toEqual([1, 2, 3]);
  });

  it('gives an error of an item to that item, and one of none to its batch', async () => {
    const { commits, log, ends } = piped();
    const first = Promise.allSettled([12, 13, 14].map((item) => commits.submit(item)));
    await settle();
    const second = Promise.allSettled([1, 2, 3].map((item) => commits.submit(item)));
    await settle();
    log.length = 0;
    ends[0]?.(new Error('bad'));
    ends[1]?.(new Error('down'));
    expect((await first).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect((await second).map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
    expect(log).toEqual(['commit 12', 'commit 13,14', 'commit 13', 'commit 14']);
  });

  it('gives a batch whose preparation failed the error, and goes on', async () => {
    let isDown = true;
    const commits = new GroupCommit<number, number, true>({
      pipeline: {
        prepare: () => (isDown ? Promise.reject(new Error('down')) : Promise.resolve(true)),
        attempt: async (items) => items,
      },
      commit: async (items) => items,
      isItemFault: () => false,
      maxBatch: 1,
      maxQueue: 10,
    });
    const results = await Promise.allSettled([commits.submit(1), commits.submit(2)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isDown = false;
    await expect(Promise.all([commits.submit(3), commits.submit(4)])).resolves.toEqual([3, 4]);
  });

  it('refuses what a full queue cannot take, and settles everything it took', async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const commits = new GroupCommit<number, number>({
      commit: async (items) => {
        await gate;
        return items;
      },
      isItemFault: () => false,
      maxBatch: 4,
      maxQueue: 10,
    });
    const settled = Promise.allSettled(
      Array.from({ length: 15 }, (_, item) => commits.submit(item)),
    );
    open();
    const results = await settled;
    expect(results.slice(0, 10).map((result) => result.status)).toEqual(
      Array(10).fill('fulfilled'),
    );
    for (const result of results.slice(10)) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(QueueFullError) });
    }
    await expect(commits.submit(99)).resolves.toBe(99);
  });

  it('hands an error that lies in no item to every caller of the batch, and goes on', async () => {
    let isDown = true;
    const commits = new GroupCommit<number, number>({
      commit: (items) => (isDown ? Promise.reject(new Error('down')) : Promise.resolve(items)),
      isItemFault: () => false,
      maxBatch: 10,
      maxQueue: 10,
    });
    const results = await Promise.allSettled([commits.submit(1), commits.submit(2)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isDown = false;
    await expect(commits.submit(3)).resolves.toBe(3);
  });
});
