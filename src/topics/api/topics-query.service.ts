import { Injectable } from '@nestjs/common';
import { asOf } from '../../changes/history.js';
import { Problem } from '../../http/problem.js';
import {
  type Answer,
  asksForAny,
  entityTag,
  isNotModified,
  type ReadRequest,
} from '../../http/read-request.js';
import { PageCursors } from './cursor.js';
import { ReadYourWrites, type Repositories, type Wanted } from './read-your-writes.js';
import type {
  GroupListQueryDto,
  GroupQueryDto,
  HistoryQueryDto,
  TopicListQueryDto,
  TopicQueryDto,
} from './dto/query.dto.js';
import { ALL_TOPICS, groupsCursor, topicsCursor } from './list-cursors.js';
import { readGroupListQuery, readHistoryQuery, readTopicListQuery } from './list-query.js';
import type { TopicsQueryRepository } from './topics-query.repository.js';
import { groupResponse, type SelectedGroup, type TopicResponse } from './responses.js';

/** Answers the questions of the query API. Unknown ids are a Problem 404. */
@Injectable()
export class TopicsQueryService {
  constructor(private readonly reads: ReadYourWrites) {}

  async listGroups(parameters: GroupListQueryDto): Promise<Answer> {
    const cursors = new PageCursors();
    const query = readGroupListQuery(parameters, cursors.decode);
    return this.reads.answer(query, async ({ topics }) => {
      const { epoch, groups, next } = await topics.groups(query);
      cursors.requireEpoch(epoch);
      const nextCursor = cursors.next(next && groupsCursor(query, next), epoch);
      return { json: JSON.stringify({ data: groups.map(groupResponse), nextCursor }) };
    });
  }

  async group(groupId: string, { minSeq }: GroupQueryDto, request: ReadRequest): Promise<Answer> {
    return this.unlessUnchanged(groupId, request, { minSeq }, async ({ topics }) => {
      const group = await knownGroup(groupId, topics);
      return { json: JSON.stringify(groupResponse(group)), etag: groupTag(group, request) };
    });
  }

  async topicsOf(
    groupId: string,
    parameters: TopicListQueryDto,
    request: ReadRequest,
  ): Promise<Answer> {
    const scope = JSON.stringify(['topics', groupId]);
    const cursors = new PageCursors();
    const query = readTopicListQuery(parameters, scope, cursors.decode);
    return this.unlessUnchanged(groupId, request, query, async ({ topics }) => {
      const found = await topics.topicsOf(groupId, query);
      if (!found) throw unknownGroup(groupId);
      const { page, group } = found;
      cursors.requireEpoch(group.epoch);
      const next = page.next && topicsCursor(scope, query, page.next);
      const nextCursor = JSON.stringify(cursors.next(next, group.epoch));
      const groupJson = JSON.stringify(groupResponse(group));
      return {
        json: `{"data":[${page.data}],"nextCursor":${nextCursor},"group":${groupJson}}`,
        etag: groupTag(group, request),
      };
    });
  }

  async listTopics(parameters: TopicListQueryDto): Promise<Answer> {
    const cursors = new PageCursors();
    const query = readTopicListQuery(parameters, ALL_TOPICS, cursors.decode);
    return this.reads.answer(query, async ({ topics }) => {
      const { data, next, epoch } = await topics.topics(query);
      cursors.requireEpoch(epoch);
      const nextCursor = cursors.next(next && topicsCursor(ALL_TOPICS, query, next), epoch);
      return { json: `{"data":[${data}],"nextCursor":${JSON.stringify(nextCursor)}}` };
    });
  }

  async topic(
    groupId: string,
    topicId: string,
    { minSeq, asOf: instant }: TopicQueryDto,
    request: ReadRequest,
  ): Promise<Answer> {
    return this.unlessUnchanged(groupId, request, { minSeq }, async ({ topics }) => {
      const { group, topic } = await knownTopic(groupId, topicId, topics);
      const json = instant === undefined ? topic : await this.topicAsOf(topic, instant);
      return { json, etag: groupTag(group, request) };
    });
  }

