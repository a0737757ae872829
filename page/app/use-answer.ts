import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, isAbort, pause, read } from '../api/client.js';

export interface Answered<Answer> {
  readonly data: Answer | null;
  /** Of the last attempt; what was read before stays in `data`. */
  readonly error: ApiError | null;
  readonly isLoading: boolean;
  reload(): void;
}

export interface Source<Answer> {
  /** Two sources with the same key read the same. */
  readonly key: string;
  read(signal: AbortSignal): Promise<Answer>;
}

const RETRY_MS = 3_000;

/** Reads a source, again when its key changes, every `everyMs` while the page is visible, and after errors. */
export function useSource<Answer>(
  source: Source<Answer>,
  everyMs: number | null,
): Answered<Answer> {
  const [data, setData] = useState<Answer | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [isLoading, setLoading] = useState(true);
  const [round, setRound] = useState(0);
  const reload = useCallback(() => setRound((count) => count + 1), []);
  const latest = useRef(source);
  latest.current = source;
  useEffect(() => {
    const stop = new AbortController();
    void keepReading(stop.signal);
    return () => stop.abort();

    async function keepReading(signal: AbortSignal): Promise<void> {
      for (;;) {
        setLoading(true);
        const failure = await readOnce(signal);
        if (signal.aborted) return;
        setLoading(false);
        const waitMs = failure === null ? everyMs : retryMs(failure);
        if (waitMs === null) return;
        await pause(waitMs, signal);
        if (document.hidden) await visible(signal);
        if (signal.aborted) return;
      }
    }

    async function readOnce(signal: AbortSignal): Promise<ApiError | null> {
      try {
        const answer = await latest.current.read(signal);
        if (signal.aborted) return null;
        setData(answer);
        setError(null);
        return null;
      } catch (reason) {
        if (isAbort(reason) || signal.aborted) return null;
        if (!(reason instanceof ApiError)) throw reason;
        setError(reason);
        return reason;
      }
    }
  }, [source.key, everyMs, round]);
  return { data, error, isLoading, reload };
}

export function useAnswer<Answer>(path: string, everyMs: number | null = null): Answered<Answer> {
  return useSource<Answer>({ key: path, read: (signal) => read(path, signal) }, everyMs);
}

/** `null`: asking again would be answered the same. */
export function retryMs({ status, retryAfterMs }: ApiError): number | null {
  if (status !== 0 && status !== 429 && status < 500) return null;
  return Math.max(retryAfterMs ?? 0, RETRY_MS);
}

function visible(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    document.addEventListener('visibilitychange', () => resolve(), { once: true, signal });
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
