// Reduces a batch of change sets to the rows they touch, pure: takes the rows as they are in the
// database, gives back those to be written and what became of each set. Its caller makes sure that
// nobody else wrote in between, so `seq` can be counted here.
//
// What is made once for each callback is spelled out: an object that is spread and then given more fields
// has a hidden class of its own in V8, made each time among the old objects, and leads to what is new.
import { BatchRows } from './batch-rows.js';
import type { Outcome } from '../../journal/journal-entry.js';
import type { Applied, ChangeSet, GroupChange, TopicChange } from './change.js';
import { type Arrival, earliest, type Micros, PRECISION } from './event-time.js';
import type { LwwRegisters } from './lww-registers.js';
import type { Reduced, Snapshot } from './rows.js';
import { mergeGroup, mergeTopic } from './topic.js';
import type { StaleReason } from './model.js';
import { applySnapshot } from './reconciliation.js';

// `now` has whole milliseconds.
const MICROS_OF_A_MS = 999;

export function reduce(sets: readonly ChangeSet[], snapshot: Snapshot, now: Date): Reduced {
  const reducer = new Reducer(snapshot, now);
  const applied = sets.map((set) => reducer.apply(set));
  return reducer.rows.written(applied);
}

class Reducer {
  readonly rows: BatchRows;
  /** How many sets were applied. */
  private applied = 0;
  /** The place of the set that is being applied. */
  private arrival: Arrival = { order: [0, 0], at: 0 };
  private secondLookAt: Micros | null = null;

  constructor(
    snapshot: Snapshot,
    private readonly now: Date,
  ) {
    this.rows = new BatchRows(snapshot, now);
  }

  /**
   * The database's now, and later than that of the set before: nothing that arrives has happened later,
   * whatever the clock says by which it is dated.
   */
  private get limit(): Micros {
    return this.now.getTime() * 1000 + MICROS_OF_A_MS + this.applied;
  }

  apply(given: ChangeSet): Applied {
    const set = given.arrivedAt > this.limit ? { ...given, arrivedAt: this.limit } : given;
    this.arrival = { order: [this.rows.batch, this.applied], at: this.now.getTime() * 1000 };
    this.secondLookAt = null;
    const before = this.rows.seq;
    for (const change of set.changes) {
      switch (change.subject) {
        case 'topic':
          this.applyToTopic(change, set);
          break;
        case 'topics': {
          const { topicIds, ...same } = change;
          for (const topicId of topicIds) {
            this.applyToTopic({ ...same, subject: 'topic', topicId }, set);
          }
          break;
        }
        case 'group':
          this.applyToGroup(change, set);
          break;
        case 'snapshot':
          this.secondLookAt = earliest(
            this.secondLookAt,
            applySnapshot(this.rows, change, set, this.arrival.order),
          );
          break;
      }
    }
    this.applied += 1;
    const again = this.secondLookAt === null ? {} : { secondLookAt: this.secondLookAt };
    const { seq } = this.rows;
    return seq === before
      ? { outcome: otherwise(set), seqs: null, ...again }
      : { outcome: 'applied', seqs: [before + 1, seq], ...again };
  }

  private applyToTopic(given: TopicChange, set: ChangeSet): void {
    const change = this.notAhead(given);
    const { group } = this.rows.group(change.groupId);
    const row = this.rows.topic(change.groupId, change.topicId);
    const { merged, isAmbiguous } = mergeTopic(row?.topic, change, group, this.arrival);
    this.rows.setTopic(row, merged, set);
    this.markGroup(change.groupId, set, isAmbiguous ? 'ambiguous_order' : null);
  }

  private applyToGroup(given: GroupChange, set: ChangeSet): void {
    const change = this.notAhead(given);
    const row = this.rows.group(change.groupId);
    const { merged, isAmbiguous } = mergeGroup(row.group, change, this.arrival);
    this.rows.replaceGroup(row, merged, set);
    const reason = change.kind === 'unspecific' ? 'unspecific_callback' : 'ambiguous_order';
    this.markGroup(change.groupId, set, isAmbiguous ? reason : null);
  }

  /** What is dated later than its arrival counts as dated by that. */
  private notAhead<C extends TopicChange | GroupChange>(change: C): C {
    const { limit } = this;
    return change.at <= limit ? change : { ...change, at: limit, precision: PRECISION.arrival };
  }

  private markGroup(groupId: string, { arrivedAt }: ChangeSet, reason: StaleReason | null): void {
    const row = this.rows.group(groupId);
    const { group } = row;
    this.rows.setGroup({
      ...row,
      group: {
        ...group,
        // It is there: a callback names it.
        registers:
          group.registers.missingSince === undefined ? group.registers : notMissed(group.registers),
        lastCallbackAt: this.arrival.at,
        staleBatch: reason ? this.rows.batch : group.staleBatch,
        staleReason: reason ?? group.staleReason,
      },
      staleSince: reason ? (row.staleSince ?? arrivedAt) : row.staleSince,
      lastCallbackAt: Math.max(row.lastCallbackAt ?? 0, arrivedAt),
    });
  }
}

function notMissed<F>(known: LwwRegisters<F>): LwwRegisters<F> {
  return { ...known, missingSince: undefined };
}

/** What becomes of a set that changed nothing. */
export function otherwise({ entry }: ChangeSet): Outcome {
  return entry?.otherwise ?? 'unchanged';
}
