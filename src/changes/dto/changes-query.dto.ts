import { ApiPropertyOptional } from '@nestjs/swagger';
import { anyText, ParsedBy, wholeNumber } from '../../http/parameters.js';

export const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 500;
const MAX_WAIT_SECONDS = 25;

export const toSeq = wholeNumber(0, Number.MAX_SAFE_INTEGER);

export class ChangesQueryDto {
  @ApiPropertyOptional({
    description:
      'The last `seq` that was seen: the `nextAfter` of the response before. Without it the feed begins with the oldest change that is kept. A stream takes `Last-Event-ID` before it.',
    example: 0,
    type: 'integer',
    minimum: 0,
  })
  @ParsedBy(toSeq)
  readonly after?: number;

  @ApiPropertyOptional({
    description:
      'The most changes of a response; a stream has no end. A response ends early where it has grown to 4 MiB; `nextAfter` then goes on without a hole.',
    example: 50,
    type: 'integer',
    minimum: 1,
    maximum: MAX_LIMIT,
    default: DEFAULT_LIMIT,
  })
  @ParsedBy(wholeNumber(1, MAX_LIMIT))
  readonly limit?: number;

  @ApiPropertyOptional({
    description: 'Seconds to wait for the first change when there is none.',
    example: 0,
    type: 'integer',
    minimum: 0,
    maximum: MAX_WAIT_SECONDS,
    default: 0,
  })
  @ParsedBy(wholeNumber(0, MAX_WAIT_SECONDS))
  readonly wait?: number;

  @ApiPropertyOptional({
    description: 'Only changes of topics of this group.',
  })
  @ParsedBy(anyText)
  readonly groupId?: string;
}
