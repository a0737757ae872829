import { Logger } from '@nestjs/common';
import { VendorAlarmError, VendorCallError, VendorUnavailableError } from '../tencent/errors.js';

const ALARM_PAUSE_MS = 60_000;
const FAILURE_PAUSE_MS = 1_000;
const QUIET_MS = 30_000;

/** Logs failures of vendor and database: an alarm once, others at intervals, since one cause fails many groups. */
export class FailureLog {
  private readonly logger = new Logger('Reconcile');
  private isAlarmed = false;
  private quietUntil = 0;

  /** @returns how long to pause, in milliseconds. */
  record(error: unknown): number {
    if (error instanceof VendorAlarmError) {
      if (!this.isAlarmed) this.logger.error(`reconciliation is paused: ${error.message}`);
      this.isAlarmed = true;
      return ALARM_PAUSE_MS;
    }
    if (performance.now() < this.quietUntil) return FAILURE_PAUSE_MS;
    this.quietUntil = performance.now() + QUIET_MS;
    if (isVendorFailure(error)) this.logger.warn(`reconcile goes on, but ${error.message}`);
    else this.logger.warn({ msg: 'reconcile goes on, but it failed', err: error });
    return FAILURE_PAUSE_MS;
  }

  /** The next alarm is logged again. */
  clear(): void {
    this.isAlarmed = false;
  }
}

/** Whether a request of one group failed; others may succeed. */
export function isVendorFailure(error: unknown): error is VendorUnavailableError | VendorCallError {
  return error instanceof VendorUnavailableError || error instanceof VendorCallError;
}
