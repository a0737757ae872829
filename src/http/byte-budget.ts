interface Waiting {
  readonly bytes: number;
  readonly admit: () => void;
}

/** A semaphore of bytes: large requests wait in turn until enough are free. */
export class ByteBudget {
  private used = 0;
  private readonly queue = new Set<Waiting>();

  constructor(private readonly max: number) {}

  get taken(): number {
    return this.used;
  }

  get waiting(): number {
    return this.queue.size;
  }

  /** Takes so many at once if they are free and nobody waits. */
  tryTake(bytes: number): boolean {
    if (this.queue.size > 0 || this.used + bytes > this.max) return false;
    this.used += bytes;
    return true;
  }

  /** Takes so many whether they are free or not; a negative number gives some back. */
  take(bytes: number): void {
    this.used += bytes;
    for (const next of this.queue) {
      if (this.used + next.bytes > this.max) return;
      this.queue.delete(next);
      this.used += next.bytes;
      next.admit();
    }
  }

  /**
   * Takes so many as soon as they are free.
   * @returns `false` when that took too long, or was aborted; then nothing was taken.
   */
  wait(bytes: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const waiting = { bytes, admit: () => settle(true) };
      const settle = (isAdmitted: boolean): void => {
        signal.removeEventListener('abort', abort);
        this.queue.delete(waiting);
        resolve(isAdmitted);
      };
      const abort = (): void => settle(false);
      this.queue.add(waiting);
      signal.addEventListener('abort', abort);
    });
  }
}
