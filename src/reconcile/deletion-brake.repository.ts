import { Injectable, Logger } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { Database } from '../database/database.js';
import { Metrics } from '../metrics/metrics.js';
import type { Caution } from '../topics/domain/change.js';

// In a small mirror a share of all topics proves nothing.
const LEAST_DELETIONS = 100;
// Counting the topics reads all groups.
const TOTAL_AGE_MS = 10_000;

interface BrakeRow {
  readonly deleted: number;
  readonly isEngaged: boolean;
}

/**
 * Counts deletions by snapshots without a callback, over all processes. After too many within an hour no more are
 * applied, until the hour is over or an operator confirms them.
 */
@Injectable()
export class DeletionBrakeRepository {
  private readonly logger = new Logger('Reconcile');
  private total = { topics: 0, readAt: -Infinity };
  private isEngaged = false;

  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly metrics: Metrics,
  ) {}

  /** How far a snapshot is trusted. @param isConfirmed an operator has confirmed all deletions. */
  async caution(isConfirmed = false): Promise<Caution> {
    const { reconcileSecondLookSeconds, reconcileDeletionsWaitSeconds } = this.settings;
    return {
      secondLookUs: reconcileSecondLookSeconds * 1_000_000,
      deletionsWaitUs: reconcileDeletionsWaitSeconds * 1_000_000,
      groupShare: this.settings.reconcileDeletionsGroupPercent / 100,
      deletions: isConfirmed ? 'confirmed' : (await this.check()) ? 'held' : 'judged',
    };
  }

  /** Counts deletions that a snapshot made. */
  async count(deletions: number): Promise<void> {
    if (deletions === 0 || !this.isUsed) return;
    await this.database.connection.$executeRaw`
      update deletion_brake
         set deleted = case when hour_started_at > now() - interval '1 hour' then deleted else 0 end + ${deletions}::int,
             hour_started_at = case when hour_started_at > now() - interval '1 hour' then hour_started_at else now() end
       where id = 1`;
  }

  /** Counts the next deletions from zero. */
  async release(): Promise<void> {
    await this.database.models.deletionBrake.updateMany({
      data: { deleted: 0, hourStartedAt: null },
    });
  }

  /** Whether deletions without a callback are held back now. */
  async check(): Promise<boolean> {
    if (!this.isUsed) return false;
    const limit = await this.limit();
    const [row] = await this.database.connection.$queryRaw<BrakeRow[]>`
      select deleted, deleted >= ${limit}::int and hour_started_at > now() - interval '1 hour' as "isEngaged"
        from deletion_brake
       where id = 1`;
    const isEngaged = row?.isEngaged ?? false;
    if (isEngaged && !this.isEngaged) {
      this.logger.error(
        `within an hour, responses of the vendor deleted ${row?.deleted} topics without a callback: no more are deleted until the hour is over. If they are right, run npm run cli -- reconcile --all --confirm-deletions`,
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
      const { _sum: sum } = await this.database.models.group.aggregate({
        _sum: { topicCount: true },
      });
      this.total = { topics: sum.topicCount ?? 0, readAt: performance.now() };
    }
    const share = this.settings.reconcileDeletionsHourPercent / 100;
    return Math.max(LEAST_DELETIONS, Math.ceil(this.total.topics * share));
  }
}
