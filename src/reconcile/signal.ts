/** Wakes all who wait for it. */
export class Signal {
  private waiting: (() => void)[] = [];

  emit(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Resolves at the next `emit`, or after `ms`. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
