import { Injectable } from '@nestjs/common';
import { History } from '../changes/history.js';
import type { Server } from '../database/database.js';
import { readParameters } from '../http/parameters.js';
import { Problem } from '../http/problem.js';
import {
  type Answer,
  asksForAny,
  entityTag,
  isNotModified,
  type ReadRequest,
} from '../http/read-request.js';
import { PageCursors } from './cursor.js';
import { Freshness, type Wanted } from './freshness.js';
import { MIN_SEQ, TOPIC_PARAMETERS } from './list-parameters.js';
import {
  ALL_TOPICS,
  cursorOfGroups,
  cursorOfTopics,
  readGroupListQuery,
  readHistoryQuery,
  readTopicListQuery,
} from './list-query.js';
import { TopicListsStore } from './topic-lists.store.js';
import { groupAnswer, type ToldGroup, type TopicAnswer } from './views.js';

/** Answers the questions of the query API. Unknown ids are a Problem 404. */
@Injectable()
export class TopicsReader {
  constructor(
    private readonly store: TopicListsStore,
    private readonly log: History,
    private readonly freshness: Freshness,
  ) {}

  async listGroups(request: ReadRequest): Promise<Answer> {
    const cursors = new PageCursors(await this.store.cursorSecret());
    const { limit, after, minSeq } = readGroupListQuery(request.query, cursors.decode);
    return this.freshness.answer({ minSeq }, async (from) => {
      const { epoch, groups, isMore } = await this.store.groups(after, limit, from);
      cursors.requireEpoch(epoch);
      const last = isMore ? groups.at(-1) : undefined;
      const nextCursor = cursors.next(last ? cursorOfGroups(last.group_id) : null, epoch);
      return { json: JSON.stringify({ data: groups.map(groupAnswer), nextCursor }) };
    });
  }

  async group(groupId: string, request: ReadRequest): Promise<Answer> {
    const { minSeq } = readParameters(request.query, MIN_SEQ).given;
    return this.freshness.answer({ minSeq }, async (from) => {
      const group = await this.knownGroup(groupId, from);
      const etag = groupTag(group, request);
      if (isNotModified(request, etag)) return { json: null, etag };
      if (request.ifNoneMatch !== undefined && from === 'replica') return null;
      return { json: JSON.stringify(groupAnswer(group)), etag };
    });
  }

  async topicsOf(groupId: string, request: ReadRequest): Promise<Answer> {
    const scope = JSON.stringify(['topics', groupId]);
    const cursors = new PageCursors(await this.store.cursorSecret());
    const query = readTopicListQuery(request.query, scope, cursors.decode);
    return this.unlessUnchanged(groupId, request, query, async (from) => {
      const found = await this.store.topicsOf(groupId, query, from);
      if (!found) throw unknownGroup(groupId);
      const { page, group } = found;
      cursors.requireEpoch(group.epoch);
      const next = page.next && cursorOfTopics(scope, query, page.next);
      const nextCursor = JSON.stringify(cursors.next(next, group.epoch));
      const told = JSON.stringify(groupAnswer(group));
      return {
        json: `{"data":[${page.data}],"nextCursor":${nextCursor},"group":${told}}`,
        etag: groupTag(group, request),
      };
    });
  }

  async listTopics(request: ReadRequest): Promise<Answer> {
    const cursors = new PageCursors(await this.store.cursorSecret());
    const query = readTopicListQuery(request.query, ALL_TOPICS, cursors.decode);
    return this.freshness.answer(query, async (from) => {
      const { data, next, epoch } = await this.store.topics(query, from);
      cursors.requireEpoch(epoch);
      const nextCursor = cursors.next(next && cursorOfTopics(ALL_TOPICS, query, next), epoch);
      return { json: `{"data":[${data}],"nextCursor":${JSON.stringify(nextCursor)}}` };
    });
  }

