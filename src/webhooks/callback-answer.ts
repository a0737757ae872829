import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** The paths of the receiver: the console of the vendor may point at any of them. */
export const CALLBACK_PATHS = ['/webhooks/im', '/'] as const;

/** The answer that every handled callback gets, byte for byte. */
export const CALLBACK_OK = '{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}';

/** Refuses what a blocking callback is about; the callback as such was handled. Source: 1047/49463. */
export const CALLBACK_BLOCKED =
  '{"ActionStatus":"OK","ErrorInfo":"refused: the backend did not answer","ErrorCode":1}';

/** The vendor's three keys for a refusal; `ErrorCode` is the HTTP status, so never 0. */
export function callbackFailure(status: number, errorInfo: string): string {
  return JSON.stringify({ ActionStatus: 'FAIL', ErrorInfo: errorInfo, ErrorCode: status });
}

/** Whether a method of a path, or of a route, is the receiver's. */
export function isReceiver(method: string, path: string | undefined): boolean {
  return method === 'POST' && CALLBACK_PATHS.some((candidate) => candidate === path);
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
