// The rows of a batch while its change sets are reduced: read from the snapshot, changed, and told apart by whether
// they are to be written. Pure.
import type { Applied, ChangeSet } from './change.js';
import { isSame, NOTHING_KNOWN } from './registers.js';
import {
  type ChangeRow,
  type Folded,
  type GroupRow,
  type Snapshot,
  topicKey,
  type TopicRow,
} from './snapshot.js';
import { diffTopic } from './topic-diff.js';
import {
  isLive,
  isSameView,
  type TopicView,
  viewGroup,
  viewStored,
  viewTopic,
  wholeMillis,
} from './topic-view.js';
import { type Group, settleTopic, type Topic } from './topic.js';

export class BatchRows {
  private readonly groups: Map<string, GroupRow>;
  private readonly topics: Map<string, TopicRow>;
  private readonly writtenGroups = new Set<string>();
  private readonly writtenTopics = new Set<string>();
  private readonly changes: ChangeRow[] = [];
  private lastSeq: number;
  /** The number that this batch has when it is committed. */
  readonly batch: number;

  constructor(
    snapshot: Snapshot,
    readonly now: Date,
  ) {
    this.groups = new Map(snapshot.groups.map((row) => [row.group.groupId, row]));
    this.topics = new Map(
      snapshot.topics.map((row) => [topicKey(row.topic.groupId, row.topic.topicId), row]),
    );
    this.lastSeq = snapshot.seq;
    this.batch = snapshot.batch + 1;
  }

  /** The last number given to a change. */
  get seq(): number {
    return this.lastSeq;
  }

  /** A topic, if it is known. */
  topic(groupId: string, topicId: string): TopicRow | undefined {
    return this.topics.get(topicKey(groupId, topicId));
  }

  /** The topics of a group; all of them where the store was told to read the group whole. */
  topicsOf(groupId: string): TopicRow[] {
    return [...this.topics.values()].filter((row) => row.topic.groupId === groupId);
  }

  /** A group; a new one where none is known. */
  group(groupId: string): GroupRow {
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
    this.setGroup(row);
    return row;
  }

  setGroup(row: GroupRow): void {
    this.groups.set(row.group.groupId, row);
    this.writtenGroups.add(row.group.groupId);
  }

  /** Writes a group that became another; its end, its owner and its return show in its topics. */
  replaceGroup(row: GroupRow, group: Group, set: ChangeSet): void {
    if (group === row.group) return;
    const isSeen = !isSameView(viewGroup(group), viewGroup(row.group));
    this.setGroup({ ...row, group, seq: isSeen ? ++this.lastSeq : row.seq });
    const isEnd = !isSame(group.known.gone, row.group.known.gone);
    if (!isEnd && (!group.handover || isSame(group.handover, row.group.handover))) return;
    for (const topic of this.topicsOf(group.groupId)) {
      this.setTopic(topic, topic.topic, set);
    }
  }

  /** Writes a topic of which something was learned; only what can be seen of it takes a `seq`. */
  setTopic(row: TopicRow | undefined, topic: Topic, set: ChangeSet): void {
    const { group } = this.group(topic.groupId);
    const before = row ? viewStored(row.topic, group, row.shown) : null;
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
        shown: shownOf(after),
        seq: row?.seq ?? this.seq,
        updatedAt: row?.updatedAt ?? this.now,
      });
      return;
    }
    this.lastSeq += 1;
    this.topics.set(key, {
      topic: settled,
      shown: shownOf(after),
      seq: this.seq,
      updatedAt: this.now,
    });
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
    const owner = this.group(groupId);
    const topicCount = owner.topicCount + isLive(after) - isLive(before);
    this.setGroup({ ...owner, topicCount, seq: this.seq });
  }

  written(applied: readonly Applied[]): Folded {
    return {
      groups: pick(this.groups, this.writtenGroups),
      topics: pick(this.topics, this.writtenTopics).map(({ topic, shown, updatedAt, seq }) => ({
        topic,
        shown,
        updatedAt,
        seq,
        group: this.group(topic.groupId).group,
      })),
      changes: this.changes,
      seq: this.seq,
      now: this.now,
      applied,
    };
  }
}

function shownOf({ createdAt, deletedAt }: TopicView): TopicRow['shown'] {
  return { createdAt: wholeMillis(createdAt), deletedAt: wholeMillis(deletedAt) };
}

function pick<T>(rows: ReadonlyMap<string, T>, keys: ReadonlySet<string>): T[] {
  return [...keys].flatMap((key) => rows.get(key) ?? []);
}
