/**
 * Between two seqs there was no change that was not signalled. It advances the cursor of a subscriber at the first of
 * them; one that read from a lagging replica still has to read what lies before.
 */
export interface UnchangedRange {
  /** `null`: nothing is known. */
  readonly after: number | null;
  readonly upTo: number;
}

/** The cursor of a reader who was at `seq` before the news. */
export function advance({ after, upTo }: UnchangedRange, seq: number): number {
  return after === null || seq < after ? seq : Math.max(seq, upTo);
}

/** Who waits for changes, of one group or of all. */
export class ChangeSignal {
  private waiting = new Map<string | null, Signal>();

  /**
   * Resolves when there may be a change of the group (`null`: of any), at every heartbeat, and when the feed stops:
   * with the seqs between which there was none. Taken before a read, it misses nothing that comes after.
   * @param head the last `seq` that is known, if any
   */
  next(groupId: string | null, head: number | null): Promise<UnchangedRange> {
    let found = this.waiting.get(groupId);
    if (!found) this.waiting.set(groupId, (found = signal(head)));
    return found.promise;
  }

  /** There is something of these groups after `seq`, and of no other. */
  emit(groupIds: ReadonlySet<string>, seq: number): void {
    for (const groupId of [null, ...groupIds]) {
      const found = this.waiting.get(groupId);
      if (!found) continue;
      this.waiting.delete(groupId);
      found.resolve(seq);
    }
  }

  /** Up to `seq` everything was signalled. */
  emitAll(seq: number): void {
    const woken = this.waiting;
    this.waiting = new Map();
    for (const { resolve } of woken.values()) resolve(seq);
  }
}

interface Signal {
  readonly promise: Promise<UnchangedRange>;
  readonly resolve: (upTo: number) => void;
}

function signal(after: number | null): Signal {
  let resolve: Signal['resolve'] = () => undefined;
  const promise = new Promise<UnchangedRange>((done) => {
    resolve = (upTo) => done({ after, upTo });
  });
  return { promise, resolve };
}
