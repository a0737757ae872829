// The rows of a batch while its change sets are reduced: read from the snapshot, changed, and marked by whether
// they are to be written. Pure.
import type { Applied, ChangeSet } from './change.js';
import { isSame, EMPTY_REGISTERS } from './lww-registers.js';
import {
  type ChangeRow,
  type Reduced,
  type GroupRow,
  type Snapshot,
  topicKey,
  type TopicRow,
} from './rows.js';
import { diffTopic } from './diff.js';
import {
  isLive,
  isSameGroupState,
  type TopicState,
  groupState,
  storedTopicState,
  topicState,
  wholeMillis,
} from './state.js';
import { withGroupEffects } from './topic.js';
import type { Group, Topic } from './model.js';

export class BatchRows {
  private readonly groups: Map<string, GroupRow>;
  private readonly topics: Map<string, TopicRow>;
  /** Of the topics that are written. */
  private readonly states = new Map<string, TopicState>();
  private readonly writtenGroups = new Set<string>();
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

  /** The topics of a group; all of them where the group was read whole. */
  topicsOf(groupId: string): TopicRow[] {
    return [...this.topics.values()].filter((row) => row.topic.groupId === groupId);
  }

  /** A group; a new one where none is known. */
  group(groupId: string): GroupRow {
    const found = this.groups.get(groupId);
    if (found) return found;
    const row: GroupRow = {
      group: { groupId, registers: EMPTY_REGISTERS },
      topicCount: 0,
      seq: this.seq,
      staleSince: null,
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
    const isSeen = !isSameGroupState(groupState(group), groupState(row.group));
    this.setGroup({ ...row, group, seq: isSeen ? ++this.lastSeq : row.seq });
    const isEnd = !isSame(group.registers.deleted, row.group.registers.deleted);
    if (!isEnd && (!group.ownerChange || isSame(group.ownerChange, row.group.ownerChange))) return;
    for (const topic of this.topicsOf(group.groupId)) {
      this.setTopic(topic, topic.topic, set);
    }
  }

  /** The state of a topic that readers see. */
  stateOf(row: TopicRow): TopicState {
    const { groupId, topicId } = row.topic;
    const written = this.states.get(topicKey(groupId, topicId));
    return written ?? storedTopicState(row.topic, this.group(groupId).group, row.storedDates);
  }

  /** Writes a topic of which something was learned; only what can be seen of it takes a `seq`. */
  setTopic(row: TopicRow | undefined, topic: Topic, set: ChangeSet): void {
    const { group } = this.group(topic.groupId);
    const before = row ? this.stateOf(row) : null;
    const settled = withGroupEffects(topic, group);
    const after = topicState(settled, group);
    const difference = diffTopic(before, after);
    if (difference === null && settled === row?.topic) return;

    const { groupId, topicId } = topic;
    const key = topicKey(groupId, topicId);
    this.states.set(key, after);
    if (difference === null) {
      this.topics.set(key, {
        topic: settled,
        storedDates: datesOf(after),
        seq: row?.seq ?? this.seq,
        updatedAt: row?.updatedAt ?? this.now,
      });
      return;
    }
    this.lastSeq += 1;
    this.topics.set(key, {
      topic: settled,
      storedDates: datesOf(after),
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

  written(applied: readonly Applied[]): Reduced {
    return {
      groups: pick(this.groups, this.writtenGroups),
      topics: [...this.states].flatMap(([key, state]) => {
        const row = this.topics.get(key);
        if (!row) return [];
        const { topic, storedDates, updatedAt, seq } = row;
        const { group } = this.group(topic.groupId);
        return [{ topic, storedDates, updatedAt, seq, state, group }];
      }),
      changes: this.changes,
      seq: this.seq,
      now: this.now,
      applied,
    };
  }
}

function datesOf({ createdAt, deletedAt }: TopicState): TopicRow['storedDates'] {
  return { createdAt: wholeMillis(createdAt), deletedAt: wholeMillis(deletedAt) };
}

function pick<T>(rows: ReadonlyMap<string, T>, keys: ReadonlySet<string>): T[] {
  return [...keys].flatMap((key) => rows.get(key) ?? []);
}
