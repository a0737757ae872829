import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { clockSkewMs } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Metrics } from '../metrics/metrics.js';
import { STALE_REASONS } from '../topics/domain/model.js';
import { GaugesRepository, type MirrorGauges } from './gauges.repository.js';

// Scrapes may be frequent and several.
const MAX_AGE_MS = 15_000;

/** Sets the gauges of the database and of the mirror as a whole on a scrape. */
@Injectable()
export class Gauges implements OnModuleInit {
  private readonly logger = new Logger('Health');
  private expiresAt = 0;
  private collecting: Promise<void> | null = null;
  private readonly fallbacksSeen = { away: 0, conflict: 0 };
  private readonly epochsSeen = { identity: 0, behind: 0, command: 0 };

  constructor(
    private readonly database: Database,
    private readonly repository: GaugesRepository,
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
    this.setPools();
    this.setReplica();
    this.setEpochs();
    const isUp = await this.database.isUp();
    this.metrics.databaseUp.set(isUp ? 1 : 0);
    if (!isUp) return;
    try {
      this.metrics.replicaLag.set(await this.repository.replicaLag());
      if (performance.now() < this.expiresAt) return;
      this.setMirror(await this.repository.read());
      const skewMs = await clockSkewMs(this.database.connection);
      this.metrics.clockSkew.set({ of: 'database' }, skewMs / 1000);
      this.expiresAt = performance.now() + MAX_AGE_MS;
    } catch (error) {
      // The previous values stay; the next scrape tries again.
      this.logger.warn({ msg: 'the gauges of the mirror cannot be read', err: error });
    }
  }

  private setPools(): void {
    const { databaseConnections, databaseConnectionsMax, databaseWaiting } = this.metrics;
    for (const [pool, { used, idle, waiting, max }] of Object.entries(this.database.poolUse)) {
      databaseConnections.set({ pool, state: 'used' }, used);
      databaseConnections.set({ pool, state: 'idle' }, idle);
      databaseConnectionsMax.set({ pool }, max);
      databaseWaiting.set({ pool }, waiting);
    }
  }

  private setReplica(): void {
    const replica = this.database.replicaUse;
    if (!replica) return;
    const { replicaAway, replicaFallbacks } = this.metrics;
    replicaAway.set(replica.isUp ? 0 : 1);
    for (const reason of ['away', 'conflict'] as const) {
      const count = replica.fallbacks[reason];
      replicaFallbacks.inc({ reason }, count - this.fallbacksSeen[reason]);
      this.fallbacksSeen[reason] = count;
    }
  }

  private setEpochs(): void {
    for (const reason of ['identity', 'behind', 'command'] as const) {
      const count = this.database.epochs.begun[reason];
      this.metrics.epochs.inc({ reason }, count - this.epochsSeen[reason]);
      this.epochsSeen[reason] = count;
    }
  }

  private setMirror(gauges: MirrorGauges): void {
    this.metrics.seq.set(gauges.seq);
    for (const [state, count] of Object.entries(gauges.groups)) {
      this.metrics.groups.set({ state }, count);
    }
    for (const reason of STALE_REASONS) {
      this.metrics.staleGroups.set({ reason }, gauges.stale?.[reason] ?? 0);
    }
    this.metrics.secondLooks.set(gauges.secondLooks);
    this.metrics.oldestVerificationAge.set(Math.max(0, gauges.oldestVerificationAge ?? 0));
    this.metrics.oldestWaitingAge.set(Math.max(0, gauges.oldestWaitingAge ?? 0));
  }
}
