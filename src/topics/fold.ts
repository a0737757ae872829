// Folds a batch of change sets into the rows they touch, pure: takes the rows as they are in the
// database, gives back those to be written and what became of each set. The caller holds the lock
// under which the rows were read, so `seq` can be counted here.
import type { Applied, ChangeSet, GroupChange, TopicChange } from './change.js';
import { isSame, NOTHING_KNOWN } from './registers.js';
import {
  type Group,
  mergeGroup,
  mergeTopic,
  settleTopic,
  type Topic,
  type TopicView,
  viewGroup,
  viewTopic,
} from './topic.js';

export interface GroupRow {
  readonly group: Group;
  readonly topicCount: number;
  readonly seq: number;
  readonly staleSince: Date | null;
  readonly verifiedAt: Date | null;
  readonly lastCallbackAt: Date | null;
}

export interface TopicRow {
  readonly topic: Topic;
  readonly updatedAt: Date;
  readonly seq: number;
}

/** The rows a batch may touch, as they are in the database. */
export interface Snapshot {
  readonly groups: readonly GroupRow[];
  readonly topics: readonly TopicRow[];
  /** The last `seq` given away. */
  readonly seq: number;
}

/** The rows to be written. */
export interface Folded {
  readonly groups: readonly GroupRow[];
  /** Each with its group as it is after the batch: how a topic looks depends on it. */
  readonly topics: readonly (TopicRow & { readonly group: Group })[];
  readonly seq: number;
  /** What became of each change set, in their order. */
  readonly applied: readonly Applied[];
}

export function fold(sets: readonly ChangeSet[], snapshot: Snapshot, now: Date): Folded {
  const folding = new Folding(snapshot, now);
  const applied = sets.map((set) => folding.apply(set));
  return { ...folding.written(), applied };
}

/** One key per topic; ids cannot hold U+0000. */
export function topicKey(groupId: string, topicId: string): string {
  return `${groupId}\0${topicId}`;
}

class Folding {
  private readonly groups: Map<string, GroupRow>;
  private readonly topics: Map<string, TopicRow>;
  private readonly writtenGroups = new Set<string>();
  private readonly writtenTopics = new Set<string>();
  private seq: number;

  constructor(
    snapshot: Snapshot,
    private readonly now: Date,
  ) {
    this.groups = new Map(snapshot.groups.map((row) => [row.group.groupId, row]));
    this.topics = new Map(
      snapshot.topics.map((row) => [topicKey(row.topic.groupId, row.topic.topicId), row]),
    );
    this.seq = snapshot.seq;
  }

  apply(set: ChangeSet): Applied {
    const before = this.seq;
    for (const change of set.changes) {
      const doubtful =
        change.subject === 'topic' ? this.applyToTopic(change) : this.applyToGroup(change);
      this.markGroup(change.groupId, set.receivedAt, doubtful);
    }
    return this.seq === before
      ? { outcome: 'unchanged', seq: null }
      : { outcome: 'applied', seq: this.seq };
  }

  private applyToTopic(change: TopicChange): boolean {
    const { group } = this.groupRow(change.groupId);
    const key = topicKey(change.groupId, change.topicId);
    const row = this.topics.get(key);
    const { merged, doubtful } = mergeTopic(row?.topic, change, group);
    this.keepTopic(row, merged, row ? viewTopic(row.topic, group) : null);
    return doubtful;
  }

  private applyToGroup(change: GroupChange): boolean {
    const row = this.groupRow(change.groupId);
    const { merged, doubtful } = mergeGroup(row.group, change);
    if (isSame(merged, row.group)) return doubtful;
    const isSeen = !isSame(viewGroup(merged), viewGroup(row.group));
    this.keepGroup({ ...row, group: merged, seq: isSeen ? ++this.seq : row.seq });
    if (!isSame(merged.known.gone, row.group.known.gone)) this.endTopics(row.group);
    return doubtful;
  }

  /** The end of a group shows in its topics, which the store has read for such a change. */
  private endTopics(groupBefore: Group): void {
    for (const row of this.topics.values()) {
      if (row.topic.groupId !== groupBefore.groupId) continue;
      this.keepTopic(row, row.topic, viewTopic(row.topic, groupBefore));
    }
  }

  /** Writes a topic whose dates or looks changed; only a change of looks takes a `seq`. */
  private keepTopic(row: TopicRow | undefined, topic: Topic, before: TopicView | null): void {
    const { group } = this.groupRow(topic.groupId);
    const settled = settleTopic(topic, group);
    const after = viewTopic(settled, group);
    const isSeen = before === null || !isSame(before, after);
    if (!isSeen && isSame(row?.topic, settled)) return;

    const key = topicKey(topic.groupId, topic.topicId);
    if (isSeen) this.seq += 1;
    const seq = isSeen ? this.seq : (row?.seq ?? this.seq);
    const updatedAt = isSeen ? this.now : (row?.updatedAt ?? this.now);
    this.topics.set(key, { topic: settled, seq, updatedAt });
    this.writtenTopics.add(key);
    if (isSeen) this.countTopic(topic.groupId, isLive(after) - isLive(before), seq);
  }

  private countTopic(groupId: string, difference: number, seq: number): void {
    const row = this.groupRow(groupId);
    this.keepGroup({ ...row, topicCount: row.topicCount + difference, seq });
  }

  private markGroup(groupId: string, receivedAt: Date, doubtful: boolean): void {
    const row = this.groupRow(groupId);
    const isLater = row.lastCallbackAt === null || receivedAt > row.lastCallbackAt;
    const staleSince = row.staleSince ?? (doubtful ? receivedAt : null);
    if (!isLater && staleSince === row.staleSince) return;
    this.keepGroup({
      ...row,
      staleSince,
      lastCallbackAt: isLater ? receivedAt : row.lastCallbackAt,
    });
  }

  private groupRow(groupId: string): GroupRow {
    const found = this.groups.get(groupId);
    if (found) return found;
    const row: GroupRow = {
      group: { groupId, known: NOTHING_KNOWN },
      topicCount: 0,
      seq: this.seq,
      staleSince: null,
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

  written(): Omit<Folded, 'applied'> {
    return {
      groups: pick(this.groups, this.writtenGroups),
      topics: pick(this.topics, this.writtenTopics).map((row) => ({
        ...row,
        group: this.groupRow(row.topic.groupId).group,
      })),
      seq: this.seq,
    };
  }
}

function isLive(view: TopicView | null): number {
  return view !== null && view.deletedAt === null ? 1 : 0;
}

function pick<T>(rows: ReadonlyMap<string, T>, keys: ReadonlySet<string>): T[] {
  return [...keys].flatMap((key) => rows.get(key) ?? []);
}
