import { HttpException, HttpStatus } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';

/**
 * An answer that says no, as RFC 9457 `application/problem+json`. `code` is stable: clients may
 * branch on it; `detail` is for people and names the next step.
 */
export class Problem extends HttpException {
  constructor(
    status: HttpStatus,
    readonly code: string,
    readonly detail: string,
    options: {
      cause?: unknown;
      retryAfterSeconds?: number;
      /** Extension members of the document (RFC 9457, 3.2). */
      members?: Readonly<Record<string, unknown>>;
    } = {},
  ) {
    super(detail, status, { cause: options.cause });
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.members = options.members ?? {};
  }

  readonly retryAfterSeconds: number | undefined;
  readonly members: Readonly<Record<string, unknown>>;
}

/** The codes of problem documents. */
export const PROBLEM_CODES = [
  'BAD_REQUEST',
  'CHANGES_GONE',
  'CURSOR_AHEAD',
  'CURSOR_GONE',
  'DATABASE_UNAVAILABLE',
  'HISTORY_GONE',
  'INTERNAL',
  'INVALID_CURSOR',
  'INVALID_ID',
  'INVALID_LAST_EVENT_ID',
  'INVALID_PARAMETER',
  'METHOD_NOT_ALLOWED',
  'MISSING_SCOPE',
  'NOT_FOUND',
  'PAYLOAD_TOO_LARGE',
  'RATE_LIMITED',
  'SEQ_GONE',
  'SEQ_NOT_REACHED',
  'TOO_MANY_ANSWERS',
  'TOO_MANY_STREAMS',
  'TOO_MANY_STREAMS_OF_KEY',
  'UNAUTHORIZED',
  'UNKNOWN_CALLBACK',
  'UNKNOWN_GROUP',
  'UNKNOWN_TOPIC',
  'UNSUPPORTED_ENCODING',
  'UNSUPPORTED_MEDIA_TYPE',
  'URI_TOO_LONG',
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** The members of a problem document, in the order they are sent. */
@ApiSchema({ name: 'Problem', description: 'RFC 9457.' })
export class ProblemDocument {
  @ApiProperty({ format: 'uri', description: 'Stable; names the kind of problem.' })
  readonly type!: string;

  @ApiProperty({ description: 'The status in words.' })
  readonly title!: string;

  @ApiProperty({ type: 'integer', description: 'The status of the response.' })
  readonly status!: number;

  @ApiProperty({ enum: PROBLEM_CODES, description: 'Stable; clients may branch on it.' })
  readonly code!: string;

  @ApiProperty({ description: 'What to do about it.' })
  readonly detail!: string;

  @ApiProperty({ description: 'Also in `x-request-id` and in the log.' })
  readonly requestId!: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    description: 'The last `seq` of the mirror, where a cursor of the feed is gone.',
  })
  readonly latestSeq?: number;

  @ApiPropertyOptional({ description: 'The scope that the key lacks.' })
  readonly scope?: string;
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  410: 'Gone',
  413: 'Payload too large',
  414: 'URI too long',
  415: 'Unsupported media type',
  429: 'Too many requests',
  503: 'Service unavailable',
};

export function problemDocument(problem: Problem, requestId: string): ProblemDocument {
  const status = problem.getStatus();
  return {
    type: `urn:topic-mirror:problem:${problem.code.toLowerCase().replaceAll('_', '-')}`,
    title: TITLES[status] ?? 'Internal error',
    status,
    code: problem.code,
    detail: problem.detail,
    requestId,
    ...problem.members,
  };
}

/** Whatever was thrown, as a problem; an unforeseen error reveals nothing internal. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (hasCode(error, 'DATABASE_UNAVAILABLE')) {
    return new Problem(503, 'DATABASE_UNAVAILABLE', 'The database does not answer; try again.', {
      cause: error,
      retryAfterSeconds: 1,
    });
  }
  const status = statusOf(error);
  if (status >= 400 && status < 500) {
    const detail = error instanceof Error ? error.message : 'The request cannot be answered.';
    return new Problem(status, CODES[status] ?? 'BAD_REQUEST', detail, { cause: error });
  }
  return new Problem(500, 'INTERNAL', 'The request failed; see the log.', { cause: error });
}

const CODES: Readonly<Record<number, string>> = {
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'PAYLOAD_TOO_LARGE',
  414: 'URI_TOO_LONG',
  415: 'UNSUPPORTED_MEDIA_TYPE',
};

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') {
    return error.statusCode;
  }
  return 500;
}
