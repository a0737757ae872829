import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Metrics } from '../metrics/metrics.js';
import { RelayRepository } from './relay.repository.js';
import { Sender } from './sender.js';

// Scrapes may be frequent and several, and a long backlog takes time to count.
const MAX_AGE_MS = 15_000;

/** Sets the gauges of the relay on a scrape. */
@Injectable()
export class RelayGauges implements OnModuleInit {
  private readonly logger = new Logger('Relay');
  private expiresAt = 0;
  private collecting: Promise<void> | null = null;

  constructor(
    private readonly database: Database,
    private readonly repository: RelayRepository,
    private readonly metrics: Metrics,
    private readonly sender: Sender,
  ) {}

  onModuleInit(): void {
    if (!this.sender.isOn) return;
    this.metrics.onScrape(() => {
      this.collecting ??= this.collect().finally(() => (this.collecting = null));
      return this.collecting;
    });
  }

  private async collect(): Promise<void> {
    if (performance.now() < this.expiresAt || !(await this.database.isUp())) return;
    try {
      const state = await this.repository.state();
      const { lag = 0, asideLanes = 0, oldestArrival = null } = state ?? {};
      const ageSeconds = oldestArrival === null ? 0 : Date.now() / 1000 - oldestArrival / 1e6;
      this.metrics.relayLag.set(lag);
      this.metrics.relayAsideLanes.set(asideLanes);
      this.metrics.relayOldestAge.set(Math.max(0, ageSeconds));
      this.expiresAt = performance.now() + MAX_AGE_MS;
    } catch (error) {
      this.logger.warn({ msg: 'the gauges of the relay cannot be read', err: error });
    }
  }
}
