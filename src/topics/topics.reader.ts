import { Injectable } from '@nestjs/common';
import { Problem } from '../http/problem.js';
import { decodeCursor, encodeCursor, type Page, type PageQuery, toPage } from './page.js';
import { TopicListsStore } from './topic-lists.store.js';
import { type GroupAnswer, groupAnswer, type TopicAnswer, topicAnswer } from './views.js';

/** A page of topics together with the group they belong to, which tells how fresh they are. */
export interface TopicsOfGroup extends Page<TopicAnswer> {
  readonly group: GroupAnswer;
}

/** Answers the questions of the query API. Unknown ids are a Problem 404. */
@Injectable()
export class TopicsReader {
  constructor(private readonly store: TopicListsStore) {}

  async groups({ limit, cursor }: PageQuery): Promise<Page<GroupAnswer>> {
    const key = decodeCursor('groups', cursor);
    const rows = await this.store.groups({ key, count: limit + 1 });
    return toPage(rows.map(groupAnswer), limit, (last) => encodeCursor('groups', last.groupId));
  }

  async group(groupId: string): Promise<GroupAnswer> {
    const row = await this.store.group(groupId);
    if (!row) throw unknownGroup(groupId);
    return groupAnswer(row);
  }

  async topicsOf(groupId: string, { limit, cursor }: PageQuery): Promise<TopicsOfGroup> {
    const scope = `topics ${groupId}`;
    const key = decodeCursor(scope, cursor);
    const found = await this.store.topicsOf(groupId, { key, count: limit + 1 });
    if (!found) throw unknownGroup(groupId);
    const topics = found.topics.map(topicAnswer);
    return {
      ...toPage(topics, limit, (last) => encodeCursor(scope, last.topicId)),
      group: groupAnswer(found.group),
    };
  }

  async topic(groupId: string, topicId: string): Promise<TopicAnswer> {
    const row = await this.store.topic(groupId, topicId);
    if (row) return topicAnswer(row);
    if (!(await this.store.group(groupId))) throw unknownGroup(groupId);
    throw new Problem(
      404,
      'UNKNOWN_TOPIC',
      `The mirror knows no topic ${JSON.stringify(topicId)} in the group ${JSON.stringify(groupId)}.`,
    );
  }
}

function unknownGroup(groupId: string): Problem {
  return new Problem(404, 'UNKNOWN_GROUP', `The mirror knows no group ${JSON.stringify(groupId)}.`);
}
