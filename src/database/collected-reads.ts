// Collected reads: what is asked while others are read is read together next. Under load many
// questions share one statement; alone, a question waits for nobody.

export interface CollectedReadsOptions<Question, Answer> {
  /** Whoever asks the same before it is read shares the answer. */
  readonly keyOf: (question: Question) => string;
  /** The answers stand in the order of the questions. */
  readonly read: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  /** How many questions are read together at most. */
  readonly maxBatch: number;
  /** How many reads run at a time. */
  readonly maxRunning: number;
}

interface Waiting<Question, Answer> {
  readonly question: Question;
  readonly answer: Promise<Answer>;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export class CollectedReads<Question, Answer> {
  // In the order in which they were asked first.
  private readonly waiting = new Map<string, Waiting<Question, Answer>>();
  private running = 0;

  constructor(private readonly options: CollectedReadsOptions<Question, Answer>) {}

  /** The answer of a read that begins after the question was asked; rejects with the read's error. */
  ask(question: Question): Promise<Answer> {
    const key = this.options.keyOf(question);
    const found = this.waiting.get(key) ?? wait<Question, Answer>(question);
    this.waiting.set(key, found);
    if (this.running < this.options.maxRunning) void this.run();
    return found.answer;
  }

  private async run(): Promise<void> {
    this.running += 1;
    // One turn of the event loop, so that requests of one poll share the first read.
    await new Promise(setImmediate);
    while (this.waiting.size > 0) await this.settle(this.take());
    this.running -= 1;
  }

  private take(): Waiting<Question, Answer>[] {
    const batch: Waiting<Question, Answer>[] = [];
    for (const [key, waiting] of this.waiting) {
      if (batch.length >= this.options.maxBatch) break;
      batch.push(waiting);
      this.waiting.delete(key);
    }
    return batch;
  }

  private async settle(batch: readonly Waiting<Question, Answer>[]): Promise<void> {
    try {
      const answers = await this.options.read(batch.map(({ question }) => question));
      batch.forEach(({ resolve, reject }, index) => {
        const answer = answers[index];
        if (answer === undefined) reject(new Error('the read did not answer every question'));
        else resolve(answer);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

function wait<Question, Answer>(question: Question): Waiting<Question, Answer> {
  let resolve: (answer: Answer) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const answer = new Promise<Answer>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { question, answer, resolve, reject };
}
