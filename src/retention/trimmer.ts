import { Logger } from '@nestjs/common';

export interface TrimmerOptions {
  /** What is trimmed, as the log calls it. */
  readonly what: string;
  /** For how many days it is kept; 0: for ever. */
  readonly days: number;
  /** Forgets the oldest that are older than a date, at most so many. @returns how many there were. */
  readonly trim: (before: Date, count: number) => Promise<number>;
}

const DAY_MS = 86_400_000;
const ROUND_MS = 600_000;
// Small steps with pauses between them, so that nobody waits long.
const STEP = 1_000;
const PAUSE_MS = 100;

/** Forgets again and again what is older than it has to be kept. */
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
    const { what, days, trim } = this.options;
    try {
      const count = await trim(new Date(Date.now() - days * DAY_MS), STEP);
      this.later(count < STEP ? ROUND_MS : PAUSE_MS);
    } catch (error) {
      this.logger.warn({ msg: `old ${what} could not be removed`, err: error });
      this.later(ROUND_MS);
    }
  }
}
