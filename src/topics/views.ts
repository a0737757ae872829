// What the query API tells of groups and topics, made from stored rows.
import type { CustomField } from './custom-field.js';
import type { StaleReason } from './topic.js';

export type GroupState = 'verified' | 'hooked' | 'stale' | 'destroyed';

/** A group as the query API tells it. */
export interface GroupAnswer {
  readonly groupId: string;
  readonly name: string | null;
  readonly type: string | null;
  readonly ownerAccount: string | null;
  /**
   * `verified`: compared with the vendor and unchanged since; `hooked`: known from callbacks alone;
   * `stale`: something happened that a callback cannot tell; `destroyed`: the group is gone.
   */
  readonly state: GroupState;
  readonly verifiedAt: string | null;
  /** Since when, and why, it is `stale`; else `null`. */
  readonly staleSince: string | null;
  readonly staleReason: StaleReason | null;
  readonly lastCallbackAt: string | null;
  readonly topicCount: number;
  readonly seq: number;
  readonly destroyedAt: string | null;
}

/** A topic as the query API tells it; `null` where a field was never learned. */
export interface TopicAnswer {
  readonly groupId: string;
  readonly topicId: string;
  readonly name: string | null;
  readonly type: string | null;
  readonly ownerAccount: string | null;
  readonly operatorAccount: string | null;
  readonly introduction: string | null;
  readonly notification: string | null;
  readonly faceUrl: string | null;
  readonly customString: string | null;
  readonly muteAllMember: boolean | null;
  readonly userDefinedDataList: readonly CustomField[] | null;
  readonly createdAt: string | null;
  /** When the mirror last changed this row. */
  readonly updatedAt: string;
  readonly deletedAt: string | null;
  readonly seq: number;
}

/** The fields of a topic, in the order they are told. */
export const TOPIC_FIELDS = [
  'groupId',
  'topicId',
  'name',
  'type',
  'ownerAccount',
  'operatorAccount',
  'introduction',
  'notification',
  'faceUrl',
  'customString',
  'muteAllMember',
  'userDefinedDataList',
  'createdAt',
  'updatedAt',
  'deletedAt',
  'seq',
] as const satisfies readonly (keyof TopicAnswer)[];
export type TopicField = (typeof TOPIC_FIELDS)[number];

/** The columns of `groups` that are told; dates are ISO 8601 texts. */
export interface ToldGroup {
  readonly group_id: string;
  readonly name: string | null;
  readonly type: string | null;
  readonly owner_account: string | null;
  readonly topic_count: number;
  readonly seq: number;
  readonly doubted_at: string | null;
  readonly stale_reason: StaleReason | null;
  readonly verified_at: string | null;
  readonly last_callback_at: string | null;
  readonly destroyed_at: string | null;
  /** The epoch of the database it was read from. */
  readonly epoch: string;
}

export function groupAnswer(row: ToldGroup): GroupAnswer {
  const state = stateOf(row);
  return {
    groupId: row.group_id,
    name: row.name,
    type: row.type,
    ownerAccount: row.owner_account,
    state,
    verifiedAt: utc(row.verified_at),
    staleSince: state === 'stale' ? utc(row.doubted_at) : null,
    staleReason: state === 'stale' ? row.stale_reason : null,
    lastCallbackAt: utc(row.last_callback_at),
    topicCount: row.topic_count,
    seq: row.seq,
    destroyedAt: utc(row.destroyed_at),
  };
}

function stateOf(row: ToldGroup): GroupState {
  if (row.destroyed_at !== null) return 'destroyed';
  if (row.doubted_at !== null) return 'stale';
  return row.verified_at === null ? 'hooked' : 'verified';
}

function utc(date: string | null): string | null {
  return date === null ? null : new Date(date).toISOString();
}
