import { apiKey, refuse } from './session.js';

/** A refusal of the service, as its problem document says it. */
export class ApiError extends Error {
  constructor(
    /** 0: there was no answer. */
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterMs: number | null,
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** Parameters of an address; those that are `null` or empty are left out. */
export type Parameters = Readonly<Record<string, string | number | null | undefined>>;

export function address(path: string, parameters: Parameters = {}): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === null || value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

export function groupAddress(groupId: string): string {
  return `groups/${encodeURIComponent(groupId)}`;
}

export function topicAddress(groupId: string, topicId: string): string {
  return `${groupAddress(groupId)}/topics/${encodeURIComponent(topicId)}`;
}

/**
 * Asks the service this page comes from; the address is relative.
 * @throws ApiError
 */
export async function ask(
  path: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const key = apiKey.value;
  let response: Response;
  try {
    response = await fetch(path, {
      signal,
      headers: {
        accept: 'application/json',
        ...headers,
        ...(key !== null && { authorization: `Bearer ${key}` }),
      },
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ApiError(0, 'NO_ANSWER', 'The service does not answer.', null);
  }
  if (response.ok) return response;
  if (response.status === 401) refuse(key);
  throw await refusal(response);
}

export async function read<Answer>(path: string, signal: AbortSignal): Promise<Answer> {
  const response = await ask(path, signal);
  try {
    return await response.json();
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ApiError(0, 'NO_ANSWER', 'The answer of the service is incomplete.', null);
  }
}

async function refusal(response: Response): Promise<ApiError> {
  const members: Record<string, unknown> = await response.json().catch(() => ({}));
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ApiError(
    response.status,
    typeof members.code === 'string' ? members.code : `HTTP_${response.status}`,
    typeof members.detail === 'string'
      ? members.detail
      : `The service answered ${response.status}.`,
    Number.isFinite(seconds) ? seconds * 1000 : null,
    members,
  );
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** Ends early, without an error, when the signal comes. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
