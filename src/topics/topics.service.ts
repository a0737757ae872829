import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Feed } from '../changes/feed.js';
import { type BatchQuery, inTransaction } from '../database/batch-query.js';
import { type Connection, Database } from '../database/database.js';
import { CounterBehindError } from '../database/epoch.js';
import {
  blamingItems,
  DatabaseUnavailableError,
  isConflict,
  isDataFault,
} from '../database/errors.js';
import { GroupCommit } from '../database/group-commit.js';
import { Metrics } from '../metrics/metrics.js';
import { Tracing } from '../tracing/tracing.js';
import type { Applied, ChangeSet } from './change.js';
import { type Comparison, compareTopics } from './comparison.js';
import { type Draft, Drafts, type Read, turnOf } from './drafts.js';
import { foldApplicable } from './applicable.js';
import { fold } from './fold.js';
import { LargeSets } from './large-sets.js';
import { isLarge, weightOf } from './pieces.js';
import type { Folded } from './snapshot.js';
import { TooMuchAtOnceError, TopicsStore } from './topics.store.js';

// Large enough to share a commit among all callers of a busy moment, small enough that a batch
// stays in the milliseconds.
const MAX_BATCH = 512;
// In topics that are named and KiB of body.
const MAX_BATCH_WEIGHT = 2_048;
const MAX_QUEUE = 10_000;
// Of a transaction that PostgreSQL rolls back for the sake of another; the lock makes that rare.
const MAX_ATTEMPTS = 5;
// To lose against another process costs two round trips; where one writes it will soon write again.
const TURNS_AFTER_A_LOSS = 20;

/** The only writer of groups and topics. */
@Injectable()
export class TopicsService implements OnModuleDestroy {
  private readonly logger = new Logger('Topics');
  private readonly commits = new GroupCommit<ChangeSet, Applied, Read | null>({
    pipeline: {
      prepare: (sets) => this.readAhead(sets),
      attempt: (sets, read) =>
        read ? this.tracing.commit(sets, () => this.attempt(sets, read)) : Promise.resolve(null),
    },
    commit: (sets) => this.tracing.commit(sets, () => this.commit(sets)),
    isItemFault: isDataFault,
    maxBatch: MAX_BATCH,
    weight: { of: weightOf, maxBatch: MAX_BATCH_WEIGHT },
    maxQueue: MAX_QUEUE,
  });

  private readonly large: LargeSets;
  /** For how many batches another process is expected to write as well. */
  private turnsToTake = 0;
  private readonly drafts = new Drafts();

  constructor(
    private readonly database: Database,
    private readonly store: TopicsStore,
    private readonly feed: Feed,
    private readonly metrics: Metrics,
    private readonly tracing: Tracing,
  ) {
    this.large = new LargeSets((set) => this.commits.submit(set), store);
    metrics.onScrape(() => metrics.queueLength.set(this.commits.length));
  }

  /**
   * Applies what one callback or one answer said, all of it or nothing, and resolves after the
   * commit. Calls that wait at the same time are committed together, in the order of the calls.
   * A callback that cannot be applied is journalled as `invalid`, without effect. One that touches more topics than
   * may be worked on at once is applied piece by piece, with others in between; its entry in the journal comes with
   * the last. If the process ends before, it has not been answered, or is still in the spool, and comes again.
   * @param onFault is called when this set, or another of its batch, cannot be applied: to tell them apart and to
   *   journal it takes further commits.
   * @throws QueueFullError when too many wait; nothing was kept.
   * @throws DatabaseUnavailableError when PostgreSQL did not answer; it may have been kept, and
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
  ): Promise<Pick<Folded, 'changes' | 'groups' | 'applied'>> {
    const { snapshot, now } = await this.store.read(this.database.writer, sets, 'unbounded');
    return foldApplicable(sets, snapshot, now);
  }

  /**
   * Compares topics with what these sets alone, from nothing, make of their groups. Writes nothing.
   * A group that was compared with the vendor is left out: it need not be what its callbacks say.
   */
  async compare(sets: readonly ChangeSet[]): Promise<Comparison> {
    const now = new Date();
    const made = foldApplicable(sets, { seq: 0, batch: 0, groups: [], topics: [] }, now);
    const groupIds = made.groups.map((row) => row.group.groupId);
    const { groups, topics } = await this.store.readGroups(this.database.writer, groupIds);
    return compareTopics(made, { groups, topics });
  }

