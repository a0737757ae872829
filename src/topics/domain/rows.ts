// The rows of the tables as the writer works on them: what it has read, and what is to be written.
import type { Applied, ChangeSet } from './change.js';
import type { Micros } from './lww-registers.js';
import type { Diff } from './diff.js';
import type { TopicState } from './state.js';
import type { Group, Topic } from './model.js';

export interface GroupRow {
  readonly group: Group;
  readonly topicCount: number;
  readonly seq: number;
  /** Since when it is stale; later reasons do not move it. */
  readonly staleSince: Micros | null;
  readonly verifiedAt: Micros | null;
  readonly lastCallbackAt: Micros | null;
}

export interface TopicRow {
  readonly topic: Topic;
  /**
   * The dates that readers see, in whole milliseconds, as they were written. They depend on the group, too, which
   * may have changed since where its topics are written piece by piece.
   */
  readonly storedDates: { readonly createdAt: Micros | null; readonly deletedAt: Micros | null };
  readonly updatedAt: Date;
  readonly seq: number;
}

/** With its state, which depends on its group, as both are after the batch. */
export interface WrittenTopic extends TopicRow {
  readonly state: TopicState;
  readonly group: Group;
}

/** One line of a topic's history. */
export interface ChangeRow extends Diff {
  readonly seq: number;
  readonly groupId: string;
  readonly topicId: string;
  readonly origin: ChangeSet['origin'];
  readonly operatorAccount: string | null;
  readonly platform: string | null;
}

/** The rows a batch may touch, as they are in the database. */
export interface Snapshot {
  readonly groups: readonly GroupRow[];
  readonly topics: readonly TopicRow[];
  /** The last `seq` given away. */
  readonly seq: number;
  /** How many batches were committed before. */
  readonly batch: number;
}

/** The rows to be written. */
export interface Reduced {
  readonly groups: readonly GroupRow[];
  readonly topics: readonly WrittenTopic[];
  readonly changes: readonly ChangeRow[];
  readonly seq: number;
  readonly now: Date;
  /** What became of each change set, in their order. */
  readonly applied: readonly Applied[];
}

/** One key per topic; ids cannot hold U+0000. */
export function topicKey(groupId: string, topicId: string): string {
  return `${groupId}\0${topicId}`;
}

/** Whether nothing but the journal is to be written, which leaves the batch counter alone. */
export function isJournalOnly({ groups, topics }: Reduced): boolean {
  return groups.length === 0 && topics.length === 0;
}
