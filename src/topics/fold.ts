// Folds a batch of change sets into the rows they touch, pure: takes the rows as they are in the
// database, gives back those to be written and what became of each set. Its caller makes sure that
// nobody else wrote in between, so `seq` can be counted here.
//
// What is made once for each callback is spelled out: an object that is spread and then given more fields
// has a hidden class of its own in V8, made each time among the old objects, and leads to what is new.
import { isHeardSince, isOverruled, verifyTopic } from './answer.js';
import type {
  Applied,
  ChangeSet,
  GroupChange,
  Outcome,
  TopicChange,
  Verification,
} from './change.js';
import { deletesTooMuch, dueAfter, isRecent, judgeGroup, judgeTopic } from './judgement.js';
import { type Arrival, type Micros, PRECISION } from './moment.js';
import { isSame, NOTHING_KNOWN, type Registers } from './registers.js';
import {
  type ChangeRow,
  type Folded,
  type GroupRow,
  type Snapshot,
  topicKey,
  type TopicRow,
} from './snapshot.js';
import { diffTopic } from './topic-diff.js';
import { isLive, isSameView, type TopicView, viewGroup, viewTopic } from './topic-view.js';
import {
  type Group,
  mergeGroup,
  mergeTopic,
  settleTopic,
  type StaleReason,
  type Topic,
} from './topic.js';

// `now` is told in whole milliseconds.
const MICROS_OF_A_MS = 999;
// What is told of a group where an answer left several things open.
const GRAVEST_FIRST = ['deletions_held', 'contradiction', 'concurrent_callback'] as const;

export function fold(sets: readonly ChangeSet[], snapshot: Snapshot, now: Date): Folded {
  const folding = new Folding(snapshot, now);
  const applied = sets.map((set) => folding.apply(set));
  return folding.written(applied);
}

class Folding {
  private readonly groups: Map<string, GroupRow>;
  private readonly topics: Map<string, TopicRow>;
  private readonly writtenGroups = new Set<string>();
  private readonly writtenTopics = new Set<string>();
  private readonly changes: ChangeRow[] = [];
  private seq: number;
  /** The number that this batch has when it is committed. */
  private readonly batch: number;
  /** How many sets were applied. */
  private applied = 0;
  /** The place of the set that is being applied. */
  private arrival: Arrival = { order: [0, 0], at: 0 };
  private secondLookAt: Micros | null = null;

