// Group commit: what arrives while a commit runs is collected and committed together next. Under
// load the cost of a transaction is shared by many callers; alone, a caller waits for nobody.

/** The queue is full: the caller is refused now rather than kept waiting without bound. */
export class QueueFullError extends Error {
  readonly code = 'QUEUE_FULL';

  constructor(readonly length: number) {
    super(`${length} changes are waiting for the database`);
    this.name = 'QueueFullError';
  }
}

export interface GroupCommitOptions<Item, Result> {
  /** Keeps all items or none; the results stand in the items' order. */
  readonly commit: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Whether an error of `commit` lies in an item, and would come again. */
  readonly isItemFault: (error: unknown) => boolean;
  readonly maxBatch: number;
  readonly maxQueue: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit<Item, Result> {
  // In the order of submission.
  private readonly queue = new Map<Item, Waiting<Item, Result>>();
  private running: Promise<void> | null = null;

  constructor(private readonly options: GroupCommitOptions<Item, Result>) {}

  /** How many items wait for a commit. */
  get length(): number {
    return this.queue.size;
  }

  /**
   * Resolves after the commit that kept the item; rejects with the commit's error, and then
   * nothing or everything may be kept of it.
   * @throws QueueFullError at once when too many wait already.
   */
  submit(item: Item): Promise<Result> {
    if (this.queue.size >= this.options.maxQueue) {
      return Promise.reject(new QueueFullError(this.queue.size));
    }
    return new Promise((resolve, reject) => {
      this.queue.set(item, { item, resolve, reject });
      this.running ??= this.run();
    });
  }

  /** Takes back an item that still waits; its promise is never settled. One that is being committed stays. */
  withdraw(item: Item): void {
    this.queue.delete(item);
  }

  /** Resolves when nothing waits and nothing runs. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private async run(): Promise<void> {
    // One turn of the event loop, so that requests of one poll share the first commit.
    await new Promise(setImmediate);
    while (this.queue.size > 0) await this.settle(this.take());
    this.running = null;
  }

  private take(): Waiting<Item, Result>[] {
    const batch: Waiting<Item, Result>[] = [];
    for (const [item, waiting] of this.queue) {
      if (batch.length >= this.options.maxBatch) break;
      batch.push(waiting);
      this.queue.delete(item);
    }
    return batch;
  }

  /** A batch that an item spoils is halved until that item stands alone. */
  private async settle(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.options.commit(batch.map(({ item }) => item));
      batch.forEach((waiting, index) => answer(waiting, results[index]));
    } catch (error) {
      if (batch.length === 1 || !this.options.isItemFault(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      const middle = batch.length >> 1;
      await this.settle(batch.slice(0, middle));
      await this.settle(batch.slice(middle));
    }
  }
}

function answer<Item, Result>(waiting: Waiting<Item, Result>, result: Result | undefined): void {
  if (result === undefined) waiting.reject(new Error('the commit did not tell what became of it'));
  else waiting.resolve(result);
}
