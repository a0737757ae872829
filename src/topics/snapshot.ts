// The rows of the tables as the writer works on them: what it has read, and what is to be written.
import type { Applied, ChangeSet } from './change.js';
import type { Micros } from './registers.js';
import type { Difference } from './topic-diff.js';
import type { Group, Topic } from './topic.js';

export interface GroupRow {
  readonly group: Group;
  readonly topicCount: number;
  readonly seq: number;
  /** Since when the vendor has to be asked; the last doubt counts. */
  readonly doubtedAt: Micros | null;
  readonly verifiedAt: Micros | null;
  readonly lastCallbackAt: Micros | null;
}

export interface TopicRow {
  readonly topic: Topic;
  /**
   * The dates that readers see, in whole milliseconds, as they were written. They depend on the group, too, which
   * may have changed since where its topics are written piece by piece.
   */
  readonly shown: { readonly createdAt: Micros | null; readonly deletedAt: Micros | null };
  readonly updatedAt: Date;
  readonly seq: number;
}

/** One line of a topic's history. */
export interface ChangeRow extends Difference {
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
export interface Folded {
  readonly groups: readonly GroupRow[];
  /** Each with its group as it is after the batch: how a topic looks depends on it. */
  readonly topics: readonly (TopicRow & { readonly group: Group })[];
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

/** Whether nothing but the journal is to be written, which takes no turn. */
export function isJournalOnly({ groups, topics }: Folded): boolean {
  return groups.length === 0 && topics.length === 0;
}
