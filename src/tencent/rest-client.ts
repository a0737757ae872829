import {
  type VendorGroup,
  type GroupPage,
  type GroupTopics,
  type Micros,
  readGroupPage,
  readGroups,
  readTopics,
  type VendorTopics,
} from './answers.js';
import {
  ANSWER_TOO_LARGE,
  BAD_GROUP_ID,
  GROUP_MISSING,
  TOPIC_MISSING,
  WITHOUT_TOPICS,
} from './error-codes.js';
import { VendorCallError } from './errors.js';
import type { Command } from './rate-limiter.js';
import { type CallObserver, type RestAnswer, RestCaller, type RestOptions } from './rest-call.js';

/** Groups that one get_group_info may name. */
export const GROUPS_PER_CALL = 50;
// A topic's texts are at most 3,670 bytes, so that many stay far below the vendor's 1 MB.
const TOPICS_PER_CALL = 50;
const GROUPS_PER_PAGE = 1_000;

export interface PageRequest {
  /** `0n` for the first page, then the value in the page before. */
  readonly next: bigint;
  /** Most groups of the page; at most 10,000. */
  readonly limit?: number;
}

/**
 * The read side of the vendor's REST API in the mirror's words. Every method throws
 * VendorAlarmError when no call can work until a setting is corrected, VendorUnavailableError when
 * retries did not help, VendorCallError when this call cannot succeed, and the signal's reason.
 * Source: documents 1047/49469 (topics), /34960 (list of groups), /34961 (groups).
 */
export class RestClient {
  private readonly caller: RestCaller;

  constructor(private readonly options: RestOptions) {
    this.caller = new RestCaller(options);
  }

  /** How far this machine's clock is ahead of the vendor's, as of the last answer. Whole seconds. */
  get clockSkewMs(): number | null {
    return this.caller.clockSkewMs;
  }

  observe(observer: CallObserver): void {
    this.caller.observe(observer);
  }

  /** All topics of a group. A response over 1 MB is requested again in parts. */
  async getTopics(groupId: string, signal?: AbortSignal): Promise<GroupTopics> {
    const answer = await this.askTopics(groupId, {}, signal);
    switch (answer.code) {
      case 0:
        return readTopics(answer.wire, groupId, answer.requestedAt);
      case ANSWER_TOO_LARGE:
        return this.getTopicsInParts(groupId, signal);
      case WITHOUT_TOPICS:
        return { kind: 'without topics', requestedAt: answer.requestedAt };
      case BAD_GROUP_ID:
        return { kind: 'bad id', requestedAt: answer.requestedAt };
      case GROUP_MISSING:
        return { kind: 'gone', requestedAt: answer.requestedAt };
      default:
        throw unexpected('get_topic', answer);
    }
  }

  /** Type, name, owner and date of groups: one answer for each, in their order. */
  async getGroups(groupIds: readonly string[], signal?: AbortSignal): Promise<VendorGroup[]> {
    const answers: VendorGroup[] = [];
    for (const part of parts(groupIds, GROUPS_PER_CALL)) {
      answers.push(...(await this.getGroupsOnce(part, signal)));
    }
    return answers;
  }

  /** One page of the app's communities. A page over 1 MB is requested again at half the size. */
  async listCommunities(request: PageRequest, signal?: AbortSignal): Promise<GroupPage> {
    const limit = request.limit ?? GROUPS_PER_PAGE;
    // By hand: a double does not hold every Next.
    const body = `{"GroupType":"Community","Limit":${limit},"Next":${request.next}}`;
    const answer = await this.caller.call('get_appid_group_list', body, signal);
    if (answer.code === ANSWER_TOO_LARGE && limit > 1) {
      return this.listCommunities({ ...request, limit: limit >> 1 }, signal);
    }
    const page = answer.code === 0 ? readGroupPage(answer.wire) : null;
    if (page === null) throw unexpected('get_appid_group_list', answer);
    return page;
  }

  /** The ids first, then the topics in portions: complete when every portion is. */
  private async getTopicsInParts(groupId: string, signal?: AbortSignal): Promise<VendorTopics> {
    const filter = { ResponseFilter: ['TopicId'] };
    const listed = await this.askTopics(groupId, filter, signal);
    if (listed.code !== 0) throw unexpected('get_topic', listed);
    const ids = readTopics(listed.wire, groupId, listed.requestedAt);
    const answers: VendorTopics[] = [{ ...ids, topics: [] }];
    const topicIds = ids.topics.map((topic) => topic.topicId);
    for (const part of parts(topicIds, TOPICS_PER_CALL)) {
      answers.push(...(await this.getPortion(groupId, part, listed.requestedAt, signal)));
    }
    return joined(listed.requestedAt, answers);
  }

  /** Topics by their ids. A portion over 1 MB is requested again in halves. */
  private async getPortion(
    groupId: string,
    topicIds: readonly string[],
    requestedAt: Micros,
    signal: AbortSignal | undefined,
  ): Promise<VendorTopics[]> {
    const answer = await this.askTopics(groupId, { TopicIdList: topicIds }, signal);
    if (answer.code === ANSWER_TOO_LARGE && topicIds.length > 1) {
      const half = topicIds.length >> 1;
      const halves = [topicIds.slice(0, half), topicIds.slice(half)];
      const answers: VendorTopics[] = [];
      for (const part of halves) {
        answers.push(...(await this.getPortion(groupId, part, requestedAt, signal)));
      }
      return answers;
    }
    // The last topic of a portion may have been deleted since.
    if (answer.code === TOPIC_MISSING) return [];
    if (answer.code !== 0) throw unexpected('get_topic', answer);
    return [readTopics(answer.wire, groupId, requestedAt)];
  }

  private askTopics(
    groupId: string,
    more: Record<string, unknown>,
    signal?: AbortSignal,
  ): Promise<RestAnswer> {
    const { userId } = this.options.account;
    const body = JSON.stringify({ GroupId: groupId, From_Account: userId, ...more });
    return this.caller.call('get_topic', body, signal);
  }

  private async getGroupsOnce(
    groupIds: readonly string[],
    signal?: AbortSignal,
  ): Promise<VendorGroup[]> {
    // Without a filter the members come too.
    const filter = { GroupBaseInfoFilter: ['Type', 'Name', 'Owner_Account', 'CreateTime'] };
    const body = JSON.stringify({ GroupIdList: groupIds, ResponseFilter: filter });
    const answer = await this.caller.call('get_group_info', body, signal);
    if (answer.code === 0) return readGroups(answer.wire, groupIds);
    const [groupId, ...others] = groupIds;
    if (answer.code === GROUP_MISSING && groupId !== undefined && others.length === 0) {
      return [{ kind: 'gone', groupId }];
    }
    throw unexpected('get_group_info', answer);
  }
}

function joined(requestedAt: Micros, answers: readonly VendorTopics[]): VendorTopics {
  return {
    kind: 'topics',
    requestedAt,
    topics: answers.flatMap((answer) => answer.topics),
    failed: answers.flatMap((answer) => answer.failed),
    isComplete: answers.every((answer) => answer.isComplete),
  };
}

function* parts<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

function unexpected(command: Command, { code }: RestAnswer): VendorCallError {
  return new VendorCallError(command, code, `an answer that cannot be read (error code ${code})`);
}
