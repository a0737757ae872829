import { Logger } from '@nestjs/common';

export interface TrimmerOptions {
  /** Name of the rows in the log. */
  readonly what: string;
  /** Age in days after which rows are deleted; 0: never. */
  readonly days: number;
  /** In milliseconds since 1970. */
  readonly now: () => Promise<number>;
  /** Deletes at most `count` rows older than a date, oldest first. @returns their number. */
  readonly trim: (before: Date, count: number) => Promise<number>;
}

const DAY_MS = 86_400_000;
const ROUND_MS = 600_000;
// Small steps with pauses, so that no other statement waits long.
const STEP = 1_000;
const PAUSE_MS = 100;

/** Deletes rows beyond their retention, periodically. */
export class Trimmer {
  private readonly logger = new Logger('Retention');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(private readonly options: TrimmerOptions) {}

  start(): void {
    if (this.options.days > 0) this.later(PAUSE_MS);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private later(delayMs: number): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.running = this.step();
    }, delayMs);
  }

  private async step(): Promise<void> {
    const { what, days, now, trim } = this.options;
    try {
      const count = await trim(new Date((await now()) - days * DAY_MS), STEP);
      this.later(count < STEP ? ROUND_MS : PAUSE_MS);
    } catch (error) {
      this.logger.warn({ msg: `old ${what} could not be removed`, err: error });
      this.later(ROUND_MS);
    }
  }
}
