import { Controller, Get, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiKeyGuard } from '../http/api-key.guard.js';
import { readChangesQuery, readLastEventId } from './changes-query.js';
import { ChangesReader } from './changes.reader.js';
import { EventStreams } from './event-streams.js';
import { Feed } from './feed.js';

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
    if (request.headers.accept?.includes('text/event-stream')) {
      const last = readLastEventId(request.headers['last-event-id']);
      await this.streams.serve(reply, query.groupId, this.reader.start(last ?? query.after));
      return;
    }
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const json = await this.reader.changes(query, gone.signal);
    void reply.header('cache-control', 'no-store').type('application/json; charset=utf-8');
    if (this.feed.isStopped) void reply.header('connection', 'close');
    void reply.send(json);
  }
}