  async topic(groupId: string, topicId: string, request: ReadRequest): Promise<Answer> {
    const { minSeq, asOf } = readParameters(request.query, TOPIC_PARAMETERS).given;
    return this.unlessUnchanged(groupId, request, { minSeq }, async (from) => {
      const { group, topic } = await this.knownTopic(groupId, topicId, from);
      const json = asOf === undefined ? topic : await this.topicAsOf(topic, asOf);
      return { json, etag: groupTag(group, request) };
    });
  }

  async history(groupId: string, topicId: string, request: ReadRequest): Promise<Answer> {
    const scope = JSON.stringify(['history', groupId, topicId]);
    const cursors = new PageCursors(await this.store.cursorSecret());
    const { limit, before, minSeq } = readHistoryQuery(request.query, scope, cursors.decode);
    // The page before may be of another server: where the log is shorter, this one would leave a hole.
    return this.freshness.answer({ minSeq, seen: before }, async (from) => {
      const page = { before, limit };
      const { changes, isMore, epoch } = await this.log.changes(groupId, topicId, page, from);
      cursors.requireEpoch(epoch);
      const last = isMore ? changes.at(-1) : undefined;
      if (changes.length === 0) await this.knownTopic(groupId, topicId, from);
      const nextCursor = cursors.next(last ? { scope, before: last.seq } : null, epoch);
      const data = changes.map(({ json }) => json);
      return { json: `{"data":[${data.join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}` };
    });
  }

  private async knownTopic(
    groupId: string,
    topicId: string,
    from: Server,
  ): Promise<{ readonly group: ToldGroup; readonly topic: string }> {
    const found = await this.store.topic(groupId, topicId, from);
    if (!found) throw unknownGroup(groupId);
    const { group, topic } = found;
    if (topic === null) throw unknownTopic(groupId, topicId);
    return { group, topic };
  }

  private async topicAsOf(json: string, instant: Date): Promise<string> {
    const topic: TopicAnswer = JSON.parse(json);
    const past = await this.log.asOf({ ...topic }, instant);
    if (past.kind === 'known') return JSON.stringify(past.topic);
    const { groupId, topicId } = topic;
    if (past.kind === 'unknown') throw unknownTopic(groupId, topicId, instant);
    throw new Problem(
      410,
      'HISTORY_GONE',
      `The changes of the topic ${JSON.stringify(topicId)} are not kept back to ${instant.toISOString()}.`,
    );
  }

  /** 304 by the group's row alone, for an asker who has an answer already. */
  private async unlessUnchanged(
    groupId: string,
    request: ReadRequest,
    wanted: Wanted,
    read: (from: Server) => Promise<Answer>,
  ): Promise<Answer> {
    return this.freshness.answer(wanted, async (from) => {
      if (request.ifNoneMatch === undefined) return read(from);
      if (asksForAny(request)) {
        const { etag } = await read(from);
        return { json: null, ...(etag !== undefined && { etag }) };
      }
      const etag = groupTag(await this.knownGroup(groupId, from), request);
      if (isNotModified(request, etag)) return { json: null, etag };
      return from === 'primary' ? read(from) : null;
    });
  }

  private async knownGroup(groupId: string, from: Server): Promise<ToldGroup> {
    const group = await this.store.group(groupId, from);
    if (group === null) throw unknownGroup(groupId);
    return group;
  }
}

/** Of the epoch as well: in another the same `seq` may stand for something else. */
function groupTag(group: ToldGroup, request: ReadRequest): string {
  const { seq, state, verifiedAt, staleSince, staleReason } = groupAnswer(group);
  return entityTag([group.epoch, seq, state, verifiedAt, staleSince, staleReason], request);
}

function unknownGroup(groupId: string): Problem {
  return new Problem(404, 'UNKNOWN_GROUP', `The mirror knows no group ${JSON.stringify(groupId)}.`);
}

function unknownTopic(groupId: string, topicId: string, asOf?: Date): Problem {
  const [group, topic] = [JSON.stringify(groupId), JSON.stringify(topicId)];
  return new Problem(
    404,
    'UNKNOWN_TOPIC',
    asOf === undefined
      ? `The mirror knows no topic ${topic} in the group ${group}.`
      : `The mirror knew no topic ${topic} in the group ${group} at ${asOf.toISOString()}.`,
  );
}
