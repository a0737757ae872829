// Owns what an orchestrator and a scraper ask.
import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { SpoolModule } from '../spool/spool.module.js';
import { Clocks } from './clocks.js';
import { Figures } from './figures.js';
import { FiguresStore } from './figures.store.js';
import { HealthController } from './health.controller.js';
import { Lifecycle } from './lifecycle.js';

@Module({
  imports: [DatabaseModule, SpoolModule],
  controllers: [HealthController],
  providers: [Lifecycle, Clocks, Figures, FiguresStore],
  exports: [Lifecycle],
})
export class HealthModule {}
