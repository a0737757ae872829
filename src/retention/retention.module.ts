// Owns the deletion of old changes and journal entries. For the service alone: a command must not delete anything.
import { Module } from '@nestjs/common';
import { ChangesModule } from '../changes/changes.module.js';
import { DatabaseModule } from '../database/database.module.js';
import { JournalModule } from '../journal/journal.module.js';
import { Retention } from './retention.js';

@Module({ imports: [DatabaseModule, ChangesModule, JournalModule], providers: [Retention] })
export class RetentionModule {}
