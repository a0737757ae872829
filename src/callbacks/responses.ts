// Callbacks as the query API serialises them.
import { isUtf8 } from 'node:buffer';
import { parse } from 'node:querystring';
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { ChangeResponse } from '../changes/dto/change.dto.js';
import { arrivalOf } from '../journal/callback-id.js';
import { OUTCOMES, type Outcome } from '../journal/journal-entry.js';
import { INSTANT } from '../openapi/decorators.js';
import type { CallbackRow } from './callbacks.repository.js';

const TEXT_OR_NULL = { type: String, nullable: true } as const;
const SEQ_OR_NULL = { type: 'integer', minimum: 0, nullable: true } as const;

@ApiSchema({ name: 'Callback', description: 'A callback of the journal, without its body.' })
export class CallbackResponse {
  @ApiProperty({ description: 'A UUID; ids order by arrival.' })
  readonly id!: string;

  @ApiProperty({ ...INSTANT, description: 'Its arrival.' })
  readonly at!: string;

  @ApiProperty({ ...TEXT_OR_NULL, description: '`CallbackCommand`.' })
  readonly command!: string | null;

  @ApiProperty({ ...TEXT_OR_NULL, description: 'The group that it names.' })
  readonly groupId!: string | null;

  @ApiProperty({
    enum: OUTCOMES,
    description:
      '`applied`: it changed something; `unchanged`: all of it was known; `stale`: it does not say what changed, so its group is reconciled; `ignored`: its command or its group is not mirrored; `unknown`: its command is not known; `invalid`: it cannot be read.',
  })
  readonly outcome!: Outcome;

  @ApiProperty({ ...TEXT_OR_NULL, description: '`OptPlatform` of its query.' })
  readonly platform!: string | null;

  @ApiProperty({ ...SEQ_OR_NULL, description: 'The first `seq` of its changes.' })
  readonly firstSeq!: number | null;

  @ApiProperty({ ...SEQ_OR_NULL, description: 'The last `seq` of its changes.' })
  readonly lastSeq!: number | null;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Size of the body in bytes.' })
  readonly bodyBytes!: number;
}

@ApiSchema({ name: 'CallbackAnswerSent' })
class SentAnswer {
  @ApiProperty({ type: 'integer' })
  readonly status!: number;

  @ApiProperty()
  readonly body!: string;
}

@ApiSchema({ name: 'CallbackDetail', description: 'A callback of the journal.' })
export class CallbackDetailResponse extends CallbackResponse {
  @ApiProperty({ description: 'Its query as it came, without `Sign`.' })
  readonly query!: string;

  @ApiProperty({ ...TEXT_OR_NULL, description: 'Its body; `null` where that is not UTF-8.' })
  readonly body!: string | null;

  @ApiProperty({
    ...TEXT_OR_NULL,
    description: 'Its body in base64 where that is not UTF-8; else `null`.',
  })
  readonly bodyBase64!: string | null;

  @ApiProperty({ description: 'The answer to the vendor.' })
  readonly answer!: SentAnswer;

  @ApiProperty({
    type: [ChangeResponse],
    description: 'Its change records, at most 500; the feed has the others.',
  })
  readonly changes!: readonly ChangeResponse[];
}

@ApiSchema({ name: 'CallbackPage' })
export class CallbackPageResponse {
  @ApiProperty({ type: [CallbackResponse] })
  readonly data!: readonly CallbackResponse[];

  @ApiPropertyOptional({
    ...TEXT_OR_NULL,
    description:
      'To be sent as `cursor` for the next page; `null` on the last one, absent with `after`.',
  })
  readonly nextCursor?: string | null;

  @ApiProperty({
    description: 'To be sent as `after`, for the callbacks that are committed later.',
  })
  readonly nextAfter!: string;
}

export function callbackResponse(row: CallbackRow): CallbackResponse {
  const { id, command, groupId, outcome, query, firstSeq, lastSeq, bodyBytes } = row;
  const { OptPlatform: platform } = parse(query);
  return {
    id,
    at: new Date(arrivalOf(id) / 1000).toISOString(),
    command,
    groupId,
    outcome,
    platform: typeof platform === 'string' ? platform : null,
    firstSeq,
    lastSeq,
    bodyBytes,
  };
}

/** A body as text, or as base64 where it is none. */
export function bodyResponse(body: Buffer): Pick<CallbackDetailResponse, 'body' | 'bodyBase64'> {
  return isUtf8(body)
    ? { body: body.toString('utf8'), bodyBase64: null }
    : { body: null, bodyBase64: body.toString('base64') };
}
