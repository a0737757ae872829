import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { GroupCommit, QueueFullError } from '../../src/batching/group-commit.js';
import type { ChangeSet } from '../../src/topics/domain/change.js';
import { TopicsService } from '../../src/topics/write/topics.service.js';
import { startApp, type TestApp } from '../support/app.js';
import { topicPath } from '../support/callbacks.js';
import { scrape } from '../support/metrics.js';
import { until } from '../support/until.js';

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

  it('reduces a batch again when another process committed after its snapshot', async () => {
    const topics = mirror.app.get(TopicsService);
    const begun = Date.now() * 1000;
    const { sum: before } = await scrape(mirror.http);
    const other = new pg.Client({ connectionString: mirror.database.url });
    await other.connect();
    const isWaiting = async () => {
      const rows = await mirror.database.query(
        `select 1 from pg_stat_activity
          where datname = current_database() and query like '%update sequencer%'
            and wait_event_type = 'Lock'`,
      );
      return rows.length > 0;
    };
    try {
      await other.query('begin');
      await other.query('select 1 from sequencer for update');
      const one = topics.apply(created('conflict', 'one', begun));
      await until(isWaiting);
      const two = topics.apply(created('conflict', 'two', begun + 1));
      await other.query('update sequencer set seq = seq + 1, batch = batch + 1');
      await other.query('commit');
      const applied = await Promise.all([one, two]);
      const seqs = applied.map(({ seqs: mine }) => mine?.[0] ?? 0);
      expect(seqs[1]).toBe((seqs[0] ?? 0) + 1);
      const changes = await mirror.database.query(
        `select kind, seq::float8, before->>'name' as before, after->>'name' as after
           from changes where topic_id = 'conflict' order by seq`,
      );
      expect(changes).toEqual([
        { kind: 'created', seq: seqs[0], before: null, after: 'one' },
        { kind: 'updated', seq: seqs[1], before: 'one', after: 'two' },
      ]);
    } finally {
      await other.end();
    }
    const { sum } = await scrape(mirror.http);
    const name = 'topicmirror_commit_conflicts_total';
    expect(sum(name) - before(name)).toBe(1);
  });
});

describe('group commit', () => {
  /** A queue whose commits end when they are told to, and what it committed. */
  function controlled(maxBatch = 4, maxWeight = 100) {
    const log: string[] = [];
    const ends: ((error?: Error) => void)[] = [];
    const commits = new GroupCommit<number, number>({
      commit: (items) => {
        log.push(items.join());
        return new Promise((resolve, reject) => {
          ends.push((error) => (error ? reject(error) : resolve(items)));
        });
      },
      isItemFault: (error) => (error as Error).message === 'bad',
      maxBatch,
      weight: { of: (item) => item, maxBatch: maxWeight },
      maxQueue: 20,
    });
    return { commits, log, end: (error?: Error) => ends.shift()?.(error) };
  }
  /** Until nothing more happens by itself. */
  const settle = async () => {
    for (let turns = 0; turns < 5; turns += 1) await new Promise(setImmediate);
  };

  it('commits one batch at a time, and together what arrives meanwhile', async () => {
    const { commits, log, end } = controlled();
    const submitted = [commits.submit(1), commits.submit(2)];
    await settle();
    submitted.push(...[3, 4, 5, 6, 7].map((item) => commits.submit(item)));
    await settle();
    expect(log.splice(0)).toEqual(['1,2']);
    end();
    await settle();
    expect(log.splice(0)).toEqual(['3,4,5,6']);
    end();
    await settle();
    expect(log).toEqual(['7']);
    end();
    await expect(Promise.all(submitted)).resolves.toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('lets light items go past heavy ones, and none wait for ever', async () => {
    const { commits, log, end } = controlled(4, 10);
    const submitted = [commits.submit(9)];
    await settle();
    submitted.push(...[8, 7, 6, 1, 20, 2, 1].map((item) => commits.submit(item)));
    for (let batches = 0; batches < 5; batches += 1) {
      end();
      await settle();
    }
    end();
    await expect(Promise.all(submitted)).resolves.toHaveLength(8);
    expect(log).toEqual(['9', '8,1,1', '7,2', '6', '20']);
  });

  it('commits nothing that was taken back before', async () => {
    const { commits, log, end } = controlled();
    const submitted = [commits.submit(1)];
    await settle();
    void commits.submit(2);
    submitted.push(commits.submit(3));
    commits.withdraw(2);
    end();
    await settle();
    end();
    await expect(Promise.all(submitted)).resolves.toEqual([1, 3]);
    expect(log).toEqual(['1', '3']);
  });

  it('gives an error of an item to that item, and one of none to its batch', async () => {
    const { commits, log, end } = controlled();
    const first = Promise.allSettled([12, 13, 14].map((item) => commits.submit(item)));
    await settle();
    const second = Promise.allSettled([1, 2, 3].map((item) => commits.submit(item)));
    for (const error of ['bad', null, 'bad', 'bad', null, 'down']) {
      end(error === null ? undefined : new Error(error));
      await settle();
    }
    const statuses = (await first).map(({ status }) => status);
    expect(statuses).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await second).map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
    // Halved until the item stands alone, before the next batch.
    expect(log).toEqual(['12,13,14', '12', '13,14', '13', '14', '1,2,3']);
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
