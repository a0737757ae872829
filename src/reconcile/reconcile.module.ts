// Owns the comparison with the vendor: the walk over all groups and its plan. Hides what is asked,
// when, and how an answer becomes changes.
import { type DynamicModule, Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { RateLimiter } from '../tencent/rate-limiter.js';
import { TracingModule } from '../tracing/tracing.module.js';
import { TencentModule } from '../tencent/tencent.module.js';
import { TopicsModule } from '../topics/topics.module.js';
import { Backfill } from './backfill.js';
import { Brake } from './brake.store.js';
import { CallRateStore } from './call-rate.store.js';
import { Diagnosis } from './diagnosis.js';
import { EvidenceStore } from './evidence.store.js';
import { Inspection } from './inspection.js';
import { OutsideDiagnosis } from './outside-diagnosis.js';
import { ListingStore } from './listing.store.js';
import { RestCalls } from './rest-calls.js';
import { VisitsStore } from './visits.store.js';
import { Walk } from './walk.js';
import { WalkRunner } from './walk-runner.js';

@Module({
  imports: [DatabaseModule],
  providers: [{ provide: RateLimiter, useClass: CallRateStore }],
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

/** What the doctor looks at where PostgreSQL cannot be used. */
@Module({
  imports: [TencentModule.register([SingleCallModule])],
  providers: [OutsideDiagnosis],
  exports: [OutsideDiagnosis],
})
export class OutsideDiagnosisModule {}

@Module({
  imports: [DatabaseModule, TopicsModule, TencentModule.register([CallRateModule])],
  providers: [
    Walk,
    Backfill,
    Brake,
    Inspection,
    Diagnosis,
    OutsideDiagnosis,
    RestCalls,
    VisitsStore,
    ListingStore,
    EvidenceStore,
  ],
  exports: [Walk, Backfill, Inspection, Diagnosis, RestCalls],
})
export class ReconcileModule {
  /** With the walk running as long as the application does. */
  static running(): DynamicModule {
    return { module: ReconcileModule, providers: [WalkRunner] };
  }
}
