import { ApiPropertyOptional } from '@nestjs/swagger';
import {
  anyText,
  instant,
  instantOrLater,
  MAX_CURSOR_LENGTH,
  oneOf,
  type Pairs,
  ParsedFamily,
  ParsedBy,
  someOf,
  wholeNumber,
} from '../../../http/parameters.js';
import {
  DEFAULT_LIMIT,
  DELETED,
  GROUP_ORDERS,
  type GroupOrder,
  MAX_LIMIT,
  type Order,
  ORDERS,
} from '../list-parameters.js';
import { RESPONSE_FIELDS, type ResponseField, SYNC_STATES, type SyncState } from '../responses.js';

export class GroupQueryDto {
  @ApiPropertyOptional({
    description:
      'Answer from a state that has this `seq`: waits a moment for it, then answers 503 with `Retry-After`.',
    example: 1,
    type: 'integer',
    minimum: 0,
  })
  @ParsedBy(wholeNumber(0, Number.MAX_SAFE_INTEGER))
  readonly minSeq?: number;
}

/** A page of a list. */
class PageQueryDto extends GroupQueryDto {
  @ApiPropertyOptional({
    description:
      'The most items of a page. It ends early where it has grown to 4 MiB; `nextCursor` then goes on without a hole.',
    example: 50,
    type: 'integer',
    minimum: 1,
    maximum: MAX_LIMIT,
    default: DEFAULT_LIMIT,
  })
  @ParsedBy(wholeNumber(1, MAX_LIMIT))
  readonly limit?: number;

  @ApiPropertyOptional({
    description:
      'Where to go on: the `nextCursor` of the page before. It carries order and filters of its list; they need not be repeated, and cannot be changed on the way.',
  })
  @ParsedBy(anyText, MAX_CURSOR_LENGTH)
  readonly cursor?: string;
}

export class HistoryQueryDto extends PageQueryDto {}

export class GroupListQueryDto extends PageQueryDto {
  @ApiPropertyOptional({
    description:
      'Order of the list, `-` first for descending. Names are ordered by code point, by their first 256 characters; one that is unknown stands after all others, a group without a callback before all others.',
    example: '-lastCallbackAt',
    enum: GROUP_ORDERS,
    default: 'groupId',
  })
  @ParsedBy(oneOf(GROUP_ORDERS))
  readonly sort?: GroupOrder;

  @ApiPropertyOptional({ description: 'Groups in this state.', enum: SYNC_STATES })
  @ParsedBy(oneOf(SYNC_STATES))
  readonly state?: SyncState;

  @ApiPropertyOptional({
    description:
      'Groups whose id or name contains this text, in upper or lower case. A page looks through 10,000 groups at most; it can then hold less than `limit`, even nothing, and still have a `nextCursor`.',
    minLength: 1,
  })
  @ParsedBy(notEmpty)
  readonly q?: string;
}

export class TopicQueryDto extends GroupQueryDto {
  @ApiPropertyOptional({
    description: 'The topic as the mirror had it at this instant, as far back as changes are kept.',
    type: 'string',
    format: 'date-time',
  })
  @ParsedBy(instant)
  readonly asOf?: Date;
}

export class TopicListQueryDto extends PageQueryDto {
  @ApiPropertyOptional({
    description:
      'Order of the list, `-` first for descending. Texts are ordered by code point, names by their first 256 characters; what is not known stands after everything that is.',
    example: '-updatedAt',
    enum: ORDERS,
    default: 'topicId',
  })
  @ParsedBy(oneOf(ORDERS))
  readonly sort?: Order;

  @ApiPropertyOptional({
    description: 'Only these fields of each topic, comma-separated.',
    example: 'topicId,name',
    type: 'string',
  })
  @ParsedBy(someOf(RESPONSE_FIELDS))
  readonly fields?: readonly ResponseField[];

  @ApiPropertyOptional({
    description: 'Topics of exactly this name.',
  })
  @ParsedBy(anyText)
  readonly name?: string;

  @ApiPropertyOptional({
    description:
      'Topics whose name contains this text, in upper or lower case. A page looks through 10,000 topics at most; it can then hold less than `limit`, even nothing, and still have a `nextCursor`.',
    minLength: 1,
  })
  @ParsedBy(notEmpty)
  readonly q?: string;

  @ApiPropertyOptional({
    description: 'Topics of this owner.',
  })
  @ParsedBy(anyText)
  readonly ownerAccount?: string;

  @ApiPropertyOptional({
    description: 'Topics last touched by this operator.',
  })
  @ParsedBy(anyText)
  readonly operatorAccount?: string;

  @ApiPropertyOptional({
    description: 'Whether deleted topics are left out, listed too, or listed alone.',
    enum: DELETED,
    default: 'exclude',
  })
  @ParsedBy(oneOf(DELETED))
  readonly deleted?: (typeof DELETED)[number];

  @ApiPropertyOptional({
    description: 'Topics whose `updatedAt` is this instant or later.',
    type: 'string',
    format: 'date-time',
  })
  @ParsedBy(instantOrLater)
  readonly updatedSince?: Date;

  @ParsedFamily()
  readonly 'custom.'?: Pairs;
}

function notEmpty(text: string): string {
  if (text === '') throw new RangeError('must not be empty');
  return text;
}
