import { Controller, Get, Param, Query, UseGuards } from '@nestjs/common';
import { ApiKeyGuard } from '../http/api-key.guard.js';
import { queryPipe } from '../http/query.pipe.js';
import { IdPipe } from './id.pipe.js';
import { type Page, PageQuery } from './page.js';
import { type TopicsOfGroup, TopicsReader } from './topics.reader.js';
import type { GroupAnswer, TopicAnswer } from './views.js';

/** The query API: reads only. */
@Controller('groups')
@UseGuards(ApiKeyGuard)
export class TopicsController {
  constructor(private readonly reader: TopicsReader) {}

  @Get()
  groups(@Query(queryPipe(PageQuery)) query: PageQuery): Promise<Page<GroupAnswer>> {
    return this.reader.groups(query);
  }

  @Get(':groupId')
  group(@Param('groupId', IdPipe) groupId: string): Promise<GroupAnswer> {
    return this.reader.group(groupId);
  }

  @Get(':groupId/topics')
  topics(
    @Param('groupId', IdPipe) groupId: string,
    @Query(queryPipe(PageQuery)) query: PageQuery,
  ): Promise<TopicsOfGroup> {
    return this.reader.topicsOf(groupId, query);
  }

  @Get(':groupId/topics/:topicId')
  topic(
    @Param('groupId', IdPipe) groupId: string,
    @Param('topicId', IdPipe) topicId: string,
  ): Promise<TopicAnswer> {
    return this.reader.topic(groupId, topicId);
  }
}