  async history(groupId: string, topicId: string, parameters: HistoryQueryDto): Promise<Answer> {
    const scope = JSON.stringify(['history', groupId, topicId]);
    const cursors = new PageCursors();
    const { limit, before, minSeq } = readHistoryQuery(parameters, scope, cursors.decode);
    // The page before may be of another server: where the log is shorter, this one would leave a hole.
    return this.reads.answer({ minSeq, seen: before }, async ({ topics, history }) => {
      const page = { before, limit };
      const { changes, isMore, epoch } = await history.page(groupId, topicId, page);
      cursors.requireEpoch(epoch);
      const last = isMore ? changes.at(-1) : undefined;
      if (changes.length === 0) await knownTopic(groupId, topicId, topics);
      const nextCursor = cursors.next(last ? { scope, before: last.seq } : null, epoch);
      const data = changes.map(({ json }) => json);
      return { json: `{"data":[${data.join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}` };
    });
  }

  private async topicAsOf(json: string, instant: Date): Promise<string> {
    const topic: TopicResponse = JSON.parse(json);
    const { groupId, topicId } = topic;
    // Of the primary: wherever the topic was read, its latest change must be among them.
    const log = await this.reads.primary.history.past(topic, instant);
    const past = asOf({ ...topic }, log, instant);
    if (past.kind === 'known') return JSON.stringify(past.topic);
    if (past.kind === 'unknown') throw unknownTopic(groupId, topicId, instant);
    throw new Problem(
      410,
      'HISTORY_GONE',
      `The changes of the topic ${JSON.stringify(topicId)} are not kept back to ${instant.toISOString()}.`,
    );
  }

  /** 304 by the group's row alone, for a reader who has an answer already. */
  private async unlessUnchanged(
    groupId: string,
    request: ReadRequest,
    wanted: Wanted,
    read: (from: Repositories) => Promise<Answer>,
  ): Promise<Answer> {
    if (request.ifNoneMatch === undefined) return this.reads.answer(wanted, read);
    return this.reads.answer({ ...wanted, isConditional: true }, async (from) => {
      if (asksForAny(request)) return { ...(await read(from)), json: null };
      const etag = groupTag(await knownGroup(groupId, from.topics), request);
      return isNotModified(request, etag) ? { json: null, etag } : read(from);
    });
  }
}

async function knownGroup(groupId: string, topics: TopicsQueryRepository): Promise<SelectedGroup> {
  const group = await topics.group(groupId);
  if (group === null) throw unknownGroup(groupId);
  return group;
}

async function knownTopic(
  groupId: string,
  topicId: string,
  topics: TopicsQueryRepository,
): Promise<{ readonly group: SelectedGroup; readonly topic: string }> {
  const found = await topics.topic(groupId, topicId);
  if (!found) throw unknownGroup(groupId);
  const { group, topic } = found;
  if (topic === null) throw unknownTopic(groupId, topicId);
  return { group, topic };
}

/** Of the epoch as well: in another the same `seq` may stand for something else. */
function groupTag(group: SelectedGroup, request: ReadRequest): string {
  const { seq, state, verifiedAt, staleSince, staleReason } = groupResponse(group);
  return entityTag([group.epoch, seq, state, verifiedAt, staleSince, staleReason], request);
}

function unknownGroup(groupId: string): Problem {
  return new Problem(404, 'UNKNOWN_GROUP', `The mirror knows no group ${JSON.stringify(groupId)}.`);
}

function unknownTopic(groupId: string, topicId: string, instant?: Date): Problem {
  const [group, topic] = [JSON.stringify(groupId), JSON.stringify(topicId)];
  return new Problem(
    404,
    'UNKNOWN_TOPIC',
    instant === undefined
      ? `The mirror knows no topic ${topic} in the group ${group}.`
      : `The mirror knew no topic ${topic} in the group ${group} at ${instant.toISOString()}.`,
  );
}
