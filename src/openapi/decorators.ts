// Decorators of controllers for what several operations share.
import { applyDecorators, UseGuards } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiHeader,
  ApiNotModifiedResponse,
  type ApiPropertyOptions,
  ApiResponse,
  ApiSecurity,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Scope } from '../config/values.js';
import { ApiKeyGuard, RequiredScope } from '../http/api-key.guard.js';
import { type ProblemCode, ProblemDocument } from '../http/problem.js';

type Decorator = MethodDecorator & ClassDecorator;

/** Options of properties that hold an instant. */
export const INSTANT = {
  type: 'string',
  format: 'date-time',
} as const satisfies ApiPropertyOptions;

/** Headers of a response with an entity tag. */
export const ETAG = { etag: { $ref: '#/components/headers/ETag' } };

const RETRY_AFTER = { 'retry-after': { $ref: '#/components/headers/RetryAfter' } };

const MEANINGS: Readonly<Record<number, string>> = {
  400: 'The request is not allowed; `detail` names what, and what is.',
  401: 'No API key, or an unknown one.',
  403: 'The key lacks a scope; `scope` names it.',
  404: 'The mirror does not know it.',
  410: 'It is no longer kept, or is of a time before a restore of the database.',
  414: 'The address is too long.',
  429: 'Too many requests of this key.',
  503: 'Not now; try again.',
};

/** Documents the problems of an operation, or of all operations of a controller. */
export function ApiProblems(
  problems: Readonly<Record<number, readonly ProblemCode[]>>,
  example?: ProblemDocument,
): Decorator {
  const responses = Object.entries(problems).map(([status, codes]) =>
    ApiResponse({
      status: Number(status),
      description: `${MEANINGS[Number(status)]} ${codes.map((code) => `\`${code}\``).join(', ')}`,
      ...(['429', '503'].includes(status) && { headers: RETRY_AFTER }),
      content: {
        'application/problem+json': {
          schema: { $ref: getSchemaPath(ProblemDocument) },
          ...(example?.status === Number(status) && { example }),
        },
      },
    }),
  );
  return applyDecorators(ApiExtraModels(ProblemDocument), ...responses);
}

/** For controllers that need an API key, also one with a scope, unless the query API is open. */
export function RequiresApiKey(scope?: Scope): Decorator {
  return applyDecorators(
    ...(scope === undefined ? [] : [RequiredScope(scope), ApiProblems({ 403: ['MISSING_SCOPE'] })]),
    UseGuards(ApiKeyGuard),
    ApiSecurity('apiKey'),
    // Or none: the query API may be open.
    ApiSecurity({}),
    ApiProblems({ 401: ['UNAUTHORIZED'], 414: ['URI_TOO_LONG'], 429: ['RATE_LIMITED'] }),
  );
}

/** For operations that answer `If-None-Match`. */
export function ApiConditional(): MethodDecorator {
  return applyDecorators(
    ApiHeader({ name: 'If-None-Match', description: 'The `ETag` of a known response.' }),
    ApiNotModifiedResponse({
      description: 'Nothing has changed since the known response.',
      headers: ETAG,
    }),
  );
}
