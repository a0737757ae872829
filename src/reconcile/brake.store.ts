import { Injectable, Logger } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { Database } from '../database/database.js';
import { Metrics } from '../metrics/metrics.js';
import type { Caution } from '../topics/change.js';

// Below that a share of all topics says nothing.
const LEAST_DELETIONS = 100;
// Counting the topics reads all groups.
const TOTAL_AGE_MS = 10_000;

interface BrakeRow {
  readonly deleted: number;
  readonly isEngaged: boolean;
}

/**
 * How far answers of the vendor are believed. Deletions that no callback told are counted over all processes; an
 * hour that has seen too many of them sees no more, until it is over or an operator confirms them.
 */
@Injectable()
export class Brake {
  private readonly logger = new Logger('Reconcile');
  private total = { topics: 0, readAt: -Infinity };
  private isEngaged = false;

  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly metrics: Metrics,
  ) {}

  /** @param isConfirmed an operator vouches for all deletions. */
  async caution(isConfirmed = false): Promise<Caution> {
    const { reconcileSecondLookSeconds, reconcileDeletionsWaitSeconds } = this.settings;
    return {
      secondLookUs: reconcileSecondLookSeconds * 1_000_000,
      deletionsWaitUs: reconcileDeletionsWaitSeconds * 1_000_000,
      groupShare: this.settings.reconcileDeletionsGroupPercent / 100,
      deletions: isConfirmed ? 'confirmed' : (await this.check()) ? 'held' : 'judged',
    };
  }

  /** Counts deletions that an answer made. */
  async count(deletions: number): Promise<void> {
    if (deletions === 0 || !this.isUsed) return;
    await this.database.connection.$executeRaw`
      update brake
         set deleted = case when since > now() - interval '1 hour' then deleted else 0 end + ${deletions}::int,
             since = case when since > now() - interval '1 hour' then since else now() end
       where id = 1`;
  }

  /** Lets go: the next deletions are counted from none. */
  async release(): Promise<void> {
    await this.database.connection.$executeRaw`
      update brake set deleted = 0, since = null, tripped_at = null where id = 1`;
  }

  /** Whether no deletions are carried out now that no callback told. */
  async check(): Promise<boolean> {
    if (!this.isUsed) return false;
    const limit = await this.limit();
    const [row] = await this.database.connection.$queryRaw<BrakeRow[]>`
      select deleted, deleted >= ${limit}::int and since > now() - interval '1 hour' as "isEngaged"
        from brake
       where id = 1`;
    const isEngaged = row?.isEngaged ?? false;
    if (isEngaged && !this.isEngaged) {
      this.logger.error(
        `the answers of the vendor deleted ${row?.deleted} topics within an hour that no callback told: no more are deleted until the hour is over. If they are right, run npm run cli -- reconcile --all --confirm-deletions`,
      );
    }
    this.isEngaged = isEngaged;
    this.metrics.reconcileBrake.set(isEngaged ? 1 : 0);
    return isEngaged;
  }

  private get isUsed(): boolean {
    return this.settings.reconcileDeletionsWaitSeconds > 0;
  }

  /** How many deletions an hour may see. */
  private async limit(): Promise<number> {
    if (performance.now() - this.total.readAt > TOTAL_AGE_MS) {
      const [row] = await this.database.connection.$queryRaw<{ topics: number }[]>`
        select coalesce(sum(topic_count), 0)::float8 as "topics" from groups`;
      this.total = { topics: row?.topics ?? 0, readAt: performance.now() };
    }
    const share = this.settings.reconcileDeletionsHourPercent / 100;
    return Math.max(LEAST_DELETIONS, Math.ceil(this.total.topics * share));
  }
}
