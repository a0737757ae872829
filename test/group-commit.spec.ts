import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GroupCommit, QueueFullError } from '../src/database/group-commit.js';
import type { ChangeSet } from '../src/topics/change.js';
import { TopicsService } from '../src/topics/topics.service.js';
import { startApp, type TestApp } from './support/app.js';
import { topicPath } from './support/callbacks.js';

function created(topicId: string, name: string): ChangeSet {
  const at = Date.now() * 1000;
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

describe('group commit', () => {
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
