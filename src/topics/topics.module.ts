// Owns groups and topics: the rules by which they change, the only writer, and the query API.
// Hides SQL, batches and merge rules behind TopicsService.apply.
import { Module } from '@nestjs/common';
import { ChangesModule } from '../changes/changes.module.js';
import { DatabaseModule } from '../database/database.module.js';
import { JournalModule } from '../journal/journal.module.js';
import { ReadYourWrites } from './api/read-your-writes.js';
import { TopicsController } from './api/topics.controller.js';
import { TopicsQueryService } from './api/topics-query.service.js';
import { TopicsService } from './write/topics.service.js';
import { TopicsRepository } from './write/topics.repository.js';

@Module({
  imports: [DatabaseModule, ChangesModule, JournalModule],
  controllers: [TopicsController],
  providers: [TopicsService, TopicsRepository, TopicsQueryService, ReadYourWrites],
  exports: [TopicsService],
})
export class TopicsModule {}
