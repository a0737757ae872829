// Owns the door for the vendor's callbacks: who may enter, what each command says. Hides the
// vendor's words: behind the handlers there are only changes.
import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { RelayModule } from '../relay/relay.module.js';
import { SpoolModule } from '../spool/spool.module.js';
import { TopicsModule } from '../topics/topics.module.js';
import { CallbackGuard } from './callback.guard.js';
import { CallbackPersistence } from './persistence.js';
import { WebhooksService } from './webhooks.service.js';
import { WebhooksController } from './webhooks.controller.js';

@Module({
  imports: [DatabaseModule, TopicsModule, SpoolModule, RelayModule],
  controllers: [WebhooksController],
  providers: [CallbackGuard, WebhooksService, CallbackPersistence],
  exports: [CallbackGuard],
})
export class WebhooksModule {}
