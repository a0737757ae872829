import { Logger } from '@nestjs/common';
import { arrivalOf } from '../journal/callback-id.js';

const QUIET_MS = 60_000;

/** Logs callbacks that are given up: once when it begins, and their number and times when it has ended. */
export class GivenUpLog {
  private readonly logger = new Logger('Relay');
  private count = 0;
  private firstId = '';
  private lastId = '';
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly maxAgeHours: number) {}

  note(id: string): void {
    if (this.count === 0) {
      this.firstId = this.lastId = id;
      this.logger.error(
        `callbacks are given up, since the backend has not accepted them for ${this.maxAgeHours} h; send them again: cli relay --from ${timeOf(id)}`,
      );
    }
    this.count += 1;
    if (id < this.firstId) this.firstId = id;
    if (id > this.lastId) this.lastId = id;
    if (this.timer) this.timer.refresh();
    else this.timer = setTimeout(() => this.end(), QUIET_MS).unref();
  }

  end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.count === 0) return;
    this.logger.warn({
      msg: 'callbacks were given up',
      count: this.count,
      from: timeOf(this.firstId),
      to: timeOf(this.lastId),
    });
    this.count = 0;
  }
}

function timeOf(id: string): string {
  return new Date(arrivalOf(id) / 1000).toISOString();
}
