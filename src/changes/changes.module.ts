// Owns the log of changes as it is read: the feed and the history of topics. Hides how new changes
// are found and kept for those who wait. Topics write the log, in the transaction of the change.
import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { ChangesController } from './changes.controller.js';
import { ChangesService } from './changes.service.js';
import { ChangesRepository } from './changes.repository.js';
import { EventStreams } from './event-streams.js';
import { Feed } from './feed.js';

@Module({
  imports: [DatabaseModule],
  controllers: [ChangesController],
  providers: [ChangesService, EventStreams, Feed, ChangesRepository],
  exports: [ChangesRepository, Feed],
})
export class ChangesModule {}
