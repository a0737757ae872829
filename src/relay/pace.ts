// A token bucket: limits a rate, and lets no more than a tenth of a second's worth come at once. Pure.

const BURST_SECONDS = 0.1;

export class Pace {
  private readonly most: number;
  private tokens: number;
  private filledAt: number;

  constructor(
    private readonly perSecond: number,
    now: number,
  ) {
    this.most = Math.max(1, perSecond * BURST_SECONDS);
    this.tokens = this.most;
    this.filledAt = now;
  }

  /** Takes one token. @returns 0, or how many milliseconds to wait for one. */
  take(now: number): number {
    const grown = ((now - this.filledAt) / 1000) * this.perSecond;
    this.tokens = Math.min(this.most, this.tokens + grown);
    this.filledAt = now;
    if (this.tokens < 1) return Math.ceil(((1 - this.tokens) / this.perSecond) * 1000);
    this.tokens -= 1;
    return 0;
  }
}
