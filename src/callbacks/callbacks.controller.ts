import { Controller, Get, Header, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { NoParametersDto } from '../http/parameters.js';
import { QueryPipe } from '../http/query.pipe.js';
import { ApiProblems, RequiresApiKey } from '../openapi/decorators.js';
import { CALLBACK, CALLBACK_DETAIL } from '../openapi/examples.js';
import { CallbacksService } from './callbacks.service.js';
import { CallbacksQueryDto } from './dto/callbacks-query.dto.js';
import { CallbackDetailResponse, CallbackPageResponse } from './responses.js';

const JSON_TYPE = 'application/json; charset=utf-8';

/** The journal: callbacks as they came, and their outcomes. */
@Controller('callbacks')
@ApiTags('Callbacks')
@RequiresApiKey('callbacks')
export class CallbacksController {
  constructor(private readonly reader: CallbacksService) {}

  @Get()
  @Header('cache-control', 'no-store')
  @Header('content-type', JSON_TYPE)
  @ApiOperation({
    summary: 'Lists the callbacks of the journal, newest arrival first',
    description:
      'With `after`, the `nextAfter` of a page, it returns the callbacks that were committed since, in the order of commits, without a hole and without `nextCursor`; `wait` waits for the first of them. A key needs the scope `callbacks`.',
  })
  @ApiOkResponse({
    type: CallbackPageResponse,
    example: { data: [CALLBACK], nextCursor: null, nextAfter: 'eyJlcG9jaCI6…' },
  })
  @ApiProblems({
    400: ['INVALID_PARAMETER', 'INVALID_CURSOR'],
    410: ['CURSOR_GONE'],
    429: ['RATE_LIMITED', 'TOO_MANY_STREAMS_OF_KEY'],
    503: ['TOO_MANY_STREAMS', 'TOO_MANY_ANSWERS', 'DATABASE_UNAVAILABLE'],
  })
  async listCallbacks(
    @Query(QueryPipe) query: CallbacksQueryDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const { apiKey, method } = request;
    const requested = method === 'HEAD' && query.wait !== undefined ? { ...query, wait: 0 } : query;
    return this.reader.callbacks(requested, { apiKey, gone: gone.signal });
  }

  @Get(':callbackId')
  @Header('cache-control', 'no-store')
  @Header('content-type', JSON_TYPE)
  @ApiParam({
    name: 'callbackId',
    description: 'The id of a callback.',
    schema: { type: 'string', example: CALLBACK.id },
  })
  @ApiOperation({
    summary: 'Returns one callback with its body, its answer and its changes',
    description: 'A key needs the scope `callbacks`.',
  })
  @ApiOkResponse({ type: CallbackDetailResponse, example: CALLBACK_DETAIL })
  @ApiProblems({
    400: ['INVALID_PARAMETER', 'INVALID_ID', 'BAD_REQUEST'],
    404: ['UNKNOWN_CALLBACK'],
    503: ['TOO_MANY_ANSWERS', 'DATABASE_UNAVAILABLE'],
  })
  async getCallback(
    @Query(QueryPipe) _query: NoParametersDto,
    @Param('callbackId') id: string,
  ): Promise<string> {
    return this.reader.callback(id);
  }
}