  constructor(
    snapshot: Snapshot,
    private readonly now: Date,
  ) {
    this.groups = new Map(snapshot.groups.map((row) => [row.group.groupId, row]));
    this.topics = new Map(
      snapshot.topics.map((row) => [topicKey(row.topic.groupId, row.topic.topicId), row]),
    );
    this.seq = snapshot.seq;
    this.batch = snapshot.batch + 1;
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
    this.arrival = { order: [this.batch, this.applied], at: this.now.getTime() * 1000 };
    this.secondLookAt = null;
    const before = this.seq;
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
          this.verify(change, set);
          break;
      }
    }
    this.applied += 1;
    const again = this.secondLookAt === null ? {} : { secondLookAt: this.secondLookAt };
    return this.seq === before
      ? { outcome: otherwise(set), seqs: null, ...again }
      : { outcome: 'applied', seqs: [before + 1, this.seq], ...again };
  }

  private applyToTopic(given: TopicChange, set: ChangeSet): void {
    const change = this.notAhead(given);
    const { group } = this.groupRow(change.groupId);
    const row = this.topics.get(topicKey(change.groupId, change.topicId));
    const { merged, doubtful } = mergeTopic(row?.topic, change, group, this.arrival);
    this.keepTopic(row, merged, row ? viewTopic(row.topic, group) : null, set);
    this.markGroup(change.groupId, set, doubtful ? 'ambiguous_order' : null);
  }

  private applyToGroup(given: GroupChange, set: ChangeSet): void {
    const change = this.notAhead(given);
    const row = this.groupRow(change.groupId);
    const { merged, doubtful } = mergeGroup(row.group, change, this.arrival);
    this.replaceGroup(row, merged, set);
    const reason = change.kind === 'doubted' ? 'unspecific_callback' : 'ambiguous_order';
    this.markGroup(change.groupId, set, doubtful ? reason : null);
  }

  /** What is dated later than its arrival counts as dated by that. */
  private notAhead<C extends TopicChange | GroupChange>(change: C): C {
    const { limit } = this;
    return change.at <= limit ? change : { ...change, at: limit, precision: PRECISION.arrival };
  }

  private verify(answer: Verification, set: ChangeSet): void {
    const { groupId, asked } = answer;
    const { order } = this.arrival;
    const before = this.groupRow(groupId);
    if (isOverruled(answer, before.group, this.batch - 1)) return;
    const judged = judgeGroup(before.group, answer, order);
    const reasons = new Set([judged.reason]);
    this.lookAgain(judged.dueAt);
    this.replaceGroup(before, judged.result, set);

    const { listed, rows, areDeletionsHeld } = this.concernedBy(answer, judged.topics ?? []);
    for (const row of judged.topics === null ? [] : rows) {
      const { topic } = row;
      const told = listed.get(topic.topicId);
      listed.delete(topic.topicId);
      if (isHeardSince(topic, asked)) reasons.add('concurrent_callback');
      else if (told || answer.group !== null) {
        const { group } = before;
        const { result, reason, dueAt } = judgeTopic(topic, told, answer, {
          group,
          areDeletionsHeld,
          order,
        });
        reasons.add(reason);
        this.lookAgain(dueAt);
        this.correctTopic(row, result, set);
      }
    }
    for (const told of listed.values()) {
      this.keepTopic(undefined, verifyTopic(undefined, answer, told, order), null, set);
    }
    this.conclude(answer, GRAVEST_FIRST.find((reason) => reasons.has(reason)) ?? null);
    // It may be older than the last callback.
    const { calledAt } = before.group;
    if (isRecent(calledAt, answer)) this.lookAgain(dueAfter(calledAt, answer));
  }

  /** Of which topics an answer speaks. */
  private concernedBy(answer: Verification, topics: Verification['topics']) {
    const listed = new Map(topics.map((topic) => [topic.topicId, topic]));
    const { group } = this.groupRow(answer.groupId);
    const rows = this.topicsOf(answer.groupId).filter(
      ({ topic }) => answer.only?.has(topic.topicId) !== false,
    );
    const living = rows.filter(({ topic }) => viewTopic(topic, group).deletedAt === null);
    const missing = living.filter(({ topic }) => !listed.has(topic.topicId));
    const areDeletionsHeld = deletesTooMuch(missing.length, living.length, answer);
    return { listed, rows, areDeletionsHeld };
  }

  /** Writes how the group stands after an answer. @param reason why it did not settle all. */
  private conclude({ groupId, at, asked }: Verification, reason: StaleReason | null): void {
    const row = this.groupRow(groupId);
    const isLate = reason === 'concurrent_callback';
    // Another part of the same answer may have been held back, or may have come late.
    const isHeld = row.group.held === asked || (reason !== null && !isLate);
    const isDoubted = isLate || isHeld || (row.group.doubted ?? 0) > asked;
    this.keepGroup({
      ...row,
      group: {
        ...row.group,
        held: isHeld ? asked : undefined,
        // The writers of all parts know by this that a callback came after the question.
        doubted: isLate ? this.batch : row.group.doubted,
        reason: isDoubted ? (reason ?? row.group.reason) : undefined,
      },
      verifiedAt: isHeld ? row.verifiedAt : Math.max(row.verifiedAt ?? 0, at),
      doubtedAt: isDoubted ? (row.doubtedAt ?? at) : null,
    });
  }

  private lookAgain(at: Micros | null): void {
    if (at !== null) this.secondLookAt = Math.min(at, this.secondLookAt ?? Infinity);
  }

  /** Writes what the vendor says of a topic only where it looks other than before. */
  private correctTopic(row: TopicRow, topic: Topic, set: ChangeSet): void {
    const { group } = this.groupRow(topic.groupId);
    const looks = viewTopic(row.topic, group);
    const corrected = viewTopic(settleTopic(topic, group), group);
    if (looks.deletedAt !== null && corrected.deletedAt !== null) return;
    const isMissed = topic.known.missedAt !== row.topic.known.missedAt;
    if (isMissed || diffTopic(looks, corrected) !== null) this.keepTopic(row, topic, looks, set);
  }

  /** Writes a group that became another; its end, its owner and its return show in its topics. */
  private replaceGroup(row: GroupRow, group: Group, set: ChangeSet): void {
    if (group === row.group) return;
    const isSeen = !isSameView(viewGroup(group), viewGroup(row.group));
    this.keepGroup({ ...row, group, seq: isSeen ? ++this.seq : row.seq });
    const isEnd = !isSame(group.known.gone, row.group.known.gone);
    if (!isEnd && (!group.handover || isSame(group.handover, row.group.handover))) return;
    for (const topic of this.topicsOf(group.groupId)) {
      this.keepTopic(topic, topic.topic, viewTopic(topic.topic, row.group), set);
    }
  }

  /** Writes a topic of which something was learned; only what can be seen of it takes a `seq`. */
  private keepTopic(
    row: TopicRow | undefined,
    topic: Topic,
    before: TopicView | null,
    set: ChangeSet,
  ): void {
    const { group } = this.groupRow(topic.groupId);
    const settled = settleTopic(topic, group);
    const after = viewTopic(settled, group);
    const difference = diffTopic(before, after);
    if (difference === null && settled === row?.topic) return;

    const { groupId, topicId } = topic;
    const key = topicKey(groupId, topicId);
    this.writtenTopics.add(key);
    if (difference === null) {
      this.topics.set(key, {
        topic: settled,
        seq: row?.seq ?? this.seq,
        updatedAt: row?.updatedAt ?? this.now,
      });
      return;
    }
    this.seq += 1;
    this.topics.set(key, { topic: settled, seq: this.seq, updatedAt: this.now });
    const { origin, operatorAccount, platform } = set;
    this.changes.push({
      kind: difference.kind,
      before: difference.before,
      after: difference.after,
      seq: this.seq,
      groupId,
      topicId,
      origin,
      operatorAccount,
      platform,
    });
    const owner = this.groupRow(groupId);
    const topicCount = owner.topicCount + isLive(after) - isLive(before);
    this.keepGroup({ ...owner, topicCount, seq: this.seq });
  }

  private markGroup(groupId: string, { arrivedAt }: ChangeSet, reason: StaleReason | null): void {
    const row = this.groupRow(groupId);
    const { group } = row;
    this.keepGroup({
      ...row,
      group: {
        ...group,
        // It is there: a callback names it.
        known: group.known.missedAt === undefined ? group.known : notMissed(group.known),
        calledAt: this.arrival.at,
        doubted: reason ? this.batch : group.doubted,
        reason: reason ?? group.reason,
      },
      doubtedAt: reason ? (row.doubtedAt ?? arrivedAt) : row.doubtedAt,
      lastCallbackAt: Math.max(row.lastCallbackAt ?? 0, arrivedAt),
    });
  }

  /** The topics of a group; all of them where the store was told to read the group whole. */
  private topicsOf(groupId: string): TopicRow[] {
    return [...this.topics.values()].filter((row) => row.topic.groupId === groupId);
  }

  private groupRow(groupId: string): GroupRow {
    const found = this.groups.get(groupId);
    if (found) return found;
    const row: GroupRow = {
      group: { groupId, known: NOTHING_KNOWN },
      topicCount: 0,
      seq: this.seq,
      doubtedAt: null,
      verifiedAt: null,
      lastCallbackAt: null,
    };
    this.keepGroup(row);
    return row;
  }

  private keepGroup(row: GroupRow): void {
    this.groups.set(row.group.groupId, row);
    this.writtenGroups.add(row.group.groupId);
  }

  written(applied: readonly Applied[]): Folded {
    return {
      groups: pick(this.groups, this.writtenGroups),
      topics: pick(this.topics, this.writtenTopics).map(({ topic, updatedAt, seq }) => ({
        topic,
        updatedAt,
        seq,
        group: this.groupRow(topic.groupId).group,
      })),
      changes: this.changes,
      seq: this.seq,
      now: this.now,
      applied,
    };
  }
}

function notMissed<F>(known: Registers<F>): Registers<F> {
  return { ...known, missedAt: undefined };
}

/** What becomes of a set that changed nothing. */
export function otherwise({ entry }: ChangeSet): Outcome {
  return entry?.otherwise ?? 'unchanged';
}

function pick<T>(rows: ReadonlyMap<string, T>, keys: ReadonlySet<string>): T[] {
  return [...keys].flatMap((key) => rows.get(key) ?? []);
}
