// Folds a batch of change sets into the rows they touch, pure: takes the rows as they are in the
// database, gives back those to be written and what became of each set. Its caller makes sure that
// nobody else wrote in between, so `seq` can be counted here.
//
// What is made once for each callback is spelled out: an object that is spread and then given more fields
// has a hidden class of its own in V8, made each time among the old objects, and leads to what is new.
import { BatchRows } from './batch-rows.js';
import type { Applied, ChangeSet, GroupChange, Outcome, TopicChange } from './change.js';
import { type Arrival, earliest, type Micros, PRECISION } from './moment.js';
import type { Registers } from './registers.js';
import type { Folded, Snapshot } from './snapshot.js';
import { mergeGroup, mergeTopic, type StaleReason } from './topic.js';
import { verify } from './verify.js';

// `now` is told in whole milliseconds.
const MICROS_OF_A_MS = 999;

export function fold(sets: readonly ChangeSet[], snapshot: Snapshot, now: Date): Folded {
  const folding = new Folding(snapshot, now);
  const applied = sets.map((set) => folding.apply(set));
  return folding.rows.written(applied);
}

class Folding {
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
        case 'verification':
          this.secondLookAt = earliest(
            this.secondLookAt,
            verify(this.rows, change, set, this.arrival.order),
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
    const { merged, doubtful } = mergeTopic(row?.topic, change, group, this.arrival);
    this.rows.setTopic(row, merged, set);
    this.markGroup(change.groupId, set, doubtful ? 'ambiguous_order' : null);
  }

  private applyToGroup(given: GroupChange, set: ChangeSet): void {
    const change = this.notAhead(given);
    const row = this.rows.group(change.groupId);
    const { merged, doubtful } = mergeGroup(row.group, change, this.arrival);
    this.rows.replaceGroup(row, merged, set);
    const reason = change.kind === 'doubted' ? 'unspecific_callback' : 'ambiguous_order';
    this.markGroup(change.groupId, set, doubtful ? reason : null);
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
        known: group.known.missedAt === undefined ? group.known : notMissed(group.known),
        calledAt: this.arrival.at,
        doubted: reason ? this.rows.batch : group.doubted,
        reason: reason ?? group.reason,
      },
      doubtedAt: reason ? (row.doubtedAt ?? arrivedAt) : row.doubtedAt,
      lastCallbackAt: Math.max(row.lastCallbackAt ?? 0, arrivedAt),
    });
  }
}

function notMissed<F>(known: Registers<F>): Registers<F> {
  return { ...known, missedAt: undefined };
}

/** What becomes of a set that changed nothing. */
export function otherwise({ entry }: ChangeSet): Outcome {
  return entry?.otherwise ?? 'unchanged';
}
