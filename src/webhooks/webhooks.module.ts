// Owns the door for the vendor's callbacks: who may enter, what each command says. Hides the
// vendor's words: behind the handlers there are only changes.
import { Module } from '@nestjs/common';
import { SpoolModule } from '../spool/spool.module.js';
import { TopicsModule } from '../topics/topics.module.js';
import { CallbackGuard } from './callback.guard.js';
import { Keeper } from './keeper.js';
import { Receiver } from './receiver.js';
import { WebhooksController } from './webhooks.controller.js';

@Module({
  imports: [TopicsModule, SpoolModule],
  controllers: [WebhooksController],
  providers: [CallbackGuard, Receiver, Keeper],
  exports: [CallbackGuard],
})
export class WebhooksModule {}
