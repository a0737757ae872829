import type { Settings } from '../config/settings.js';
import { Problem } from './problem.js';

const RETRY = { retryAfterSeconds: 5 };

/** How many requests of a kind stay open at a time: FEED_MAX_STREAMS, shared equally by the API keys. */
export class OpenShares {
  private total = 0;
  private readonly ofKey = new Map<string, number>();

  constructor(
    private readonly settings: Pick<Settings, 'feedMaxStreams' | 'apiKeys'>,
    private readonly onChange: (total: number) => void = () => undefined,
  ) {}

  /** Why no further request is taken: 503 when there are too many, 429 when too many are of this key; or `null`. */
  refusal(key: string | undefined): Problem | null {
    const { feedMaxStreams, apiKeys } = this.settings;
    if (this.total >= feedMaxStreams) return tooMany();
    // So that there is room for each key whatever the others do.
    const share = Math.max(1, Math.floor(feedMaxStreams / apiKeys.length));
    if (key === undefined || (this.ofKey.get(key) ?? 0) < share) return null;
    const detail = `A key may have ${share} streams open here; end one, or try again.`;
    return new Problem(429, 'TOO_MANY_STREAMS_OF_KEY', detail, RETRY);
  }

  /** Counts a request until the function that is returned is called. */
  take(key: string | undefined): () => void {
    this.count(key, 1);
    return () => this.count(key, -1);
  }

  private count(key: string | undefined, change: 1 | -1): void {
    this.onChange((this.total += change));
    if (key === undefined) return;
    this.ofKey.set(key, (this.ofKey.get(key) ?? 0) + change);
  }
}

export function tooMany(): Problem {
  const detail = 'This process takes no more streams; try again.';
  return new Problem(503, 'TOO_MANY_STREAMS', detail, RETRY);
}
