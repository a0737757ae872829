import type { FastifyRequest } from 'fastify';

/** The routes of the receiver: the console of the vendor may point at either. */
export const CALLBACK_ROUTES = ['/webhooks/im', '/'] as const;

/** Their paths: the router ignores a slash at the end. */
export const CALLBACK_PATHS = [...CALLBACK_ROUTES, '/webhooks/im/'] as const;

/** The answer that every handled callback gets, byte for byte. */
export const CALLBACK_OK = '{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}';

/** The vendor's three keys for a refusal; `ErrorCode` is the HTTP status, so never 0. */
export function callbackFailure(status: number, errorInfo: string): string {
  return JSON.stringify({ ActionStatus: 'FAIL', ErrorInfo: errorInfo, ErrorCode: status });
}

export function isCallbackPath(request: FastifyRequest): boolean {
  const path = request.url.split('?', 1)[0];
  return request.method === 'POST' && CALLBACK_PATHS.some((candidate) => candidate === path);
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
