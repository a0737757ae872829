// Owns the comparison with the vendor: the reconciler and its queue. Hides the requests, their times, and how a snapshot
// becomes changes.
import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { RateLimiter } from '../tencent/rate-limiter.js';
import { TracingModule } from '../tracing/tracing.module.js';
import { TencentModule } from '../tencent/tencent.module.js';
import { RelayModule } from '../relay/relay.module.js';
import { TopicsModule } from '../topics/topics.module.js';
import { Backfill } from './backfill.js';
import { DeletionBrakeRepository } from './deletion-brake.repository.js';
import { CallRateRepository } from './call-rate.repository.js';
import { Doctor } from './doctor.js';
import { JournalEvidenceRepository } from './journal-evidence.repository.js';
import { Reconciliation } from './reconciliation.js';
import { OfflineDoctor } from './offline-doctor.js';
import { GroupListingRepository } from './group-listing.repository.js';
import { RestCalls } from './rest-calls.js';
import { ReconcileQueueRepository } from './reconcile-queue.repository.js';
import { Reconciler } from './reconciler.js';
import { ReconcileRunner } from './reconcile-runner.js';

@Module({
  imports: [DatabaseModule],
  providers: [{ provide: RateLimiter, useClass: CallRateRepository }],
  exports: [RateLimiter],
})
class CallRateModule {}

/** One process that sends one request needs no rate. */
@Module({
  imports: [TracingModule],
  providers: [{ provide: RateLimiter, useValue: { acquire: () => Promise.resolve() } }],
  exports: [RateLimiter],
})
class SingleCallModule {}

/** The checks of the doctor that need no PostgreSQL. */
@Module({
  imports: [TencentModule.register([SingleCallModule])],
  providers: [OfflineDoctor],
  exports: [OfflineDoctor],
})
export class OfflineDoctorModule {}

@Module({
  imports: [DatabaseModule, TopicsModule, RelayModule, TencentModule.register([CallRateModule])],
  providers: [
    Reconciler,
    Backfill,
    DeletionBrakeRepository,
    Reconciliation,
    Doctor,
    OfflineDoctor,
    RestCalls,
    ReconcileQueueRepository,
    GroupListingRepository,
    JournalEvidenceRepository,
  ],
  exports: [Reconciler, Backfill, Reconciliation, Doctor, RestCalls],
})
export class ReconcileModule {}

/** A reconciler that runs as long as the application does. */
@Module({ imports: [DatabaseModule, ReconcileModule], providers: [ReconcileRunner] })
export class ReconcileRunnerModule {}
