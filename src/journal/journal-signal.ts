import { Injectable } from '@nestjs/common';

// Commits follow each other in milliseconds: those of one moment are read together.
const GATHER_MS = 100;

/** Wakes those who wait for entries of the journal, after commits of this process. */
@Injectable()
export class JournalSignal {
  private waiting: Signal | null = null;
  private timer: NodeJS.Timeout | null = null;

  /** Resolves when there may be a new entry. Taken before a read, it misses nothing that comes after. */
  next(): Promise<void> {
    this.waiting ??= signal();
    return this.waiting.promise;
  }

  emit(): void {
    if (this.waiting === null || this.timer !== null) return;
    this.timer = setTimeout(() => this.emitNow(), GATHER_MS);
  }

  emitNow(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.waiting?.resolve();
    this.waiting = null;
  }
}

interface Signal {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function signal(): Signal {
  let resolve: Signal['resolve'] = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
