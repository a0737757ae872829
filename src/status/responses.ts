// The response of GET /status.
import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { INSTANT } from '../openapi/decorators.js';
import type { Rejection } from '../metrics/rejections.js';
import type { RestApiState } from '../reconcile/rest-calls.js';

const COUNT = { type: 'integer', minimum: 0 } as const;
const TEXT_OR_NULL = { type: String, nullable: true } as const;
const BOOLEAN_OR_NULL = { type: Boolean, nullable: true } as const;
const INSTANT_OR_NULL = { ...INSTANT, nullable: true } as const;
const STATUSES = ['ready', 'starting', 'draining'] as const;
const KINDS = ['created', 'updated', 'deleted', 'restored'] as const;

@ApiSchema({ name: 'ReplicaStatus' })
class ReplicaStatus {
  @ApiProperty()
  readonly up!: boolean;

  @ApiProperty({ type: Number, nullable: true, minimum: 0 })
  readonly lagSeconds!: number | null;
}

@ApiSchema({ name: 'DatabaseStatus' })
class DatabaseStatus {
  @ApiProperty()
  readonly up!: boolean;

  @ApiProperty({ ...TEXT_OR_NULL, description: 'Of PostgreSQL.' })
  readonly version!: string | null;

  @ApiProperty({ type: ReplicaStatus, nullable: true, description: '`null` without a replica.' })
  readonly replica!: ReplicaStatus | null;
}

@ApiSchema({ name: 'OutcomeCount' })
class OutcomeCount {
  @ApiProperty({ description: 'As in `topicmirror_callbacks_total`.' })
  readonly outcome!: string;

  @ApiProperty(COUNT)
  readonly count!: number;
}

@ApiSchema({ name: 'ReceivedCallbacks' })
class ReceivedCallbacks {
  @ApiProperty(COUNT)
  readonly total!: number;

  @ApiProperty({ type: [OutcomeCount] })
  readonly byOutcome!: readonly OutcomeCount[];
}

@ApiSchema({ name: 'CallbacksStatus' })
class CallbacksStatus {
  @ApiProperty({ description: 'Whether callbacks must be signed.' })
  readonly signed!: boolean;

  @ApiProperty({ ...INSTANT_OR_NULL, description: 'Arrival of the latest in the journal.' })
  readonly lastAt!: string | null;

  @ApiProperty({ ...BOOLEAN_OR_NULL, description: 'Whether the journal has any.' })
  readonly any!: boolean | null;

  @ApiProperty({ description: 'By this process since its start.' })
  readonly received!: ReceivedCallbacks;
}

@ApiSchema({ name: 'RestApiStatus', description: 'Calls of this process since its start.' })
class RestApiStatus implements RestApiState {
  @ApiProperty()
  readonly configured!: boolean;

  @ApiProperty({
    ...BOOLEAN_OR_NULL,
    description: 'Whether the last call succeeded; `null` before the first.',
  })
  readonly reachable!: boolean | null;

  @ApiProperty(INSTANT_OR_NULL)
  readonly lastOkAt!: string | null;

  @ApiProperty(INSTANT_OR_NULL)
  readonly lastErrorAt!: string | null;

  @ApiProperty(TEXT_OR_NULL)
  readonly lastError!: string | null;
}

@ApiSchema({ name: 'SpoolStatus' })
class SpoolStatus {
  @ApiProperty({ ...COUNT, description: 'Callbacks on disk waiting for PostgreSQL.' })
  readonly records!: number;

  @ApiProperty(COUNT)
  readonly bytes!: number;

  @ApiProperty(COUNT)
  readonly maxBytes!: number;

  @ApiProperty({ ...COUNT, description: 'Unreadable callbacks since the start of the process.' })
  readonly damaged!: number;

  @ApiProperty({ ...COUNT, description: 'Files that need an operator.' })
  readonly setAsideFiles!: number;
}

@ApiSchema({ name: 'RelayStatus', description: 'The same in all processes.' })
export class RelayStatus {
  @ApiProperty({ description: 'Whether RELAY_URL is set.' })
  readonly configured!: boolean;

  @ApiProperty({ ...BOOLEAN_OR_NULL, description: 'Whether a process relays callbacks.' })
  readonly running!: boolean | null;

  @ApiProperty({
    ...COUNT,
    type: Number,
    nullable: true,
    description: 'Callbacks yet to be relayed.',
  })
  readonly waiting!: number | null;

  @ApiProperty({ ...INSTANT_OR_NULL, description: 'Arrival of the oldest of them.' })
  readonly oldestAt!: string | null;

