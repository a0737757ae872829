// Group commit: what arrives while a commit runs is collected and committed together next. Under
// load the cost of a transaction is shared by many callers; alone, a caller waits for nobody.
//
// Where a batch needs preparation, such as reading what it will change, that is begun while the batch
// before is being committed, as soon as as many wait as are in that one: so that the two work side by
// side, and do not become ever smaller batches.

/** The queue is full: the caller is refused now rather than kept waiting without bound. */
export class QueueFullError extends Error {
  readonly code = 'QUEUE_FULL';

  constructor(readonly length: number) {
    super(`${length} changes are waiting for the database`);
    this.name = 'QueueFullError';
  }
}

export interface GroupCommitOptions<Item, Result, Prepared = never> {
  /** Keeps all items or none; the results stand in the items' order. `prepared` is of just these items. */
  readonly commit: (
    items: readonly Item[],
    prepared?: Promise<Prepared>,
  ) => Promise<readonly Result[]>;
  /** Begins what can be done before it is known what the batch before has changed. */
  readonly prepare?: (items: readonly Item[]) => Promise<Prepared>;
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

interface Batch<Item, Result, Prepared> {
  readonly waiting: readonly Waiting<Item, Result>[];
  readonly prepared?: Promise<Prepared> | undefined;
}

export class GroupCommit<Item, Result, Prepared = never> {
  // In the order of submission. No Map: the tables it outgrows lead to those that follow them, and the
  // garbage collector then takes all that ever waited for old.
  private readonly queue: Waiting<Item, Result>[] = [];
  private running: Promise<void> | null = null;
  /** Who wants to know when so many wait. */
  private watch: { readonly length: number; readonly reached: () => void } | null = null;

  constructor(private readonly options: GroupCommitOptions<Item, Result, Prepared>) {}

  /** How many items wait for a commit. */
  get length(): number {
    return this.queue.length;
  }

  /**
   * Resolves after the commit that kept the item; rejects with the commit's error, and then
   * nothing or everything may be kept of it.
   * @throws QueueFullError at once when too many wait already.
   */
  submit(item: Item): Promise<Result> {
    if (this.queue.length >= this.options.maxQueue) {
      return Promise.reject(new QueueFullError(this.queue.length));
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ item, resolve, reject });
      this.running ??= this.run();
      if (this.watch && this.queue.length >= this.watch.length) this.watch.reached();
    });
  }

  /** Takes back an item that still waits; its promise is never settled. One that is being committed stays. */
  withdraw(item: Item): void {
    const index = this.queue.findIndex((waiting) => waiting.item === item);
    if (index >= 0) this.queue.splice(index, 1);
  }

  /** Resolves when nothing waits and nothing runs. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private async run(): Promise<void> {
    // One turn of the event loop, so that requests of one poll share the first commit.
    await new Promise(setImmediate);
    let next: Batch<Item, Result, Prepared> | null = null;
    while (next || this.queue.length > 0) {
      const { waiting, prepared } = next ?? { waiting: this.take() };
      const settled = this.settle(waiting, prepared);
      next = await this.prepareBeside(settled, waiting.length);
      await settled;
    }
    this.running = null;
  }

  /** The next batch, if it becomes as large as the one that is being settled. */
  private async prepareBeside(
    settled: Promise<void>,
    length: number,
  ): Promise<Batch<Item, Result, Prepared> | null> {
    const { prepare } = this.options;
    if (!prepare) return null;
    const isReached = await Promise.race([this.reach(length), settled.then(() => false)]);
    this.watch = null;
    if (!isReached) return null;
    const waiting = this.take();
    const prepared = prepare(waiting.map(({ item }) => item));
    // Its failure is that of the commit it was made for, which comes later.
    prepared.catch(() => undefined);
    return { waiting, prepared };
  }

  private async reach(length: number): Promise<true> {
    if (this.queue.length < length) {
      await new Promise<void>((resolve) => (this.watch = { length, reached: resolve }));
    }
    return true;
  }

  private take(): Waiting<Item, Result>[] {
    return this.queue.splice(0, this.options.maxBatch);
  }

  /** A batch that an item spoils is halved until that item stands alone. */
  private async settle(
    batch: readonly Waiting<Item, Result>[],
    prepared?: Promise<Prepared>,
  ): Promise<void> {
    try {
      const items = batch.map(({ item }) => item);
      const results = await this.options.commit(items, prepared);
      // The next batch goes on its way before these are answered: whoever they are will not notice.
      setImmediate(() => batch.forEach((waiting, index) => answer(waiting, results[index])));
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
