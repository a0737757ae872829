import { Controller, Get, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { ApiKeyGuard } from '../http/api-key.guard.js';
import { readChangesQuery, readLastEventId } from './changes-query.js';
import { ChangesReader } from './changes.reader.js';
import { EventStreams } from './event-streams.js';
import { Feed } from './feed.js';

const JSON_TYPE = 'application/json';
const EVENT_STREAM = 'text/event-stream';

/** The feed: what changed, in the order of commits, without a hole. */
@Controller('changes')
@UseGuards(ApiKeyGuard)
export class ChangesController {
  constructor(
    private readonly reader: ChangesReader,
    private readonly streams: EventStreams,
    private readonly feed: Feed,
  ) {}

  @Get()
  async changes(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = readChangesQuery(request.query);
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
