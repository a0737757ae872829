// Owns the reading of the journal. Writing it is part of every commit of topics/.
import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { JournalStore } from './journal.store.js';

@Module({ imports: [DatabaseModule], providers: [JournalStore], exports: [JournalStore] })
export class JournalModule {}
