import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DatabaseUnavailableError, isDataFault } from '../database/errors.js';
import { QueueFullError } from '../database/group-commit.js';
import { Metrics } from '../metrics/metrics.js';
import type { SpoolRecord } from '../spool/record.js';
import { Spool } from '../spool/spool.js';
import type { Applied, ChangeSet, Outcome } from '../topics/change.js';
import { TopicsService } from '../topics/topics.service.js';
import { type Reading, readRequest, type Request } from './reading.js';

// The vendor waits two seconds. Half of that is for the database, the rest for the disk.
const DATABASE_DEADLINE_MS = 1_000;
const DRAIN_INTERVAL_MS = 250;

/** Neither database nor disk took the callback. */
export class NotKeptError extends Error {
  readonly code = 'NOT_KEPT';
}

class DeadlineError extends Error {}

/**
 * Keeps what was read of a request: in the database within its deadline, else in the spool, from
 * where it goes into the database as soon as that is back.
 */
@Injectable()
export class Keeper implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Webhooks');
  private timer: NodeJS.Timeout | undefined;
  private draining: Promise<void> | null = null;
  private isStopped = false;
  private isAway = false;

  constructor(
    private readonly topics: TopicsService,
    private readonly spool: Spool,
    private readonly metrics: Metrics,
  ) {}

  async onModuleInit(): Promise<void> {
    this.metrics.spoolMaxBytes.set(this.spool.maxBytes);
    this.metrics.onScrape(() => {
      this.metrics.spoolRecords.set(this.spool.length);
      this.metrics.spoolBytes.set(this.spool.bytes);
    });
    await this.spool.open();
    this.drainLater(0);
  }

  /**
   * Resolves when the request is durable.
   * @returns what became of it; `spooled` while nobody knows.
   * @throws NotKeptError when it is not durable.
   */
  async keep(request: Request, { set }: Reading): Promise<Outcome | 'spooled'> {
    try {
      const { outcome } = await this.applyInTime(set);
      if (this.isAway) this.logger.log('PostgreSQL is back');
      this.isAway = false;
      return outcome;
    } catch (error) {
      if (isDataFault(error)) return this.keepAsInvalid(request, set, error);
      if (!isPassing(error)) throw error;
      if (!this.isAway)
        this.logger.error({ msg: 'PostgreSQL is away, callbacks are spooled', err: error });
      this.isAway = true;
    }
    this.topics.withdraw(set);
    try {
      await this.spool.append(request);
    } catch (error) {
      throw new NotKeptError('neither PostgreSQL nor the spool took it', { cause: error });
    }
    this.drainLater(DRAIN_INTERVAL_MS);
    return 'spooled';
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.draining;
  }

  private applyInTime(set: ChangeSet): Promise<Applied> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new DeadlineError('PostgreSQL did not commit in time')),
        DATABASE_DEADLINE_MS,
      );
      this.topics
        .apply(set)
        .finally(() => clearTimeout(timer))
        .then(resolve, reject);
    });
  }

  /** What the database refuses for its content is kept as it came, without effect. */
  private async keepAsInvalid(request: Request, set: ChangeSet, cause: unknown): Promise<Outcome> {
    if (!set.entry || set.changes.length === 0) throw cause;
    this.logger.error({ msg: 'callback refused by the database', id: request.id, err: cause });
    const entry = { ...set.entry, otherwise: 'invalid' as const };
    await this.applyInTime({ ...set, changes: [], entry });
    return 'invalid';
  }

  private drainLater(delayMs: number): void {
    if (this.isStopped || this.draining || this.spool.length === 0) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.draining = this.drain().finally(() => {
        this.draining = null;
        this.drainLater(DRAIN_INTERVAL_MS);
      });
    }, delayMs);
  }

  private async drain(): Promise<void> {
    try {
      const waiting = this.spool.length;
      await this.spool.drain((records) => this.takeBack(records));
      this.logger.log(`${waiting} callbacks of the spool are applied`);
    } catch (error) {
      if (!isPassing(error)) this.logger.error({ msg: 'the spool cannot be read', err: error });
    }
  }

  /** Applies records of the spool; one that is in the journal already changes nothing. */
  private async takeBack(records: readonly SpoolRecord[]): Promise<readonly SpoolRecord[]> {
    const refused: SpoolRecord[] = [];
    const applied = records.map(async (record) => {
      const reading = readRequest(record);
      try {
        const { outcome } = await this.topics.apply(reading.set);
        this.metrics.countCallback(reading.label, outcome);
      } catch (error) {
        if (!isDataFault(error)) throw error;
        refused.push(record);
      }
    });
    // All must have ended before the first error is told, so that nothing runs on unseen.
    const ends = await Promise.allSettled(applied);
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
    return refused;
  }
}

/** Whether the same may succeed later. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof DatabaseUnavailableError ||
    error instanceof DeadlineError ||
    error instanceof QueueFullError
  );
}
