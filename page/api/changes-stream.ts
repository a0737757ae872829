import { address, ApiError, ask, pause } from './client.js';
import { eventsOf } from './event-stream.js';
import type { Change } from './types.js';

const RETRY_MS = 1_000;
const MAX_RETRY_MS = 15_000;
// Several heartbeats.
const SILENCE_MS = 60_000;

export type Connection = 'connecting' | 'live' | 'lost';

export interface ChangesOptions {
  /** Begins after this `seq`. */
  readonly after: number;
  readonly groupId: string | null;
  readonly signal: AbortSignal;
  readonly onChange: (change: Change) => void;
  readonly onConnection: (connection: Connection) => void;
}

/**
 * Follows the feed without a hole and without a repeat, over interruptions and restarts of the service.
 * @returns when the signal comes, or `gone` when the feed cannot go on from where it was: the lists
 *   have to be read again.
 */
export async function followChanges(options: ChangesOptions): Promise<'aborted' | 'gone'> {
  const { signal, onConnection } = options;
  let { after } = options;
  let retryMs = RETRY_MS;
  onConnection('connecting');
  while (!signal.aborted) {
    try {
      for await (const id of connect(options, after)) {
        if (id !== null) after = id;
        retryMs = RETRY_MS;
        onConnection('live');
      }
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof ApiError && error.status === 410) return 'gone';
      // A change of the key mounts everything anew.
      if (error instanceof ApiError && error.status === 401) break;
      if (error instanceof ApiError && error.retryAfterMs !== null) retryMs = error.retryAfterMs;
    }
    if (signal.aborted) break;
    onConnection('lost');
    await pause(retryMs, signal);
    retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
  }
  return 'aborted';
}

/** One connection: yields how far it has come, each time something arrives. */
async function* connect(
  { groupId, signal, onChange }: ChangesOptions,
  after: number,
): AsyncGenerator<number | null> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await ask(
      address('changes', { groupId }),
      AbortSignal.any([signal, silence.signal]),
      { accept: 'text/event-stream', 'last-event-id': String(after) },
    );
    if (!response.body) return;
    for await (const { id, event, data } of eventsOf(response.body)) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      if (event === 'end') return;
      if (data !== null) onChange(JSON.parse(data));
      yield id === null ? null : Number(id);
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}
