// Owns groups and topics: the rules by which they change, the only writer, and the query API.
// Hides SQL, batches and merge rules behind TopicsService.apply.
import { Module } from '@nestjs/common';
import { ChangesModule } from '../changes/changes.module.js';
import { DatabaseModule } from '../database/database.module.js';
import { Freshness } from './freshness.js';
import { TopicListsStore } from './topic-lists.store.js';
import { TopicsController } from './topics.controller.js';
import { TopicsReader } from './topics.reader.js';
import { TopicsService } from './topics.service.js';
import { TopicsRepository } from './write/topics.repository.js';

@Module({
  imports: [DatabaseModule, ChangesModule],
  controllers: [TopicsController],
  providers: [TopicsService, TopicsRepository, TopicsReader, TopicListsStore, Freshness],
  exports: [TopicsService],
})
export class TopicsModule {}
