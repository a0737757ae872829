// Group commit: what arrives while a commit runs is collected and committed together next. Under
// load the cost of a transaction is shared by many callers; a single caller does not wait.

/** The queue is full: the caller is rejected now instead of waiting without bound. */
export class QueueFullError extends Error {
  readonly code = 'QUEUE_FULL';

  constructor(readonly length: number) {
    super(`${length} changes are waiting for the database`);
    this.name = 'QueueFullError';
  }
}

export interface GroupCommitOptions<Item, Result> {
  /** Persists all items or none; the results stand in the items' order. One batch is committed at a time. */
  readonly commit: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Whether an error of `commit` lies in an item, and would come again. */
  readonly isItemFault: (error: unknown) => boolean;
  readonly maxBatch: number;
  /** How much work an item is, and how much a batch may be; one item may be more. Without it all weigh nothing. */
  readonly weight?: { readonly of: (item: Item) => number; readonly maxBatch: number };
  readonly maxQueue: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly onFault: (() => void) | undefined;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

type Batch<Item, Result> = readonly Waiting<Item, Result>[];

export class GroupCommit<Item, Result> {
  // In the order of submission. No Map: the tables it outgrows lead to those that follow them, and the
  // garbage collector then takes all that ever waited for old.
  private readonly queue: Waiting<Item, Result>[] = [];
  private running: Promise<void> | null = null;

  constructor(private readonly options: GroupCommitOptions<Item, Result>) {}

  /** How many items wait for a commit. */
  get length(): number {
    return this.queue.length;
  }

  /**
   * Resolves after the commit of the item; rejects with the error of the commit, and then it may be stored or not.
   * @param onFault is called when a batch of the item was spoiled, by it or by another: it takes longer then.
   * @throws QueueFullError at once when too many wait already.
   */
  submit(item: Item, onFault?: () => void): Promise<Result> {
    if (this.queue.length >= this.options.maxQueue) {
      return Promise.reject(new QueueFullError(this.queue.length));
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ item, onFault, resolve, reject });
      this.running ??= this.run();
    });
  }

  /**
   * Takes back an item that still waits; its promise is then never settled. One that is being committed stays.
   * @returns whether it was taken back.
   */
  withdraw(item: Item): boolean {
    const index = this.queue.findIndex((waiting) => waiting.item === item);
    if (index >= 0) this.queue.splice(index, 1);
    return index >= 0;
  }

  /** Resolves when nothing waits and nothing runs. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private async run(): Promise<void> {
    // One turn of the event loop, so that requests of one poll share the first commit.
    await new Promise(setImmediate);
    while (this.queue.length > 0) await this.settle(this.take());
    this.running = null;
  }

  /** Of what waits, the first, and of the others those that fit: a light item does not wait for heavy ones. */
  private take(): Batch<Item, Result> {
    const { maxBatch, weight } = this.options;
    if (!weight) return this.queue.splice(0, maxBatch);
    const batch: Waiting<Item, Result>[] = [];
    const skipped: Waiting<Item, Result>[] = [];
    let sum = 0;
    for (const waiting of this.queue) {
      if (batch.length === maxBatch || sum >= weight.maxBatch) break;
      const more = weight.of(waiting.item);
      if (batch.length > 0 && sum + more > weight.maxBatch) skipped.push(waiting);
      else {
        sum += more;
        batch.push(waiting);
      }
    }
    this.queue.splice(0, batch.length + skipped.length, ...skipped);
    return batch;
  }

  private async settle(batch: Batch<Item, Result>): Promise<void> {
    try {
      answer(batch, await this.options.commit(itemsOf(batch)));
    } catch (error) {
      await this.settleApart(batch, error);
    }
  }

  /** A batch that an item spoils is halved until that item stands alone. */
  private async settleApart(batch: Batch<Item, Result>, error: unknown): Promise<void> {
    const isItemFault = this.options.isItemFault(error);
    if (isItemFault) for (const { onFault } of batch) onFault?.();
    if (batch.length === 1 || !isItemFault) {
      for (const { reject } of batch) reject(error);
      return;
    }
    const middle = batch.length >> 1;
    await this.settle(batch.slice(0, middle));
    await this.settle(batch.slice(middle));
  }
}

function itemsOf<Item, Result>(batch: Batch<Item, Result>): Item[] {
  return batch.map(({ item }) => item);
}

function answer<Item, Result>(batch: Batch<Item, Result>, results: readonly Result[]): void {
  // The next batch is sent before these callers go on.
  setImmediate(() =>
    batch.forEach(({ resolve, reject }, index) => {
      const result = results[index];
      if (result === undefined) reject(new Error('the commit did not tell what became of it'));
      else resolve(result);
    }),
  );
}
