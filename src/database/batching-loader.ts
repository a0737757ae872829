// Keys that are requested while a batch runs form the next batch. Under load many requests share one statement; a
// request alone is not delayed. Unlike the package `dataloader` it limits the batches that run, and caches nothing.

export interface BatchingLoaderOptions<Request, Result> {
  /** Requests with the same key in one batch share the result. */
  readonly keyOf: (request: Request) => string;
  /** Results in the order of the requests. */
  readonly loadBatch: (requests: readonly Request[]) => Promise<readonly Result[]>;
  readonly maxBatch: number;
  readonly maxRunning: number;
}

interface Pending<Request, Result> {
  readonly request: Request;
  readonly result: Promise<Result>;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export class BatchingLoader<Request, Result> {
  // In the order of first requests.
  private readonly pending = new Map<string, Pending<Request, Result>>();
  private running = 0;

  constructor(private readonly options: BatchingLoaderOptions<Request, Result>) {}

  /** The result of a batch that begins after this call; rejects with the error of the batch. */
  load(request: Request): Promise<Result> {
    const key = this.options.keyOf(request);
    const found = this.pending.get(key) ?? wait<Request, Result>(request);
    this.pending.set(key, found);
    if (this.running < this.options.maxRunning) void this.run();
    return found.result;
  }

  private async run(): Promise<void> {
    this.running += 1;
    // One turn of the event loop, so that requests of one poll share the first batch.
    await new Promise(setImmediate);
    while (this.pending.size > 0) await this.settle(this.take());
    this.running -= 1;
  }

  private take(): Pending<Request, Result>[] {
    const batch: Pending<Request, Result>[] = [];
    for (const [key, pending] of this.pending) {
      if (batch.length >= this.options.maxBatch) break;
      batch.push(pending);
      this.pending.delete(key);
    }
    return batch;
  }

  private async settle(batch: readonly Pending<Request, Result>[]): Promise<void> {
    try {
      const results = await this.options.loadBatch(batch.map(({ request }) => request));
      batch.forEach(({ resolve, reject }, index) => {
        const result = results[index];
        if (result === undefined) reject(new Error('the batch has fewer results than requests'));
        else resolve(result);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

function wait<Request, Result>(request: Request): Pending<Request, Result> {
  let resolve: (result: Result) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const result = new Promise<Result>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { request, result, resolve, reject };
}
