import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Feed } from '../../changes/feed.js';
import { GroupCommit } from '../../batching/group-commit.js';
import type { BatchQuery } from '../../database/batch-query.js';
import { Database } from '../../database/database.js';
import { CounterBehindError } from '../../database/epoch.js';
import {
  blamingItems,
  DatabaseUnavailableError,
  isConflict,
  isDataFault,
} from '../../database/errors.js';
import { JournalSignal } from '../../journal/journal-signal.js';
import { Metrics } from '../../metrics/metrics.js';
import { Tracing } from '../../tracing/tracing.js';
import type { Applied, ChangeSet } from '../domain/change.js';
import { type Comparison, compareTopics } from '../domain/comparison.js';
import { reduceApplicable } from '../domain/applicable.js';
import { reduce } from '../domain/reducer.js';
import { LargeSets } from './large-sets.js';
import { isLarge, weightOf } from '../domain/pieces.js';
import { type Reduced, isJournalOnly, type Snapshot } from '../domain/rows.js';
import { type BatchRead, TooMuchAtOnceError, TopicsRepository } from './topics.repository.js';

// Large enough to share a commit among all callers of a busy moment, small enough that a batch
// stays in the milliseconds.
const MAX_BATCH = 512;
// In topics that are named and KiB of body.
const MAX_BATCH_WEIGHT = 2_048;
const MAX_QUEUE = 10_000;
// Of a transaction that PostgreSQL rolls back for the sake of another; the lock makes that rare.
const MAX_ATTEMPTS = 5;
// A conflict costs two round trips; where another process writes, it will soon write again.
const LOCKED_AFTER_A_CONFLICT = 20;

/** A batch of change sets, reduced upon its snapshot. */
interface Batch {
  readonly snapshot: Snapshot;
  readonly reduced: Reduced;
  /** `false` on a conflict. */
  readonly isWritten: boolean;
}

/** The only writer of groups and topics. */
@Injectable()
export class TopicsService implements OnModuleDestroy {
  private readonly logger = new Logger('Topics');
  private readonly commits = new GroupCommit<ChangeSet, Applied>({
    commit: (sets) => this.tracing.commit(sets, () => this.commit(sets)),
    isItemFault: isDataFault,
    maxBatch: MAX_BATCH,
    weight: { of: weightOf, maxBatch: MAX_BATCH_WEIGHT },
    maxQueue: MAX_QUEUE,
  });

  private readonly large: LargeSets;
  /** How many batches take the lock first, since another process is expected to write as well. */
  private lockedBatches = 0;

  constructor(
    private readonly database: Database,
    private readonly repository: TopicsRepository,
    private readonly feed: Feed,
    private readonly journalSignal: JournalSignal,
    private readonly metrics: Metrics,
    private readonly tracing: Tracing,
  ) {
    this.large = new LargeSets((set) => this.commits.submit(set), repository);
    metrics.onScrape(() => metrics.queueLength.set(this.commits.length));
  }

  /**
   * Applies the changes of one callback or snapshot, all of them or none, and resolves after the
   * commit. Calls that wait at the same time are committed together, in the order of the calls; small sets may go
   * past large ones.
   * A callback that cannot be applied is journalled as `invalid`, without effect. One that touches more topics than
   * may be worked on at once is applied piece by piece, with others in between; its entry in the journal comes with
   * the last. If the process ends before, it has not been answered, or is still in the spool, and comes again.
   * @param onFault is called when this set, or another of its batch, cannot be applied: to tell them apart and to
   *   journal it takes further commits.
   * @throws QueueFullError when too many wait; nothing was stored.
   * @throws DatabaseUnavailableError when PostgreSQL did not answer; it may have been stored, and
   *   applying it again is safe.
   */
  async apply(set: ChangeSet, onFault?: () => void): Promise<Applied> {
    this.tracing.awaitCommit(set);
    try {
      return await (isLarge(set) ? this.large.apply(set) : this.commits.submit(set, onFault));
    } catch (error) {
      if (error instanceof TooMuchAtOnceError) return this.large.apply(set);
      if (!isDataFault(error) || !set.entry || set.changes.length === 0) throw error;
      const { entry } = set;
      this.logger.error({ msg: 'callback cannot be applied', id: entry.id, err: error });
      return this.commits.submit({
        ...set,
        changes: [],
        entry: { ...entry, otherwise: 'invalid' },
      });
    }
  }

  /**
   * Takes back a set that still waits: its `apply` is then never settled.
   * @returns whether it was taken back; of a large set the rest is, which may be a part.
   */
  withdraw(set: ChangeSet): boolean {
    this.large.withdraw(set);
    return this.commits.withdraw(set);
  }

