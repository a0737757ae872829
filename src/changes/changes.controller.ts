import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { changesQuery, readLastEventId } from './changes-query.js';
import { ChangesQueryDto } from './dto/changes-query.dto.js';
import { QueryPipe } from '../http/query.pipe.js';
import { ApiProblems, RequiresApiKey } from '../openapi/decorators.js';
import { CHANGE } from '../openapi/examples.js';
import { ChangesResponse } from './dto/change.dto.js';
import { ChangesService } from './changes.service.js';
import { EventStreams } from './event-streams.js';
import { Feed } from './feed.js';

const JSON_TYPE = 'application/json';
const EVENT_STREAM = 'text/event-stream';

/** The feed: what changed, in the order of commits, without a hole. */
@Controller('changes')
@ApiTags('Changes')
@RequiresApiKey()
export class ChangesController {
  constructor(
    private readonly reader: ChangesService,
    private readonly streams: EventStreams,
    private readonly feed: Feed,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Returns all changes in the order of commits, without a hole',
    description:
      'Request JSON and pass on `nextAfter`, or send `Accept: text/event-stream` for a stream of server-sent events, whose ids are the `seq` of their change and which goes on after `Last-Event-ID`. A cursor before changes that are no longer kept, or of a time before a restore of the database, is answered 410: read the lists with the `latestSeq` of that problem as `minSeq`, then follow after it. An event named `end` carries the reason why the service ends a stream.',
  })
  @ApiHeader({ name: 'Last-Event-ID', description: 'The id of the last event, for a stream.' })
  @ApiExtraModels(ChangesResponse)
  @ApiOkResponse({
    content: {
      [JSON_TYPE]: {
        schema: { $ref: getSchemaPath(ChangesResponse) },
        example: { data: [CHANGE], nextAfter: 1 },
      },
      [EVENT_STREAM]: {
        schema: { type: 'string' },
        example: `retry: 2000\n\nid: 1\ndata: ${JSON.stringify(CHANGE)}\n\n: heartbeat\n\n`,
      },
    },
  })
  @ApiProblems({
    400: ['INVALID_PARAMETER', 'INVALID_LAST_EVENT_ID'],
    410: ['CHANGES_GONE', 'CURSOR_AHEAD'],
    429: ['RATE_LIMITED', 'TOO_MANY_STREAMS_OF_KEY'],
    503: ['TOO_MANY_STREAMS', 'TOO_MANY_ANSWERS', 'DATABASE_UNAVAILABLE'],
  })
  async followChanges(
    @Query(QueryPipe) parameters: ChangesQueryDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const query = changesQuery(parameters);
    const isProbe = request.method === 'HEAD';
    if (wantsStream(request)) {
      const start = this.reader.start(
        readLastEventId(request.headers['last-event-id']) ?? query.after,
      );
      if (!isProbe) return this.streams.serve(reply, query.groupId, start);
      await start;
      return void reply.header('cache-control', 'no-store').type(EVENT_STREAM).send();
    }
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const json = await this.reader.changes(isProbe ? { ...query, waitMs: 0 } : query, gone.signal);
    void reply.header('cache-control', 'no-store').type(`${JSON_TYPE}; charset=utf-8`);
    if (this.feed.isStopped) void reply.header('connection', 'close');
    void reply.send(json);
  }
}

/** Whether a client prefers a stream (RFC 9110, 12.5.1); one that accepts neither gets JSON. */
function wantsStream({ headers }: FastifyRequest): boolean {
  return new Negotiator({ headers }).mediaType([JSON_TYPE, EVENT_STREAM]) === EVENT_STREAM;
}
