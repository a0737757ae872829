/** Who waits for changes, of one group or of all. */
export class News {
  private waiting = new Map<string | null, Signal>();

  /**
   * Resolves when there may be a change of the group (`null`: of any), at every heartbeat, and when the feed stops:
   * with the last `seq` up to which there was none since it was asked for. Taken before a read, it misses nothing
   * that comes after.
   */
  next(groupId: string | null): Promise<number> {
    let found = this.waiting.get(groupId);
    if (!found) this.waiting.set(groupId, (found = signal()));
    return found.promise;
  }

  /** There is something of these groups after `seq`, and of no other. */
  tell(groupIds: ReadonlySet<string>, seq: number): void {
    for (const groupId of [null, ...groupIds]) {
      const found = this.waiting.get(groupId);
      if (!found) continue;
      this.waiting.delete(groupId);
      found.resolve(seq);
    }
  }

  /** Up to `seq` there is nothing that was not told. */
  wakeAll(seq: number): void {
    const woken = this.waiting;
    this.waiting = new Map();
    for (const { resolve } of woken.values()) resolve(seq);
  }
}

interface Signal {
  readonly promise: Promise<number>;
  readonly resolve: (seq: number) => void;
}

function signal(): Signal {
  let resolve: (seq: number) => void = () => undefined;
  const promise = new Promise<number>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
