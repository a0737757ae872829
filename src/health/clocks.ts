import { hostname } from 'node:os';
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { clockSkewMs } from '../database/clock.js';
import { Database } from '../database/database.js';
import { GaugesRepository } from './gauges.repository.js';

const INTERVAL_MS = 60_000;

/** Records the clock skew of this process, for the doctor of any process. */
@Injectable()
export class Clocks implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Health');
  private readonly process = `${hostname()}:${process.pid}`;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly repository: GaugesRepository,
  ) {}

  onModuleInit(): void {
    const record = (): void => {
      this.record().catch((error: unknown) => {
        this.logger.debug({ msg: 'the clock cannot be recorded', err: error });
      });
    };
    this.database.whenOpen(record);
    this.timer = setInterval(record, INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private async record(): Promise<void> {
    await this.repository.recordClock(this.process, await clockSkewMs(this.database.connection));
  }
}
