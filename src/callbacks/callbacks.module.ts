// Owns the journal as the query API shows it: lists, single callbacks, and those who wait for the next. The rows are
// written by topics/.
import { Module } from '@nestjs/common';
import { ChangesModule } from '../changes/changes.module.js';
import { DatabaseModule } from '../database/database.module.js';
import { JournalModule } from '../journal/journal.module.js';
import { CallbacksController } from './callbacks.controller.js';
import { CallbacksRepository } from './callbacks.repository.js';
import { CallbacksService } from './callbacks.service.js';
import { JournalTail } from './journal-tail.js';

@Module({
  imports: [DatabaseModule, ChangesModule, JournalModule],
  controllers: [CallbacksController],
  providers: [CallbacksService, CallbacksRepository, JournalTail],
})
export class CallbacksModule {}
