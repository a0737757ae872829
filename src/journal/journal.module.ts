// Owns the reading of the journal. Writing it is part of every commit of topics/.
import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { JournalRepository } from './journal.repository.js';
import { JournalSignal } from './journal-signal.js';

@Module({
  imports: [DatabaseModule],
  providers: [JournalRepository, JournalSignal],
  exports: [JournalRepository, JournalSignal],
})
export class JournalModule {}
