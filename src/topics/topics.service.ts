import { Injectable, Logger } from '@nestjs/common';
import { inTransaction } from '../database/batch-query.js';
import { Database } from '../database/database.js';
import { DatabaseUnavailableError, isDataFault } from '../database/errors.js';
import { GroupCommit } from '../database/group-commit.js';
import { Metrics } from '../metrics/metrics.js';
import { Tracing } from '../tracing/tracing.js';
import type { Applied, ChangeSet } from './change.js';
import { type Comparison, compareTopics } from './comparison.js';
import { fold } from './fold.js';
import { afterCommit, type Committed, type Read } from './read-ahead.js';
import { type ChangeRow, type Folded, isJournalOnly } from './snapshot.js';
import { TopicsStore } from './topics.store.js';

// Large enough to share a commit among all callers of a busy moment, small enough that a batch
// stays in the milliseconds.
const MAX_BATCH = 512;
const MAX_QUEUE = 10_000;
// To lose against another process costs two round trips; where one writes it will soon write again.
const TURNS_AFTER_A_LOSS = 20;

/** The only writer of groups and topics. */
@Injectable()
export class TopicsService {
  private readonly logger = new Logger('Topics');
  private readonly commits = new GroupCommit<ChangeSet, Applied, Read | null>({
    commit: (sets, read) => this.tracing.commit(sets, () => this.commit(sets, read)),
    prepare: (sets) => this.readAhead(sets),
    isItemFault: isDataFault,
    maxBatch: MAX_BATCH,
    maxQueue: MAX_QUEUE,
  });

  /** For how many batches another process is expected to write as well. */
  private turnsToTake = 0;
  /** What this process committed last, unless another may have done so since. */
  private last: Committed | null = null;

  constructor(
    private readonly database: Database,
    private readonly store: TopicsStore,
    private readonly metrics: Metrics,
    private readonly tracing: Tracing,
  ) {
    metrics.onScrape(() => metrics.queueLength.set(this.commits.length));
  }

  /**
   * Applies what one callback or one answer said, all of it or nothing, and resolves after the
   * commit. Calls that wait at the same time are committed together, in the order of the calls.
   * @throws QueueFullError when too many wait; nothing was kept.
   * @throws DatabaseUnavailableError when PostgreSQL did not answer; it may have been kept, and
   *   applying it again is safe.
   */
  async apply(set: ChangeSet): Promise<Applied> {
    this.tracing.awaitCommit(set);
    return this.commits.submit(set);
  }

  /** Takes back a set that still waits: its `apply` is then never settled. */
  withdraw(set: ChangeSet): void {
    this.commits.withdraw(set);
  }

  /** What `apply` of these sets, one after the other, would change now. Writes nothing. */
  async preview(sets: readonly ChangeSet[]): Promise<readonly ChangeRow[]> {
    const { snapshot, now } = await this.store.read(this.database.writer, sets);
    return fold(sets, snapshot, now).changes;
  }

  /**
   * Compares topics with what these sets alone, from nothing, make of their groups. Writes nothing.
   * A group that was compared with the vendor is left out: it need not be what its callbacks say.
   */
  async compare(sets: readonly ChangeSet[]): Promise<Comparison> {
    const now = new Date();
    const made = fold(sets, { seq: 0, groups: [], topics: [] }, now);
    const groupIds = made.groups.map((row) => row.group.groupId);
    const { groups, topics } = await this.store.readGroups(this.database.writer, groupIds);
    return compareTopics(made, { groups, topics });
  }

  private async commit(
    sets: readonly ChangeSet[],
    ahead?: Promise<Read | null>,
  ): Promise<readonly Applied[]> {
    const startedAt = performance.now();
    try {
      const folded = await this.write(sets, ahead);
      this.observe(sets, folded, secondsSince(startedAt));
      return folded.applied;
    } catch (error) {
      // It may have been committed all the same.
      this.last = null;
      this.metrics.commitSeconds.observe({ outcome: 'failed' }, secondsSince(startedAt));
      throw isDataFault(error) ? error : new DatabaseUnavailableError(error);
    }
  }

  /** Reads what a batch needs while the one before is being written. */
  private async readAhead(sets: readonly ChangeSet[]): Promise<Read | null> {
    return this.turnsToTake > 0 ? null : this.store.read(this.database.writer, sets);
  }

  private async write(sets: readonly ChangeSet[], ahead?: Promise<Read | null>): Promise<Folded> {
    if (this.turnsToTake > 0) this.turnsToTake -= 1;
    else {
      const folded = await this.tryAlone(sets, await ahead);
      if (folded) return folded;
      this.turnsToTake = TURNS_AFTER_A_LOSS;
    }
    this.last = null;
    return this.takeTurns(sets);
  }

  /** Two round trips, as long as no other process commits in between; else `null`. */
  private async tryAlone(sets: readonly ChangeSet[], ahead?: Read | null): Promise<Folded | null> {
    const { writer } = this.database;
    const read = ahead ?? (await this.store.read(writer, sets));
    const { snapshot, now, batch } = this.last ? afterCommit(read, this.last) : read;
    const folded = fold(sets, snapshot, now);
    if (await this.store.write(writer, sets, folded, batch)) {
      if (!isJournalOnly(folded)) this.last = { folded, batch: batch + 1 };
      return folded;
    }
    this.metrics.commitConflicts.inc();
    return null;
  }

  /** Five round trips, in which no other process can commit. */
  private takeTurns(sets: readonly ChangeSet[]): Promise<Folded> {
    return this.database.transaction(async (tx) => {
      await this.store.lock(tx);
      const query = inTransaction(tx);
      const { snapshot, now, batch } = await this.store.read(query, sets);
      const folded = fold(sets, snapshot, now);
      if (await this.store.write(query, sets, folded, batch)) return folded;
      throw new Error('a batch was committed in spite of the lock');
    });
  }

  private observe(sets: readonly ChangeSet[], folded: Folded, seconds: number): void {
    const { seq } = folded;
    this.logger.log({
      msg: 'committed',
      sets: sets.length,
      changes: folded.changes.length,
      seq,
      ms: Math.round(seconds * 1000),
    });
    this.metrics.seq.set(seq);
    this.metrics.commitSeconds.observe({ outcome: 'committed' }, seconds);
    this.metrics.commitBatch.observe(sets.length);
    const nowMs = Date.now();
    for (const { origin, changes } of sets) {
      const [first] = changes;
      if (!first || origin !== 'callback') continue;
      // Clocks differ a little: a date may be ahead.
      this.metrics.eventLag.observe(Math.max(0, nowMs - first.at / 1000) / 1000);
    }
  }
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000;
}