  @ApiProperty({
    ...COUNT,
    type: Number,
    nullable: true,
    description: 'Groups, and callbacks of no group, set aside after failures.',
  })
  readonly setAside!: number | null;
}

@ApiSchema({ name: 'GroupCounts' })
class GroupCounts {
  @ApiProperty(COUNT)
  readonly hooked!: number;

  @ApiProperty(COUNT)
  readonly verified!: number;

  @ApiProperty(COUNT)
  readonly stale!: number;

  @ApiProperty(COUNT)
  readonly destroyed!: number;
}

@ApiSchema({ name: 'RepairCount' })
export class RepairCount {
  @ApiProperty({ enum: KINDS })
  readonly kind!: (typeof KINDS)[number];

  @ApiProperty(COUNT)
  readonly count!: number;
}

@ApiSchema({ name: 'FeedStatus' })
class FeedStatus {
  @ApiProperty({ ...COUNT, description: 'Streams and waiting polls of this process.' })
  readonly subscribers!: number;
}

@ApiSchema({ name: 'RejectionCount' })
class RejectionCount {
  @ApiProperty()
  readonly reason!: string;

  @ApiProperty(COUNT)
  readonly count!: number;
}

@ApiSchema({ name: 'Rejection' })
class RejectionResponse implements Rejection {
  @ApiProperty(INSTANT)
  readonly at!: string;

  @ApiProperty({ type: String })
  readonly reason!: Rejection['reason'];

  @ApiProperty({ description: 'What it means.' })
  readonly message!: string;

  @ApiProperty({ ...TEXT_OR_NULL, description: '`CallbackCommand` of the query.' })
  readonly command!: string | null;

  @ApiProperty({ description: 'Address of the sender.' })
  readonly from!: string;
}

@ApiSchema({
  name: 'Rejections',
  description: 'Rejected callbacks of this process since its start.',
})
class RejectionsStatus {
  @ApiProperty({ type: [RejectionCount] })
  readonly byReason!: readonly RejectionCount[];

  @ApiProperty({ type: [RejectionResponse], description: 'Twenty at most, newest first.' })
  readonly latest!: readonly RejectionResponse[];
}

@ApiSchema({ name: 'Finding' })
export class FindingResponse {
  @ApiProperty({ enum: ['warning', 'error'] })
  readonly level!: 'warning' | 'error';

  @ApiProperty({ description: 'Stable.' })
  readonly code!: string;

  @ApiProperty()
  readonly message!: string;

  @ApiProperty({ ...TEXT_OR_NULL, description: 'The remedy.' })
  readonly advice!: string | null;
}

@ApiSchema({
  name: 'Status',
  description: 'What PostgreSQL stores is `null` while that is away.',
})
export class StatusResponse {
  @ApiProperty({ description: 'Of the service.' })
  readonly version!: string;

  @ApiProperty({ ...INSTANT, description: 'Start of the process.' })
  readonly startedAt!: string;

  @ApiProperty(INSTANT)
  readonly now!: string;

  @ApiProperty({ enum: STATUSES, description: 'As in `/readyz`.' })
  readonly status!: (typeof STATUSES)[number];

  @ApiProperty()
  readonly ready!: boolean;

  @ApiProperty()
  readonly production!: boolean;

  @ApiProperty({ description: 'The app that is mirrored.' })
  readonly sdkAppId!: string;

  @ApiProperty()
  readonly database!: DatabaseStatus;

  @ApiProperty()
  readonly callbacks!: CallbacksStatus;

  @ApiProperty()
  readonly restApi!: RestApiStatus;

  @ApiProperty()
  readonly spool!: SpoolStatus;

  @ApiProperty()
  readonly relay!: RelayStatus;

  @ApiProperty({ type: GroupCounts, nullable: true, description: 'Groups by state.' })
  readonly groups!: GroupCounts | null;

  @ApiProperty({ ...INSTANT_OR_NULL, description: 'The oldest verification of a group.' })
  readonly oldestVerifiedAt!: string | null;

  @ApiProperty({
    type: [RepairCount],
    nullable: true,
    description: 'Topics repaired by reconciliation since midnight UTC.',
  })
  readonly repairsToday!: readonly RepairCount[] | null;

  @ApiProperty()
  readonly feed!: FeedStatus;

  @ApiProperty()
  readonly rejections!: RejectionsStatus;

  @ApiProperty({ type: [FindingResponse] })
  readonly findings!: readonly FindingResponse[];
}