  /** Reads what a batch needs while those before are being written. */
  private async readAhead(sets: readonly ChangeSet[]): Promise<Read | null> {
    if (this.turnsToTake > 0) return null;
    const startedAt = performance.now();
    try {
      return await this.readAfterKnown(this.database.writer, sets);
    } catch (error) {
      // `commit` repeats what came into conflict, and begins another epoch.
      if (isConflict(error) || error instanceof CounterBehindError) return null;
      throw this.failed(error, startedAt);
    }
  }

  /** @throws CounterBehindError where the database has forgotten what was committed. */
  private async readAfterKnown(query: BatchQuery, sets: readonly ChangeSet[]): Promise<Read> {
    const { epochs } = this.database;
    const { known } = epochs;
    const read = await this.store.read(query, sets);
    epochs.requireAhead(read.snapshot, known);
    return read;
  }

  /**
   * Two round trips, as long as no other process commits in between; else `null`. The first is `read`; the second
   * does not wait for that of the batch before, and writes nothing if that one was not kept.
   */
  private async attempt(
    sets: readonly ChangeSet[],
    read: Read,
  ): Promise<readonly Applied[] | null> {
    const startedAt = performance.now();
    const ground = this.drafts.layUpon(read);
    const folded = blamingItems(() => fold(sets, ground.snapshot, ground.now));
    const draft = this.drafts.make(folded, ground);
    try {
      const { pipeline } = this.database;
      if (await this.store.write(pipeline, sets, folded, turnOf(draft, ground))) {
        this.keep(draft);
        this.observe(sets, folded, secondsSince(startedAt));
        return folded.applied;
      }
    } catch (error) {
      if (!isConflict(error)) {
        this.lose(draft);
        throw this.failed(error, startedAt);
      }
    }
    this.lose(draft);
    if (ground.last?.fate !== 'lost') {
      this.metrics.commitConflicts.inc();
      this.turnsToTake = TURNS_AFTER_A_LOSS;
    }
    return null;
  }

  /** Five round trips, in which no other process can commit. */
  private async commit(sets: readonly ChangeSet[]): Promise<readonly Applied[]> {
    const startedAt = performance.now();
    if (this.turnsToTake > 0) this.turnsToTake -= 1;
    this.drafts.forget();
    try {
      const { folded, draft } = await this.repeatOnConflict(() =>
        this.database.transaction((tx) => this.takeTurn(tx, sets)),
      );
      this.keep(draft);
      this.observe(sets, folded, secondsSince(startedAt));
      return folded.applied;
    } catch (error) {
      this.drafts.forget();
      throw this.failed(error, startedAt);
    }
  }

  private async repeatOnConflict<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        const isBehind = error instanceof CounterBehindError;
        if (!(isBehind || isConflict(error)) || attempt === MAX_ATTEMPTS) throw error;
        if (isBehind) await this.database.beginEpochIfBehind();
        this.metrics.commitConflicts.inc();
        this.drafts.forget();
      }
    }
  }

  private async takeTurn(
    tx: Connection,
    sets: readonly ChangeSet[],
  ): Promise<{ readonly folded: Folded; readonly draft: Draft | null }> {
    await this.store.lock(tx);
    const query = inTransaction(tx);
    const ground = { ...(await this.readAfterKnown(query, sets)), last: null };
    const folded = blamingItems(() => fold(sets, ground.snapshot, ground.now));
    const draft = this.drafts.make(folded, ground);
    const isWritten = await this.store.write(query, sets, folded, turnOf(draft, ground));
    if (!isWritten) throw new Error('a batch was committed in spite of the lock');
    return { folded, draft };
  }

  private keep(draft: Draft | null): void {
    if (draft === null) return;
    draft.fate = 'kept';
    const { seqBefore: after, batch, folded } = draft;
    this.database.epochs.see({ seq: folded.seq, batch });
    this.feed.tell({ after, upTo: folded.seq, at: folded.now, changes: folded.changes });
  }

  /** It may have been committed all the same. */
  private lose(draft: Draft | null): void {
    if (draft) draft.fate = 'lost';
    this.drafts.forget();
  }

  private failed(error: unknown, startedAt: number): Error {
    this.metrics.commitSeconds.observe({ outcome: 'failed' }, secondsSince(startedAt));
    return error instanceof Error && isDataFault(error)
      ? error
      : new DatabaseUnavailableError(error);
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
