import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GroupCommit, QueueFullError } from '../src/database/group-commit.js';
import type { ChangeSet } from '../src/topics/change.js';
import { TopicsService } from '../src/topics/topics.service.js';
import { startApp, type TestApp } from './support/app.js';
import { topicPath } from './support/callbacks.js';
import { scrape } from './support/metrics.js';

function created(topicId: string, name: string, at = Date.now() * 1000): ChangeSet {
  return {
    changes: [{ subject: 'topic', kind: 'created', groupId: 'g', topicId, at, fields: { name } }],
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
});

describe('group commit', () => {
  it('prepares a batch while the one before is committed, once as many wait', async () => {
    const log: string[] = [];
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const commits = new GroupCommit<number, number, string>({
      prepare: async (items) => {
        log.push(`prepare ${items.join()}`);
        return items.join();
      },
      commit: async (items, prepared) => {
        log.push(`commit ${items.join()} prepared ${await prepared}`);
        await gate;
        return items;
      },
      isItemFault: () => false,
      maxBatch: 4,
      maxQueue: 10,
    });
    const first = [commits.submit(1), commits.submit(2)];
    await new Promise(setImmediate);
    const second = [commits.submit(3)];
    await new Promise(setImmediate);
    expect(log).toEqual(['commit 1,2 prepared undefined']);
    second.push(commits.submit(4));
    await new Promise(setImmediate);
    expect(log.slice(1)).toEqual(['prepare 3,4']);
    const third = commits.submit(5);
    open();
    await expect(Promise.all([...first, ...second, third])).resolves.toEqual([1, 2, 3, 4, 5]);
    expect(log.slice(2)).toEqual(['commit 3,4 prepared 3,4', 'commit 5 prepared undefined']);
  });

  it('gives a batch whose preparation failed the error, and goes on', async () => {
    let isDown = true;
    const commits = new GroupCommit<number, number, true>({
      prepare: () => (isDown ? Promise.reject(new Error('down')) : Promise.resolve(true)),
      commit: async (items, prepared) => {
        await prepared;
        await new Promise(setImmediate);
        return items;
      },
      isItemFault: () => false,
      maxBatch: 1,
      maxQueue: 10,
    });
    const results = await Promise.allSettled([commits.submit(1), commits.submit(2)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
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
