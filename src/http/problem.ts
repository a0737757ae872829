import { HttpException, HttpStatus } from '@nestjs/common';

/**
 * An answer that says no, as RFC 9457 `application/problem+json`. `code` is stable: clients may
 * branch on it; `detail` is for people and tells the next step.
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

/** The members of a problem document, in the order they are sent. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
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

/** Whatever was thrown, as a problem; an unforeseen error tells nothing of the inside. */
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
  return new Problem(500, 'INTERNAL', 'The request failed; the log tells why.', { cause: error });
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
