// Owns the forgetting of what is old. For the service alone: a command must not remove anything.
import { Module } from '@nestjs/common';
import { ChangesModule } from '../changes/changes.module.js';
import { DatabaseModule } from '../database/database.module.js';
import { JournalModule } from '../webhooks/journal.module.js';
import { Retention } from './retention.js';

@Module({ imports: [DatabaseModule, ChangesModule, JournalModule], providers: [Retention] })
export class RetentionModule {}
