import type { FastifyRateLimitStore } from '@fastify/rate-limit';

interface Window {
  current: number;
  readonly endsAt: number;
}

/**
 * Counts of the plugin for rates by the monotonic clock: its own store takes the clock of the machine, which may be
 * set. Its keys are the names of API keys, so it is as small as API_KEYS.
 */
export class RateWindows implements FastifyRateLimitStore {
  private readonly windows = new Map<string, Window>();

  incr(
    key: string,
    callback: (error: Error | null, result: { current: number; ttl: number }) => void,
    windowMs: number,
  ): void {
    const now = performance.now();
    let window = this.windows.get(key);
    if (window === undefined || window.endsAt <= now) {
      window = { current: 0, endsAt: now + windowMs };
      this.windows.set(key, window);
    }
    window.current += 1;
    callback(null, { current: window.current, ttl: window.endsAt - now });
  }

  /** For another rate, of the same keys. */
  child(): RateWindows {
    return new RateWindows();
  }
}
