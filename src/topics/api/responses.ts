// Groups and topics as the query API serialises them. The mirrored fields are those of domain/fields.ts.
import { ApiProperty, ApiSchema, PartialType } from '@nestjs/swagger';
import { ChangeResponse } from '../../changes/dto/change.dto.js';
import { INSTANT } from '../../openapi/decorators.js';
import { MirroredGroup, TopicState } from '../../openapi/mirrored.js';
import { type GroupFields, TOPIC_FIELDS, type TopicField } from '../domain/fields.js';
import { STALE_REASONS, type StaleReason } from '../domain/model.js';

export const SYNC_STATES = ['verified', 'hooked', 'stale', 'destroyed'] as const;
export type SyncState = (typeof SYNC_STATES)[number];

const SEQ = {
  type: 'integer',
  minimum: 0,
  description: 'Its last change; rises over all groups in the order of commits.',
} as const;
const CURSOR = {
  type: String,
  nullable: true,
  description: 'To be sent as `cursor` for the next page; `null` on the last one.',
} as const;

@ApiSchema({ name: 'Group', description: 'A community and its sync state.' })
export class GroupResponse extends MirroredGroup {
  @ApiProperty({ description: 'Its id.' })
  readonly groupId!: string;

  @ApiProperty({
    enum: SYNC_STATES,
    description:
      '`verified`: compared with the vendor and unchanged since; `hooked`: known from callbacks alone; `stale`: something happened that a callback cannot tell; `destroyed`: the group is gone.',
  })
  readonly state!: SyncState;

  @ApiProperty({ ...INSTANT, nullable: true, description: 'Its last comparison with the vendor.' })
  readonly verifiedAt!: string | null;

  @ApiProperty({
    ...INSTANT,
    nullable: true,
    description: 'Since when it is `stale`; else `null`.',
  })
  readonly staleSince!: string | null;

  @ApiProperty({
    enum: STALE_REASONS,
    nullable: true,
    description:
      'Why it is `stale`: `unspecific_callback`: something changed, and the callback does not say what; `ambiguous_order`: dates do not show what came last; `concurrent_callback`: one came during a request to the vendor; `contradiction`: the vendor contradicts a recent callback; `deletions_held`: responses of the vendor miss topics that no callback deleted. `null` where an earlier build did not record it.',
  })
  readonly staleReason!: StaleReason | null;

  @ApiProperty({ ...INSTANT, nullable: true, description: 'The last callback that named it.' })
  readonly lastCallbackAt!: string | null;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'The number of its living topics.' })
  readonly topicCount!: number;

  @ApiProperty(SEQ)
  readonly seq!: number;

  @ApiProperty({ ...INSTANT, nullable: true, description: 'When it was disbanded.' })
  readonly destroyedAt!: string | null;
}

@ApiSchema({ name: 'Topic', description: 'A topic. A field that was never learned is `null`.' })
export class TopicResponse extends TopicState {
  @ApiProperty({ description: 'The community it belongs to.' })
  readonly groupId!: string;

  @ApiProperty({ description: 'Its id.' })
  readonly topicId!: string;

  @ApiProperty({ ...INSTANT, description: 'When the mirror last changed it.' })
  readonly updatedAt!: string;

  @ApiProperty(SEQ)
  readonly seq!: number;
}

/** Which fields it has is up to the parameter `fields`. */
@ApiSchema({
  name: 'ListedTopic',
  description: 'A topic with the fields that `fields` names, or all.',
})
export class ListedTopicResponse extends PartialType(TopicResponse) {}

@ApiSchema({ name: 'GroupPage' })
export class GroupPageResponse {
  @ApiProperty({ type: [GroupResponse] })
  readonly data!: readonly GroupResponse[];

  @ApiProperty(CURSOR)
  readonly nextCursor!: string | null;
}

@ApiSchema({ name: 'TopicPage' })
export class TopicPageResponse {
  @ApiProperty({ type: [ListedTopicResponse] })
  readonly data!: readonly ListedTopicResponse[];

  @ApiProperty(CURSOR)
  readonly nextCursor!: string | null;
}

@ApiSchema({ name: 'TopicsOfGroup' })
export class GroupTopicsResponse extends TopicPageResponse {
  @ApiProperty()
  readonly group!: GroupResponse;
}

@ApiSchema({ name: 'ChangePage' })
export class ChangePageResponse {
  @ApiProperty({ type: [ChangeResponse] })
  readonly data!: readonly ChangeResponse[];

  @ApiProperty(CURSOR)
  readonly nextCursor!: string | null;
}

export type ResponseField = keyof TopicResponse;

/** The fields of a topic, in the order of the contract. */
export const RESPONSE_FIELDS: readonly ResponseField[] = [
  'groupId',
  'topicId',
  ...(Object.keys(TOPIC_FIELDS) as TopicField[]),
  'createdAt',
  'updatedAt',
  'deletedAt',
  'seq',
];

/** A row of GROUP_COLUMNS; dates are ISO 8601 texts. */
export interface SelectedGroup extends Readonly<GroupFields> {
  readonly group_id: string;
  readonly topic_count: number;
  readonly seq: number;
  readonly stale_since: string | null;
  readonly stale_reason: StaleReason | null;
  readonly verified_at: string | null;
  readonly last_callback_at: string | null;
  readonly destroyed_at: string | null;
  /** The epoch of the database it was read from. */
  readonly epoch: string;
}

export function groupResponse(row: SelectedGroup): GroupResponse {
  const {
    group_id: groupId,
    topic_count: topicCount,
    seq,
    stale_since,
    stale_reason,
    verified_at,
    last_callback_at,
    destroyed_at,
    epoch: _,
    ...fields
  } = row;
  const state = stateOf(row);
  return {
    groupId,
    ...fields,
    state,
    verifiedAt: utc(verified_at),
    staleSince: state === 'stale' ? utc(stale_since) : null,
    staleReason: state === 'stale' ? stale_reason : null,
    lastCallbackAt: utc(last_callback_at),
    topicCount,
    seq,
    destroyedAt: utc(destroyed_at),
  };
}

function stateOf(row: SelectedGroup): SyncState {
  if (row.destroyed_at !== null) return 'destroyed';
  if (row.stale_since !== null) return 'stale';
  return row.verified_at === null ? 'hooked' : 'verified';
}

function utc(date: string | null): string | null {
  return date === null ? null : new Date(date).toISOString();
}
