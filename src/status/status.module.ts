// Owns the overview that people look at: what metrics, doctor and spool know, in one answer.
import { Module } from '@nestjs/common';
import { ChangesModule } from '../changes/changes.module.js';
import { DatabaseModule } from '../database/database.module.js';
import { HealthModule } from '../health/health.module.js';
import { JournalModule } from '../journal/journal.module.js';
import { ReconcileModule } from '../reconcile/reconcile.module.js';
import { RelayModule } from '../relay/relay.module.js';
import { SpoolModule } from '../spool/spool.module.js';
import { StatusController } from './status.controller.js';
import { StatusService } from './status.service.js';

@Module({
  imports: [
    DatabaseModule,
    JournalModule,
    ChangesModule,
    ReconcileModule,
    SpoolModule,
    RelayModule,
    HealthModule,
  ],
  controllers: [StatusController],
  providers: [StatusService],
})
export class StatusModule {}
