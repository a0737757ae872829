// Group commit: what arrives while a commit runs is collected and committed together next. Under
// load the cost of a transaction is shared by many callers; alone, a caller waits for nobody.
//
// A batch may also be sent while the one before is still on its way, so that the database never waits
// for the next; how it builds on what it does not know to be kept is its owner's business. Its
// preparation, such as reading what it will change, is begun as soon as as many wait as are in the batch
// before: so that they work side by side, and do not become ever smaller batches.

/** The queue is full: the caller is refused now rather than kept waiting without bound. */
export class QueueFullError extends Error {
  readonly code = 'QUEUE_FULL';

  constructor(readonly length: number) {
    super(`${length} changes are waiting for the database`);
    this.name = 'QueueFullError';
  }
}

/** One that is executed, and one that the database finds when it has done. */
const MAX_FLIGHTS = 2;

/** How a batch is sent while others are on their way. */
export interface Pipeline<Item, Result, Prepared> {
  /** Begins what can be done before it is known what the batches before will change. */
  readonly prepare: (items: readonly Item[]) => Promise<Prepared>;
  /**
   * Keeps all items or none; the results stand in the items' order. Is called in the order of the batches. Gives
   * `null` when it has kept none since something came between: then `commit` is called.
   */
  readonly attempt: (
    items: readonly Item[],
    prepared: Prepared,
  ) => Promise<readonly Result[] | null>;
}

export interface GroupCommitOptions<Item, Result, Prepared> {
  /** Keeps all items or none, while no other batch is on its way; the results stand in the items' order. */
  readonly commit: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly pipeline?: Pipeline<Item, Result, Prepared>;
  /** Whether an error of `commit` or `attempt` lies in an item, and would come again. */
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

/** What became of an attempt; never an exception, since nobody may be there yet to take it. */
type Outcome = 'kept' | 'not kept' | { readonly error: unknown };

interface Flight<Item, Result> {
  readonly batch: Batch<Item, Result>;
  readonly landed: Promise<Outcome>;
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
      if (this.watch && this.queue.length >= this.watch.length) this.watch.reached();
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
    const { pipeline } = this.options;
    if (pipeline) await this.keepFlying(pipeline);
    else while (this.queue.length > 0) await this.settle(this.take());
    this.running = null;
  }

  private async keepFlying(pipeline: Pipeline<Item, Result, Prepared>): Promise<void> {
    const flights: Flight<Item, Result>[] = [];
    while (flights.length > 0 || this.queue.length > 0) {
      if (!(await this.isTimely(flights))) {
        await this.land(flights);
        continue;
      }
      const batch = this.take();
      let prepared = await settled(pipeline.prepare(itemsOf(batch)));
      if (flights.length === MAX_FLIGHTS && !(await this.land(flights))) {
        prepared = await settled(pipeline.prepare(itemsOf(batch)));
      }
      flights.push({ batch, landed: this.fly(pipeline, batch, prepared) });
    }
  }

  /** Waits until the next batch is as large as the one before, or the oldest on its way has landed. */
  private async isTimely(flights: readonly Flight<Item, Result>[]): Promise<boolean> {
    const oldest = flights.at(0);
    const youngest = flights.at(-1);
    if (!oldest || !youngest) return true;
    const isReached = await Promise.race([
      this.reach(youngest.batch.length),
      oldest.landed.then(() => false),
    ]);
    this.watch = null;
    // One that waited may have been taken back.
    return isReached && this.queue.length > 0;
  }

  private async reach(length: number): Promise<true> {
    if (this.queue.length < length) {
      await new Promise<void>((resolve) => (this.watch = { length, reached: resolve }));
    }
    return true;
  }

  private async fly(
    { attempt }: Pipeline<Item, Result, Prepared>,
    batch: Batch<Item, Result>,
    prepared: Settled<Prepared>,
  ): Promise<Outcome> {
    if ('error' in prepared) return prepared;
    try {
      const results = await attempt(itemsOf(batch), prepared.value);
      if (results === null) return 'not kept';
      answer(batch, results);
      return 'kept';
    } catch (error) {
      return { error };
    }
  }

  /**
   * Waits for the oldest on its way. If it was not kept, those behind it may have built on it: waits for them as
   * well, then commits what is left, in the order of submission.
   * @returns whether it was kept.
   */
  private async land(flights: Flight<Item, Result>[]): Promise<boolean> {
    const [oldest, ...behind] = flights;
    flights.shift();
    if (!oldest || (await oldest.landed) === 'kept') return true;
    flights.length = 0;
    await Promise.all(behind.map(({ landed }) => landed));
    for (const { batch, landed } of [oldest, ...behind]) {
      const outcome = await landed;
      if (outcome === 'not kept') await this.settle(batch);
      else if (outcome !== 'kept') await this.settleApart(batch, outcome.error);
    }
    return false;
  }

  private take(): Batch<Item, Result> {
    const { maxBatch, weight } = this.options;
    if (!weight) return this.queue.splice(0, maxBatch);
    let count = 0;
    let sum = 0;
    for (const { item } of this.queue) {
      sum += weight.of(item);
      if (count === maxBatch || (count > 0 && sum > weight.maxBatch)) break;
      count += 1;
    }
    return this.queue.splice(0, count);
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

type Settled<T> = { readonly value: T } | { readonly error: unknown };

function settled<T>(promise: Promise<T>): Promise<Settled<T>> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

function itemsOf<Item, Result>(batch: Batch<Item, Result>): Item[] {
  return batch.map(({ item }) => item);
}

function answer<Item, Result>(batch: Batch<Item, Result>, results: readonly Result[]): void {
  // The next batch goes on its way before these are answered: whoever they are will not notice.
  setImmediate(() =>
    batch.forEach(({ resolve, reject }, index) => {
      const result = results[index];
      if (result === undefined) reject(new Error('the commit did not tell what became of it'));
      else resolve(result);
    }),
  );
}
