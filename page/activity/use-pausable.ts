import { useEffect, useState } from 'preact/hooks';
import { connection } from '../app/connection.js';

/** Runs something that follows the service, from where it was, whenever it is not paused. */
export function usePausable(
  follower: { run(signal: AbortSignal): Promise<void> },
  isPaused: boolean,
): void {
  useEffect(() => {
    if (isPaused) {
      connection.set('paused');
      return undefined;
    }
    const stop = new AbortController();
    connection.set('connecting');
    void follower.run(stop.signal);
    return () => stop.abort();
  }, [follower, isPaused]);
  useEffect(() => () => connection.set(null), []);
}

export function usePause() {
  const [isPaused, setPaused] = useState(false);
  return { isPaused, toggle: () => setPaused((now) => !now) };
}
