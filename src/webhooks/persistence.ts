import {
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { atMost } from '../database/at-most.js';
import { DatabaseUnavailableError } from '../database/errors.js';
import { QueueFullError } from '../batching/group-commit.js';
import { Metrics } from '../metrics/metrics.js';
import type { SpoolRecord } from '../spool/record.js';
import { Spool } from '../spool/spool.js';
import type { Outcome } from '../journal/journal-entry.js';
import { TopicsService } from '../topics/write/topics.service.js';
import type { CallbackRequest } from '../journal/journal-entry.js';
import { type Reading, readRequest } from './callback-reader.js';

// The vendor waits two seconds. Half of that is for the database, most of the rest for the disk.
const DATABASE_DEADLINE_MS = 1_000;
// It does answer, but the write has to be repeated without what it rejects, with the rejection recorded.
const REFUSED_DEADLINE_MS = 1_500;
const DURABLE_DEADLINE_MS = 1_800;
// Also where this process itself did not run for so long: its callbacks are not lost for being late.
const LEAST_DISK_MS = DURABLE_DEADLINE_MS - REFUSED_DEADLINE_MS;
const DRAIN_INTERVAL_MS = 250;
// How soon the callbacks of another process are found that died, and how often a broken disk is tried.
const ADOPT_INTERVAL_MS = 5_000;
// Of commits that came after their deadline; more are applied again, which changes nothing.
const MAX_LATE = 50_000;
// A piece of the spool that is being applied when the process stops stays there, and is applied again.
const LAST_PIECE_MS = 1_000;

/** Neither database nor disk took the callback. */
export class NotDurableError extends Error {
  readonly code = 'NOT_KEPT';
}

class DeadlineError extends Error {}

/**
 * Persists callbacks: in the database within its deadline, else in the spool, from where they are applied as soon as the
 * database is back.
 */
@Injectable()
export class CallbackPersistence implements OnModuleInit, OnModuleDestroy, OnApplicationShutdown {
  private readonly logger = new Logger('Webhooks');
  private timer: NodeJS.Timeout | undefined;
  private adopting: NodeJS.Timeout | undefined;
  private draining: Promise<void> | null = null;
  private isStopped = false;
  private isAway = false;
  /** Ids of callbacks that were spooled and then committed after all. */
  private readonly late = new Set<string>();

  constructor(
    private readonly topics: TopicsService,
    private readonly spool: Spool,
    private readonly metrics: Metrics,
  ) {}

  async onModuleInit(): Promise<void> {
    const adopt = async () => {
      await this.spool.adopt();
      this.drainLater(0);
    };
    await adopt();
    this.adopting = setInterval(() => void adopt(), ADOPT_INTERVAL_MS).unref();
  }

  /**
   * Resolves when the request is durable.
   * @returns its outcome; `spooled` while that is unknown.
   * @throws NotDurableError when it is not durable in time.
   */
  async persist(request: CallbackRequest, reading: Reading): Promise<Outcome | 'spooled'> {
    const startedAt = performance.now();
    let isRefused = false;
    const committed = this.topics.apply(reading.set, () => (isRefused = true));
    const lastMs = () => (isRefused ? REFUSED_DEADLINE_MS : DATABASE_DEADLINE_MS);
    try {
      const { outcome } = await within(committed, lastMs);
      if (this.isAway) this.logger.log('PostgreSQL is back');
      this.isAway = false;
      return outcome;
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (!this.isAway)
        this.logger.error({ msg: 'PostgreSQL is away, callbacks are spooled', err: error });
      this.isAway = true;
    }
    const isWithdrawn = this.topics.withdraw(reading.set);
    const late = committed.then(({ outcome }) => outcome);
    const appended = this.append(request);
    // Committed and spooled: the spool need not apply it.
    void Promise.all([late, appended]).then(
      () => this.noteLate(request.id),
      () => undefined,
    );
    const spooled = appended.then(() => 'spooled' as const);
    try {
      const leftMs = DURABLE_DEADLINE_MS - (performance.now() - startedAt);
      const stored = await within(isWithdrawn ? spooled : Promise.any([spooled, late]), () =>
        Math.max(LEAST_DISK_MS, leftMs),
      );
      if (stored === 'spooled') void this.countLate(reading, late);
      else this.spool.withdraw(request);
      return stored;
    } catch (error) {
      this.spool.withdraw(request);
      throw new NotDurableError('neither PostgreSQL nor the spool took it', { cause: error });
    }
  }

  // Not later: what waits in the spool can be more than there is time for, and is safe where it is.
  onModuleDestroy(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    clearInterval(this.adopting);
    this.spool.stopDraining();
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.draining) await atMost(LAST_PIECE_MS, this.draining);
  }

  private async append(request: CallbackRequest): Promise<void> {
    await this.spool.append(request);
    this.drainLater(DRAIN_INTERVAL_MS);
  }

  private noteLate(id: string): void {
    if (this.late.size < MAX_LATE) this.late.add(id);
  }

  private async countLate({ label }: Reading, late: Promise<Outcome>): Promise<void> {
    const outcome = await late.catch(() => null);
    if (outcome) this.metrics.countCallback(label, outcome);
  }

  /** Never puts off what is due: under load the next callback is always near. */
  private drainLater(delayMs: number): void {
    if (this.isStopped || this.draining || this.timer || this.spool.length === 0) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.draining = this.drain().then((nextMs) => {
        this.draining = null;
        this.drainLater(nextMs);
      });
    }, delayMs);
  }

  /** @returns after what time to try again. */
  private async drain(): Promise<number> {
    try {
      const taken = await this.spool.drain((records) => this.applySpooled(records));
      if (taken > 0) this.logger.log(`callbacks of the spool applied: ${taken}`);
      if (this.spool.length === 0) this.late.clear();
      return DRAIN_INTERVAL_MS;
    } catch (error) {
      if (isPassing(error)) return DRAIN_INTERVAL_MS;
      this.logger.error({ msg: 'the spool cannot be read', err: error });
      return ADOPT_INTERVAL_MS;
    }
  }

  /**
   * Applies records of the spool; one that is in the journal already changes nothing.
   * @returns those that cannot be stored in any form.
   */
  private async applySpooled(records: readonly SpoolRecord[]): Promise<readonly SpoolRecord[]> {
    const waiting = records.filter(({ id }) => !this.late.delete(id));
    // All must have ended before the first error is thrown, so that nothing runs on unseen.
    const ends = await Promise.allSettled(waiting.map((record) => this.applyRecord(record)));
    const errors = ends.map((end) => (end.status === 'rejected' ? end.reason : null));
    const passing = errors.find(isPassing);
    if (passing) throw passing;
    return waiting.filter(({ id }, index) => {
      if (!errors[index]) return false;
      this.logger.error({ msg: 'callback of the spool refused', id, err: errors[index] });
      return true;
    });
  }

  private async applyRecord(record: SpoolRecord): Promise<void> {
    const { set, label } = readRequest(record);
    const { outcome } = await this.topics.apply(set);
    this.metrics.countCallback(label, outcome);
  }
}

/** @throws DeadlineError after that time, which may become longer until it is over; the promise goes on. */
function within<T>(promise: Promise<T>, lastMs: () => number): Promise<T> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    let timer: NodeJS.Timeout;
    const wait = (): void => {
      const leftMs = lastMs() - (performance.now() - startedAt);
      // A timer may be early by a part of a millisecond.
      if (leftMs >= 1) timer = setTimeout(wait, leftMs);
      else reject(new DeadlineError(`not durable within ${lastMs()} ms`));
    };
    wait();
    promise.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}

/** Whether the same may succeed later. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof DatabaseUnavailableError ||
    error instanceof DeadlineError ||
    error instanceof QueueFullError
  );
}
