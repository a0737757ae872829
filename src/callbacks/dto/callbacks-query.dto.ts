import { ApiPropertyOptional } from '@nestjs/swagger';
import {
  anyText,
  instant,
  instantOrLater,
  MAX_CURSOR_LENGTH,
  oneOf,
  ParsedBy,
  wholeNumber,
} from '../../http/parameters.js';
import { OUTCOMES, type Outcome } from '../../journal/journal-entry.js';

export const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
const MAX_WAIT_SECONDS = 25;

export class CallbacksQueryDto {
  @ApiPropertyOptional({
    description:
      'Maximum number of callbacks on a page. A page ends early where it has grown to 4 MiB, or where a filter has examined 10,000 callbacks; it can then hold fewer, even none, and `nextCursor` or `nextAfter` continues without a gap.',
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
      'The `nextCursor` of the page before. It carries the filters; they need not be repeated.',
  })
  @ParsedBy(anyText, MAX_CURSOR_LENGTH)
  readonly cursor?: string;

  @ApiPropertyOptional({
    description:
      'The `nextAfter` of an answer: callbacks that were committed after it, in the order of commits. It does not carry the filters.',
  })
  @ParsedBy(anyText, MAX_CURSOR_LENGTH)
  readonly after?: string;

  @ApiPropertyOptional({
    description: 'With `after`: seconds to wait for the first callback when there is none.',
    type: 'integer',
    minimum: 0,
    maximum: MAX_WAIT_SECONDS,
    default: 0,
  })
  @ParsedBy(wholeNumber(0, MAX_WAIT_SECONDS))
  readonly wait?: number;

  @ApiPropertyOptional({ description: 'Callbacks of this command.' })
  @ParsedBy(anyText)
  readonly command?: string;

  @ApiPropertyOptional({ description: 'Callbacks with this outcome.', enum: OUTCOMES })
  @ParsedBy(oneOf(OUTCOMES))
  readonly outcome?: Outcome;

  @ApiPropertyOptional({ description: 'Callbacks that name this group.' })
  @ParsedBy(anyText)
  readonly groupId?: string;

  @ApiPropertyOptional({
    description: 'Callbacks that arrived at this instant or later.',
    type: 'string',
    format: 'date-time',
  })
  @ParsedBy(instantOrLater)
  readonly since?: Date;

  @ApiPropertyOptional({
    description: 'Callbacks that arrived before this instant.',
    type: 'string',
    format: 'date-time',
  })
  @ParsedBy(instant)
  readonly until?: Date;
}
