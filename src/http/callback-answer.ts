import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** The paths of the receiver: the console of the vendor may point at any of them. */
export const CALLBACK_PATHS = ['/webhooks/im', '/'] as const;

/** The answer that every handled callback gets, byte for byte. */
export const CALLBACK_OK = '{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}';

/** The vendor's three keys for a refusal; `ErrorCode` is the HTTP status, so never 0. */
export function callbackFailure(status: number, errorInfo: string): string {
  return JSON.stringify({ ActionStatus: 'FAIL', ErrorInfo: errorInfo, ErrorCode: status });
}

export function isCallbackPath(request: FastifyRequest): boolean {
  return request.method === 'POST' && isReceiverPath(request.url.split('?', 1)[0]);
}

/** By the route that was matched: a path may be written in several ways. */
export function isReceiverRoute(request: FastifyRequest): boolean {
  return request.method === 'POST' && isReceiverPath(request.routeOptions.url);
}

export function isReceiverPath(path: string | undefined): boolean {
  return CALLBACK_PATHS.some((candidate) => candidate === path);
}

/** Whether a request has what only the vendor adds to a URL. */
export function hasCallbackQuery(request: FastifyRequest): boolean {
  const query = new URLSearchParams(request.url.split('?', 2)[1] ?? '');
  return query.has('SdkAppid') && query.has('CallbackCommand');
}

/**
 * Takes the receiver's path with a slash at its end, as it is easily typed into the console. Before the router,
 * which would ignore the slash of every other path too, and not by Fastify's `rewriteUrl`, which logs `Sign`.
 */
export function takeTrailingSlash({ server }: FastifyInstance): void {
  const trim = (request: IncomingMessage): void => {
    request.url = request.url?.replace(/^\/webhooks\/im\/(?=$|\?)/, '/webhooks/im');
  };
  server.prependListener('request', trim);
  server.prependListener('checkContinue', trim);
}
