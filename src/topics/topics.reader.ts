import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { History } from '../changes/history.js';
import { readParameters } from '../http/parameters.js';
import { Problem } from '../http/problem.js';
import { type Answer, entityTag, isNotModified, type ReadRequest } from '../http/read-request.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { MIN_SEQ, TOPIC_PARAMETERS } from './list-parameters.js';
import {
  cursorOfGroups,
  cursorOfTopics,
  readGroupListQuery,
  readHistoryQuery,
  readTopicListQuery,
} from './list-query.js';
import { TopicListsStore } from './topic-lists.store.js';
import { type GroupAnswer, groupAnswer, type ToldGroup, type TopicAnswer } from './views.js';

// How long a reader waits for the `seq` it has seen elsewhere, and how often it looks.
const MIN_SEQ_PATIENCE_MS = 1_000;
const MIN_SEQ_INTERVAL_MS = 50;

/** Answers the questions of the query API. Unknown ids are a Problem 404. */
@Injectable()
export class TopicsReader {
  constructor(
    private readonly store: TopicListsStore,
    private readonly log: History,
  ) {}

  async listGroups(request: ReadRequest): Promise<Answer> {
    const secret = await this.store.cursorSecret();
    const { limit, after, minSeq } = readGroupListQuery(request.query, (cursor) =>
      decodeCursor(cursor, secret),
    );
    await this.reach(minSeq);
    const rows = await this.store.groups(after, limit + 1);
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const nextCursor = last ? encodeCursor(cursorOfGroups(last.group_id), secret) : null;
    return { json: JSON.stringify({ data: rows.slice(0, limit).map(groupAnswer), nextCursor }) };
  }

  async group(groupId: string, request: ReadRequest): Promise<Answer> {
    await this.reach(readParameters(request.query, MIN_SEQ).given.minSeq);
    const group = groupAnswer(await this.knownGroup(groupId));
    const etag = groupTag(group, request);
    if (isNotModified(request, etag)) return { json: null, etag };
    return { json: JSON.stringify(group), etag };
  }

  async topicsOf(groupId: string, request: ReadRequest): Promise<Answer> {
    const scope = JSON.stringify(['topics', groupId]);
    const secret = await this.store.cursorSecret();
    const query = readTopicListQuery(request.query, scope, (cursor) =>
      decodeCursor(cursor, secret),
    );
    await this.reach(query.minSeq);
    const unchanged = await this.unchanged(groupId, request);
    if (unchanged) return unchanged;

    const found = await this.store.topicsOf(groupId, query);
    if (!found) throw unknownGroup(groupId);
    const { page } = found;
    const group = groupAnswer(found.group);
    const nextCursor = page.next && encodeCursor(cursorOfTopics(scope, query, page.next), secret);
    const told = JSON.stringify(group);
    return {
      json: `{"data":[${page.data}],"nextCursor":${JSON.stringify(nextCursor)},"group":${told}}`,
      etag: groupTag(group, request),
    };
  }

  async listTopics(request: ReadRequest): Promise<Answer> {
    const secret = await this.store.cursorSecret();
    const query = readTopicListQuery(request.query, 'topics', (cursor) =>
      decodeCursor(cursor, secret),
    );
    await this.reach(query.minSeq);
    const { data, next } = await this.store.topics(query);
    const nextCursor = next && encodeCursor(cursorOfTopics('topics', query, next), secret);
    return { json: `{"data":[${data}],"nextCursor":${JSON.stringify(nextCursor)}}` };
  }

  async topic(groupId: string, topicId: string, request: ReadRequest): Promise<Answer> {
    const { minSeq, asOf } = readParameters(request.query, TOPIC_PARAMETERS).given;
    await this.reach(minSeq);
    const unchanged = await this.unchanged(groupId, request);
    if (unchanged) return unchanged;

    const { group, topic } = await this.knownTopic(groupId, topicId);
    const json = asOf === undefined ? topic : await this.topicAsOf(topic, asOf);
    return { json, etag: groupTag(groupAnswer(group), request) };
  }

  async history(groupId: string, topicId: string, request: ReadRequest): Promise<Answer> {
    const scope = JSON.stringify(['history', groupId, topicId]);
    const secret = await this.store.cursorSecret();
    const { limit, before, minSeq } = readHistoryQuery(request.query, scope, (cursor) =>
      decodeCursor(cursor, secret),
    );
    await this.reach(minSeq);
    const found = await this.log.changes(groupId, topicId, { before, count: limit + 1 });
    if (found.length === 0) await this.knownTopic(groupId, topicId);
    const last = found.length > limit ? found[limit - 1] : undefined;
    const nextCursor = last ? encodeCursor({ scope, before: last.seq }, secret) : null;
    const data = found.slice(0, limit).map(({ json }) => json);
    return { json: `{"data":[${data.join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}` };
  }

  private async knownTopic(
    groupId: string,
    topicId: string,
  ): Promise<{ readonly group: ToldGroup; readonly topic: string }> {
    const found = await this.store.topic(groupId, topicId);
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
  private async unchanged(groupId: string, request: ReadRequest): Promise<Answer | null> {
    if (request.ifNoneMatch === undefined) return null;
    const etag = groupTag(groupAnswer(await this.knownGroup(groupId)), request);
    return isNotModified(request, etag) ? { json: null, etag } : null;
  }

  private async knownGroup(groupId: string): Promise<ToldGroup> {
    const group = await this.store.group(groupId);
    if (group === null) throw unknownGroup(groupId);
    return group;
  }

  /**
   * Waits until the mirror has `minSeq`.
   * @throws Problem 503 when that takes too long.
   */
  private async reach(minSeq: number | undefined): Promise<void> {
    if (minSeq === undefined) return;
    const deadline = performance.now() + MIN_SEQ_PATIENCE_MS;
    while ((await this.store.lastSeq()) < minSeq) {
      if (performance.now() > deadline) throw notYet(minSeq);
      await sleep(MIN_SEQ_INTERVAL_MS);
    }
  }
}

function groupTag({ seq, state, verifiedAt }: GroupAnswer, request: ReadRequest): string {
  return entityTag([seq, state, verifiedAt], request);
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

function notYet(minSeq: number): Problem {
  return new Problem(503, 'SEQ_NOT_REACHED', `The mirror has not come to seq ${minSeq} yet.`, {
    retryAfterSeconds: 1,
  });
}
