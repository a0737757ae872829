import type { Micros } from './registers.js';
import type { GroupFields, TopicFields } from './topic.js';

/** What somebody said about a topic: the input of the merge rules. */
export interface TopicChange {
  readonly subject: 'topic';
  readonly kind: 'created' | 'updated' | 'deleted';
  readonly groupId: string;
  readonly topicId: string;
  /** When it happened, as well as that is known: `EventTime`, else `RequestTime`, else arrival. */
  readonly at: Micros;
  /** Only the fields that were named. */
  readonly fields: Partial<TopicFields>;
}

/** What somebody said about a group; `seen` says only that a callback named it. */
export interface GroupChange {
  readonly subject: 'group';
  readonly kind: 'created' | 'updated' | 'destroyed' | 'seen';
  readonly groupId: string;
  readonly at: Micros;
  readonly fields: Partial<GroupFields>;
}

export type Change = TopicChange | GroupChange;

/** Changes that are kept together or not at all, as one callback brought them. */
export interface ChangeSet {
  readonly changes: readonly Change[];
  /** When the callback arrived here. */
  readonly receivedAt: Date;
}

/** What became of a change set, after its commit. */
export interface Applied {
  readonly outcome: 'applied' | 'unchanged';
  /** The last `seq` of what it changed, or `null` when it changed nothing. */
  readonly seq: number | null;
}
