import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { clockSkewMs } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Metrics } from '../metrics/metrics.js';
import { STALE_REASONS } from '../topics/topic.js';
import { FiguresStore, type MirrorFigures } from './figures.store.js';

// However often and by however many the figures are scraped.
const MAX_AGE_MS = 15_000;

/** Tells a scraper of the database and of the mirror as a whole. */
@Injectable()
export class Figures implements OnModuleInit {
  private readonly logger = new Logger('Health');
  private staleAt = 0;
  private collecting: Promise<void> | null = null;
  private readonly fallbacksTold = { away: 0, conflict: 0 };
  private readonly epochsTold = { identity: 0, behind: 0, command: 0 };

  constructor(
    private readonly database: Database,
    private readonly store: FiguresStore,
    private readonly metrics: Metrics,
    private readonly settings: Settings,
  ) {}

  onModuleInit(): void {
    this.metrics.reconcileWithin.set(this.settings.reconcileWithinSeconds);
    this.metrics.onScrape(() => {
      this.collecting ??= this.collect().finally(() => (this.collecting = null));
      return this.collecting;
    });
  }

  private async collect(): Promise<void> {
    this.tellPools();
    this.tellReplica();
    this.tellEpochs();
    const isUp = await this.database.isUp();
    this.metrics.databaseUp.set(isUp ? 1 : 0);
    if (!isUp) return;
    try {
      this.metrics.replicaLag.set(await this.store.replicaLag());
      if (performance.now() < this.staleAt) return;
      this.tellMirror(await this.store.read());
      const skewMs = await clockSkewMs(this.database.connection);
      this.metrics.clockSkew.set({ of: 'database' }, skewMs / 1000);
      this.staleAt = performance.now() + MAX_AGE_MS;
    } catch (error) {
      // The figures before stay; the next scrape asks again.
      this.logger.warn({ msg: 'the figures of the mirror cannot be read', err: error });
    }
  }

  private tellPools(): void {
    const { databaseConnections, databaseConnectionsMax, databaseWaiting } = this.metrics;
    for (const [pool, { used, idle, waiting, max }] of Object.entries(this.database.poolUse)) {
      databaseConnections.set({ pool, state: 'used' }, used);
      databaseConnections.set({ pool, state: 'idle' }, idle);
      databaseConnectionsMax.set({ pool }, max);
      databaseWaiting.set({ pool }, waiting);
    }
  }

  private tellReplica(): void {
    const replica = this.database.replicaUse;
    if (!replica) return;
    const { replicaAway, replicaFallbacks } = this.metrics;
    replicaAway.set(replica.isUp ? 0 : 1);
    for (const reason of ['away', 'conflict'] as const) {
      const count = replica.fallbacks[reason];
      replicaFallbacks.inc({ reason }, count - this.fallbacksTold[reason]);
      this.fallbacksTold[reason] = count;
    }
  }

  private tellEpochs(): void {
    for (const reason of ['identity', 'behind', 'command'] as const) {
      const count = this.database.epochs.begun[reason];
      this.metrics.epochs.inc({ reason }, count - this.epochsTold[reason]);
      this.epochsTold[reason] = count;
    }
  }

  private tellMirror(figures: MirrorFigures): void {
    this.metrics.seq.set(figures.seq);
    for (const { state, count } of figures.groups) this.metrics.groups.set({ state }, count);
    const stale = new Map(figures.stale?.map(({ reason, count }) => [reason, count]));
    for (const reason of STALE_REASONS) {
      this.metrics.staleGroups.set({ reason }, stale.get(reason) ?? 0);
    }
    this.metrics.secondLooks.set(figures.secondLooks);
    this.metrics.oldestVerificationAge.set(Math.max(0, figures.oldestVerificationAge ?? 0));
    this.metrics.oldestWaitingAge.set(Math.max(0, figures.oldestWaitingAge ?? 0));
  }
}
