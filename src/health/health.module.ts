// Owns what an orchestrator and a scraper ask.
import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { SpoolModule } from '../spool/spool.module.js';
import { Clocks } from './clocks.js';
import { Gauges } from './gauges.js';
import { GaugesRepository } from './gauges.repository.js';
import { HealthController } from './health.controller.js';
import { Lifecycle } from './lifecycle.js';

@Module({
  imports: [DatabaseModule, SpoolModule],
  controllers: [HealthController],
  providers: [Lifecycle, Clocks, Gauges, GaugesRepository],
  exports: [Lifecycle, GaugesRepository],
})
export class HealthModule {}
