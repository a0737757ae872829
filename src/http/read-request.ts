import { createHash } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

const JSON_TYPE = 'application/json; charset=utf-8';

/** What responses of the query API depend on besides parameters. */
export interface ReadRequest {
  /** Path and query as they were sent. */
  readonly url: string;
  readonly ifNoneMatch: string | undefined;
}

/** An answer: JSON text, or `null` when the client has it already. */
export interface Answer {
  readonly json: string | null;
  readonly etag?: string;
}

export const CurrentRequest = createParamDecorator(
  (_: unknown, context: ExecutionContext): ReadRequest => {
    const { url, headers } = context.switchToHttp().getRequest<FastifyRequest>();
    return { url, ifNoneMatch: headers['if-none-match'] };
  },
);

/** Sets status and headers of an answer. @returns its body. */
export function respond(reply: FastifyReply, { json, etag }: Answer): string | undefined {
  void reply.header('cache-control', 'private, no-cache');
  if (etag !== undefined) void reply.header('etag', etag);
  if (json === null) void reply.status(304);
  else void reply.type(JSON_TYPE);
  return json ?? undefined;
}

/**
 * A weak entity tag (RFC 9110, 8.8.3) of a version and a URL: the same tag means the same response, save for
 * the time of the last callback.
 */
export function entityTag(version: readonly unknown[], { url }: ReadRequest): string {
  const hash = createHash('sha256').update(JSON.stringify([version, url]));
  return `W/"${hash.digest('base64url').slice(0, 22)}"`;
}

/** Whether `If-None-Match` names the tag (RFC 9110, 13.1.2: weak comparison), or anything that there is. */
export function isNotModified(request: ReadRequest, etag: string): boolean {
  if (asksForAny(request)) return true;
  const tags: readonly string[] = request.ifNoneMatch?.match(ENTITY_TAGS) ?? [];
  return tags.includes(opaqueOf(etag));
}

/** Whether the answer is only wanted where there is none: it has to be looked for all the same. */
export function asksForAny({ ifNoneMatch }: ReadRequest): boolean {
  return ifNoneMatch?.trim() === '*';
}

// Without their weakness; a comma may stand inside of one (RFC 9110, 8.8.3).
const ENTITY_TAGS = /"[\x21\x23-\x7e\x80-\xff]*"/g;

function opaqueOf(etag: string): string {
  return etag.replace(/^W\//, '');
}
