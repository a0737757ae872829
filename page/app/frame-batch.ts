const PAUSE_MS = 100;
// A browser draws no frames of a page that is not seen.
const HIDDEN_MS = 1_000;

/** Collects what arrives and hands it on once per frame, ten times a second at most. */
export class FrameBatch<Item> {
  private items: Item[] = [];
  private isScheduled = false;
  private lastAt = -Infinity;
  private readonly stopped = new AbortController();

  constructor(private readonly flush: (items: readonly Item[]) => void) {}

  /** Comes with `stop`. */
  get signal(): AbortSignal {
    return this.stopped.signal;
  }

  add(item: Item): void {
    this.items.push(item);
    if (this.isScheduled) return;
    this.isScheduled = true;
    const waitMs = Math.max(0, this.lastAt + PAUSE_MS - performance.now());
    setTimeout(() => this.nextFrame(), waitMs);
  }

  stop(): void {
    this.items = [];
    this.stopped.abort();
  }

  private nextFrame(): void {
    const run = (): void => {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
      this.isScheduled = false;
      this.lastAt = performance.now();
      const { items } = this;
      this.items = [];
      if (!this.signal.aborted) this.flush(items);
    };
    const timer = setTimeout(run, HIDDEN_MS);
    const frame = requestAnimationFrame(run);
  }
}
