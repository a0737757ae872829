// A circuit breaker: after many failures in a row, or a second without any connection, one callback at a time is tried,
// with growing pauses. Pure.

const FAILURES = 20;
const UNREACHABLE_MS = 1_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** Why a backend has not accepted a callback; where it rejected, it answered. */
export type Failure = 'rejected' | 'timeout' | 'unreachable';

export class Circuit {
  /** From many failures to the next success. */
  isOpen = false;
  private failures = 0;
  /** Since when no connection can be made. */
  private unreachableSince: number | null = null;
  private pauseMs = 0;
  private trialAt = 0;

  /** How long until the next trial, in milliseconds. */
  untilTrial(now: number): number {
    return Math.max(0, this.trialAt - now);
  }

  succeed(): void {
    this.isOpen = false;
    this.failures = 0;
    this.unreachableSince = null;
    this.pauseMs = 0;
  }

  fail(now: number, outcome: Failure): void {
    this.failures += 1;
    this.unreachableSince = outcome === 'unreachable' ? (this.unreachableSince ?? now) : null;
    const unreachableMs = now - (this.unreachableSince ?? now);
    this.isOpen ||= this.failures >= FAILURES || unreachableMs >= UNREACHABLE_MS;
    if (!this.isOpen) return;
    // What was in flight when it opened is no trial.
    if (this.pauseMs > 0 && now < this.trialAt) return;
    this.pauseMs = Math.min(LONGEST_PAUSE_MS, this.pauseMs * 2 || FIRST_PAUSE_MS);
    this.trialAt = now + jittered(this.pauseMs);
  }
}

/** Somewhat less or more, so that several do not come at once. */
export function jittered(ms: number): number {
  return ms * (0.75 + Math.random() / 2);
}