  // What is large would keep a process that ends for long; a callback goes to the spool instead.
  onModuleDestroy(): void {
    this.large.stop();
  }

  /** What `apply` of these sets, one after the other, would change now. Writes nothing. */
  async preview(
    sets: readonly ChangeSet[],
  ): Promise<Pick<Reduced, 'changes' | 'groups' | 'applied'>> {
    const { snapshot, now } = await this.repository.read(this.database.writer, sets, 'unbounded');
    return reduceApplicable(sets, snapshot, now);
  }

  /**
   * Compares topics with what these sets alone, from nothing, make of their groups. Writes nothing.
   * A group that was compared with the vendor is left out: it may differ from its callbacks.
   */
  async compare(sets: readonly ChangeSet[]): Promise<Comparison> {
    const now = new Date();
    const made = reduceApplicable(sets, { seq: 0, batch: 0, groups: [], topics: [] }, now);
    const groupIds = made.groups.map((row) => row.group.groupId);
    const { groups, topics } = await this.repository.readGroups(this.database.writer, groupIds);
    return compareTopics(made, { groups, topics });
  }

  /** Reads, reduces, writes: two round trips, unless another process commits in between. */
  private async commit(sets: readonly ChangeSet[]): Promise<readonly Applied[]> {
    const startedAt = performance.now();
    try {
      const batch = (await this.attempt(sets)) ?? (await this.commitLocked(sets));
      this.publish(batch);
      this.journalSignal.emit();
      this.observe(sets, batch.reduced, secondsSince(startedAt));
      return batch.reduced.applied;
    } catch (error) {
      throw this.failed(error, startedAt);
    }
  }

  /** @returns `null` on a conflict; then nothing is written. */
  private async attempt(sets: readonly ChangeSet[]): Promise<Batch | null> {
    if (this.lockedBatches > 0) {
      this.lockedBatches -= 1;
      return null;
    }
    try {
      const batch = await this.reduceAndWrite(this.database.writer, sets);
      if (batch.isWritten) return batch;
    } catch (error) {
      // It begins another epoch under the lock.
      if (error instanceof CounterBehindError) return null;
      if (!isConflict(error)) throw error;
    }
    this.metrics.commitConflicts.inc();
    this.lockedBatches = LOCKED_AFTER_A_CONFLICT;
    return null;
  }

  /** Five round trips, in which no other process can commit. */
  private async commitLocked(sets: readonly ChangeSet[]): Promise<Batch> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.repository.underLock((query) => this.writeLocked(query, sets));
      } catch (error) {
        const isBehind = error instanceof CounterBehindError;
        if (!(isBehind || isConflict(error)) || attempt === MAX_ATTEMPTS) throw error;
        if (isBehind) await this.database.beginEpochIfBehind();
        this.metrics.commitConflicts.inc();
      }
    }
  }

  private async writeLocked(query: BatchQuery, sets: readonly ChangeSet[]): Promise<Batch> {
    const batch = await this.reduceAndWrite(query, sets);
    if (!batch.isWritten) throw new Error('a batch was committed in spite of the lock');
    return batch;
  }

  private async reduceAndWrite(query: BatchQuery, sets: readonly ChangeSet[]): Promise<Batch> {
    const { snapshot, now } = await this.readSnapshot(query, sets);
    const reduced = blamingItems(() => reduce(sets, snapshot, now));
    return {
      snapshot,
      reduced,
      isWritten: await this.repository.write(query, sets, reduced, snapshot),
    };
  }

  /** @throws CounterBehindError where the database has forgotten what was committed. */
  private async readSnapshot(query: BatchQuery, sets: readonly ChangeSet[]): Promise<BatchRead> {
    const { epochs } = this.database;
    const { known } = epochs;
    const read = await this.repository.read(query, sets);
    epochs.requireAhead(read.snapshot, known);
    return read;
  }

  private publish({ snapshot, reduced }: Batch): void {
    if (isJournalOnly(reduced)) return;
    const { seq: upTo, now: at, changes } = reduced;
    this.database.epochs.see({ seq: upTo, batch: snapshot.batch + 1 });
    this.feed.publish({ after: snapshot.seq, upTo, at, changes });
  }

  private failed(error: unknown, startedAt: number): Error {
    this.metrics.commitSeconds.observe({ outcome: 'failed' }, secondsSince(startedAt));
    return error instanceof Error && isDataFault(error)
      ? error
      : new DatabaseUnavailableError(error);
  }

  private observe(sets: readonly ChangeSet[], reduced: Reduced, seconds: number): void {
    const { seq } = reduced;
    this.logger.log({
      msg: 'committed',
      sets: sets.length,
      changes: reduced.changes.length,
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
