// Owns the log of changes as it is read: the feed and the history of topics. Hides how new changes
// are found and kept for those who wait. The log is written by topics, with what it tells of.
import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { ChangesController } from './changes.controller.js';
import { ChangesReader } from './changes.reader.js';
import { ChangesStore } from './changes.store.js';
import { EventStreams } from './event-streams.js';
import { Feed } from './feed.js';
import { History } from './history.js';

@Module({
  imports: [DatabaseModule],
  controllers: [ChangesController],
  providers: [ChangesReader, EventStreams, Feed, History, ChangesStore],
  exports: [History, ChangesStore, Feed],
})
export class ChangesModule {}
