import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { QueryPipe } from '../../http/query.pipe.js';
import { CurrentRequest, type ReadRequest, respond } from '../../http/read-request.js';
import { ApiConditional, ApiProblems, ETAG, RequiresApiKey } from '../../openapi/decorators.js';
import { CHANGE, GROUP, GROUP_ID, PROBLEM, TOPIC, TOPIC_ID } from '../../openapi/examples.js';
import { CustomFiltersPipe } from './custom-filters.pipe.js';
import {
  GroupListQueryDto,
  GroupQueryDto,
  HistoryQueryDto,
  TopicListQueryDto,
  TopicQueryDto,
} from './dto/query.dto.js';
import { IdPipe } from './id.pipe.js';
import {
  ChangePageResponse,
  GroupPageResponse,
  GroupResponse,
  GroupTopicsResponse,
  TopicPageResponse,
  TopicResponse,
} from './responses.js';
import { TopicsQueryService } from './topics-query.service.js';

const BAD_QUERY = 'INVALID_PARAMETER';
const BAD_LIST = [BAD_QUERY, 'INVALID_CURSOR'] as const;
const BAD_PATH = ['INVALID_ID', 'BAD_REQUEST'] as const;
const LOST_LIST = ['CURSOR_GONE', 'SEQ_GONE'] as const;

const ApiId = (name: string, description: string, example: string) =>
  ApiParam({
    name,
    description,
    schema: { type: 'string', minLength: 1, maxLength: 256, example },
  });
const ApiGroupId = () => ApiId('groupId', 'The id of a group, percent-encoded.', GROUP_ID);
const ApiTopicId = () => ApiId('topicId', 'The id of a topic, percent-encoded.', TOPIC_ID);

// A form-style object becomes one `name=value` for each member, which may be a list.
const ApiCustomFilters = () =>
  ApiQuery({
    name: 'custom',
    required: false,
    description:
      'Topics with this custom field: `custom.<Key>=<Value>`. May be given several times; all must hold. All filters together may have 3,328 bytes.',
    style: 'form',
    explode: true,
    schema: {
      type: 'object',
      patternProperties: {
        '^custom\\..+': {
          oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
        },
      },
      additionalProperties: false,
    },
  });

/** The query API: reads only. */
@Controller()
@RequiresApiKey()
@ApiProblems({ 503: ['SEQ_NOT_REACHED', 'TOO_MANY_ANSWERS', 'DATABASE_UNAVAILABLE'] })
export class TopicsController {
  constructor(private readonly reader: TopicsQueryService) {}

  @Get('groups')
  @ApiTags('Topics')
  @ApiOperation({ summary: 'Lists the known groups' })
  @ApiOkResponse({ type: GroupPageResponse, example: { data: [GROUP], nextCursor: null } })
  @ApiProblems({ 400: BAD_LIST, 410: LOST_LIST })
  async listGroups(
    @Query(QueryPipe) query: GroupListQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | undefined> {
    return respond(reply, await this.reader.listGroups(query));
  }

  @Get('groups/:groupId')
  @ApiGroupId()
  @ApiTags('Topics')
  @ApiOperation({ summary: 'Returns one group and its sync state' })
  @ApiConditional()
  @ApiOkResponse({ type: GroupResponse, example: GROUP, headers: ETAG })
  @ApiProblems(
    { 400: [BAD_QUERY, ...BAD_PATH], 404: ['UNKNOWN_GROUP'], 410: ['SEQ_GONE'] },
    PROBLEM,
  )
  async getGroup(
    @Query(QueryPipe) query: GroupQueryDto,
    @Param('groupId', IdPipe) groupId: string,
    @CurrentRequest() request: ReadRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | undefined> {
    return respond(reply, await this.reader.group(groupId, query, request));
  }

  @Get('groups/:groupId/topics')
  @ApiGroupId()
  @ApiTags('Topics')
  @ApiOperation({ summary: 'Lists the topics of a group' })
  @ApiCustomFilters()
  @ApiConditional()
  @ApiOkResponse({
    type: GroupTopicsResponse,
    example: { data: [TOPIC], nextCursor: null, group: GROUP },
    headers: ETAG,
  })
  @ApiProblems({ 400: [...BAD_LIST, ...BAD_PATH], 404: ['UNKNOWN_GROUP'], 410: LOST_LIST }, PROBLEM)
  async listTopicsOfGroup(
    @Query(CustomFiltersPipe, QueryPipe) query: TopicListQueryDto,
    @Param('groupId', IdPipe) groupId: string,
    @CurrentRequest() request: ReadRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | undefined> {
    return respond(reply, await this.reader.topicsOf(groupId, query, request));
  }

  @Get('groups/:groupId/topics/:topicId')
  @ApiGroupId()
  @ApiTopicId()
  @ApiTags('Topics')
  @ApiOperation({
    summary: 'Returns one topic, also a deleted one, as it is or as it was at an instant',
  })
  @ApiConditional()
  @ApiOkResponse({ type: TopicResponse, example: TOPIC, headers: ETAG })
  @ApiProblems(
    {
      400: [BAD_QUERY, ...BAD_PATH],
      404: ['UNKNOWN_GROUP', 'UNKNOWN_TOPIC'],
      410: ['HISTORY_GONE', 'SEQ_GONE'],
    },
    PROBLEM,
  )
  async getTopic(
    @Query(QueryPipe) query: TopicQueryDto,
    @Param('groupId', IdPipe) groupId: string,
    @Param('topicId', IdPipe) topicId: string,
    @CurrentRequest() request: ReadRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | undefined> {
    return respond(reply, await this.reader.topic(groupId, topicId, query, request));
  }

  @Get('groups/:groupId/topics/:topicId/history')
  @ApiGroupId()
  @ApiTopicId()
  @ApiTags('Changes')
  @ApiOperation({ summary: 'Lists the changes of a topic, newest first' })
  @ApiOkResponse({ type: ChangePageResponse, example: { data: [CHANGE], nextCursor: null } })
  @ApiProblems(
    {
      400: [...BAD_LIST, ...BAD_PATH],
      404: ['UNKNOWN_GROUP', 'UNKNOWN_TOPIC'],
      410: LOST_LIST,
    },
    PROBLEM,
  )
  async listHistory(
    @Query(QueryPipe) query: HistoryQueryDto,
    @Param('groupId', IdPipe) groupId: string,
    @Param('topicId', IdPipe) topicId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | undefined> {
    return respond(reply, await this.reader.history(groupId, topicId, query));
  }

  @Get('topics')
  @ApiTags('Topics')
  @ApiOperation({ summary: 'Lists the topics of all groups' })
  @ApiCustomFilters()
  @ApiOkResponse({ type: TopicPageResponse, example: { data: [TOPIC], nextCursor: null } })
  @ApiProblems({ 400: BAD_LIST, 410: LOST_LIST })
  async listTopics(
    @Query(CustomFiltersPipe, QueryPipe) query: TopicListQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | undefined> {
    return respond(reply, await this.reader.listTopics(query));
  }
}
