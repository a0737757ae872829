import { Controller, Get, Param, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ApiKeyGuard } from '../http/api-key.guard.js';
import { Asked, type ReadRequest, sendAnswer } from '../http/read-request.js';
import { GroupPath, PathPipe, TopicPath } from './path.js';
import { TopicsReader } from './topics.reader.js';

/** The query API: reads only. */
@Controller()
@UseGuards(ApiKeyGuard)
export class TopicsController {
  constructor(private readonly reader: TopicsReader) {}

  @Get('groups')
  async groups(@Asked() request: ReadRequest, @Res() reply: FastifyReply): Promise<void> {
    sendAnswer(reply, await this.reader.listGroups(request));
  }

  @Get('groups/:groupId')
  async group(
    @Param(PathPipe) { groupId }: GroupPath,
    @Asked() request: ReadRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendAnswer(reply, await this.reader.group(groupId, request));
  }

  @Get('groups/:groupId/topics')
  async topicsOf(
    @Param(PathPipe) { groupId }: GroupPath,
    @Asked() request: ReadRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendAnswer(reply, await this.reader.topicsOf(groupId, request));
  }

  @Get('groups/:groupId/topics/:topicId')
  async topic(
    @Param(PathPipe) { groupId, topicId }: TopicPath,
    @Asked() request: ReadRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendAnswer(reply, await this.reader.topic(groupId, topicId, request));
  }

  @Get('groups/:groupId/topics/:topicId/history')
  async history(
    @Param(PathPipe) { groupId, topicId }: TopicPath,
    @Asked() request: ReadRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendAnswer(reply, await this.reader.history(groupId, topicId, request));
  }

  @Get('topics')
  async topics(@Asked() request: ReadRequest, @Res() reply: FastifyReply): Promise<void> {
    sendAnswer(reply, await this.reader.listTopics(request));
  }
}
