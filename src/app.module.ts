import { type DynamicModule, Module } from '@nestjs/common';
import { CallbacksModule } from './callbacks/callbacks.module.js';
import { ChangesModule } from './changes/changes.module.js';
import { ConfigModule } from './config/config.module.js';
import type { Settings } from './config/settings.js';
import { OpenApiModule } from './openapi/openapi.module.js';
import { HealthModule } from './health/health.module.js';
import { ApiPort } from './http/api-port.js';
import { HttpModule } from './http/http.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { ReconcileRunnerModule } from './reconcile/reconcile.module.js';
import { RelayModule } from './relay/relay.module.js';
import { RetentionModule } from './retention/retention.module.js';
import { StatusModule } from './status/status.module.js';
import { TopicsModule } from './topics/topics.module.js';
import { TracingModule } from './tracing/tracing.module.js';
import { WebModule } from './web/web.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

@Module({})
export class AppModule {
  static register(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.register(settings),
        MetricsModule,
        TracingModule,
        HttpModule,
        WebhooksModule,
        TopicsModule,
        ChangesModule,
        ReconcileRunnerModule,
        RelayModule.running(),
        RetentionModule,
        HealthModule,
        CallbacksModule,
        StatusModule,
        OpenApiModule,
        WebModule,
      ],
      providers: [ApiPort],
    };
  }
}
