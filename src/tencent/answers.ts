// The answers of the REST API in the mirror's words.
import { GROUP_GONE, TOPIC_GONE } from './error-codes.js';
import { differ, isToldInSpite } from './plausible.js';
import { id, integer, isWire, list, named, objects, text, unsigned64, type Wire } from './wire.js';

/** A point in time: whole microseconds since 1970. */
export type Micros = number;

/** What get_topic tells of a topic; a field it left out is absent. */
export interface TopicFacts {
  readonly name?: string;
  readonly type?: string;
  readonly ownerAccount?: string;
  readonly introduction?: string;
  readonly notification?: string;
  readonly faceUrl?: string;
  readonly customString?: string;
  readonly muteAllMember?: boolean;
  /** As the vendor sent it: `[{ "Key": …, "Value": … }]`. */
  readonly userDefinedDataList?: readonly unknown[];
}

export interface TopicAnswer {
  readonly topicId: string;
  readonly fields: TopicFacts;
  readonly createdAt: Micros | null;
}

/** An item that the vendor could not tell, with its code; `topicId` where it named one. */
export interface FailedTopic {
  readonly topicId: string | null;
  readonly vendorCode: number | null;
}

/**
 * The topics of a group. `askedAt`: when the question was sent, by this machine's clock. Only when
 * `isComplete` is a topic that is missing from `topics` one that does not exist.
 */
export interface TopicsAnswer {
  readonly kind: 'topics';
  readonly askedAt: Micros;
  readonly topics: readonly TopicAnswer[];
  readonly failed: readonly FailedTopic[];
  readonly isComplete: boolean;
  /** The answer has no list at all: an SDK may mean an empty one by that. Never complete. */
  readonly isListMissing?: true;
}

/** What get_topic can say of a group: its topics, or why there are none to tell. */
export type GroupTopics =
  | TopicsAnswer
  /** `without topics`: a community of which topics are not a part. `gone`: to be asked again by get_group_info. */
  | { readonly kind: 'without topics' | 'gone' | 'bad id'; readonly askedAt: Micros };

export interface GroupFacts {
  readonly name?: string;
  readonly type?: string;
  readonly ownerAccount?: string;
}

export type GroupAnswer =
  | {
      readonly kind: 'group';
      readonly groupId: string;
      readonly fields: GroupFacts;
      readonly createdAt: Micros | null;
    }
  | { readonly kind: 'gone'; readonly groupId: string }
  /** Not told this time; `vendorCode` is `null` when the answer lacked the group. */
  | { readonly kind: 'failed'; readonly groupId: string; readonly vendorCode: number | null };

export interface GroupPage {
  readonly groupIds: readonly string[];
  /** Ask for the next page with it; `0n`: that was the last. */
  readonly next: bigint;
  /** Groups of the asked type in the whole app, where the vendor told. */
  readonly total: number | null;
}

const MICROS_PER_SECOND = 1_000_000;

/**
 * Reads `TopicAndSelfInfo`. A topic that the vendor calls deleted is just not there; whatever else
 * could not be read or belongs to another group makes the answer incomplete.
 */
export function readTopics(answer: Wire, groupId: string, askedAt: Micros): TopicsAnswer {
  const topics = new Map<string, TopicAnswer>();
  const failed: FailedTopic[] = [];
  const seen = new Map<string, Wire>();
  const items = objects(answer, 'TopicAndSelfInfo');
  if (items === undefined) failed.push({ topicId: null, vendorCode: null });
  for (const item of items ?? []) {
    const info = isWire(item.TopicInfo) ? item.TopicInfo : {};
    const topicId = id(info, 'TopicId') ?? id(item, 'TopicId') ?? null;
    const vendorCode = item.ErrorCode === undefined ? 0 : (integer(item, 'ErrorCode') ?? null);
    if (vendorCode === TOPIC_GONE && !isToldInSpite(info, 'TopicName', 'CreateTime')) continue;
    const itsGroup = id(info, 'GroupID', 'GroupId') ?? groupId;
    const isOther = topicId !== null && differ(seen.get(topicId), info);
    if (vendorCode !== 0 || topicId === null || itsGroup !== groupId || isOther) {
      failed.push({ topicId, vendorCode });
    } else topics.set(topicId, readTopic(topicId, info));
    if (topicId !== null) seen.set(topicId, info);
  }
  return {
    kind: 'topics',
    askedAt,
    topics: [...topics.values()],
    failed,
    isComplete: failed.length === 0,
    ...(isAbsent(answer.TopicAndSelfInfo) ? { isListMissing: true } : {}),
  };
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function readTopic(topicId: string, info: Wire): TopicAnswer {
  return {
    topicId,
    createdAt: seconds(info, 'CreateTime'),
    fields: named({
      name: text(info, 'TopicName'),
      type: text(info, 'Type'),
      ownerAccount: text(info, 'Owner_Account'),
      introduction: text(info, 'Introduction'),
      notification: text(info, 'Notification'),
      faceUrl: text(info, 'FaceUrl'),
      customString: text(info, 'CustomString'),
      muteAllMember: isMuted(info),
      userDefinedDataList: list(info, 'UserDefinedDataList'),
    }),
  };
}

/** `MuteAllMember` is `On` or `Off`; older answers have the integer `ShutUpAllFlag` instead. */
function isMuted(info: Wire): boolean | undefined {
  const word = text(info, 'MuteAllMember')?.toLowerCase();
  if (word === 'on' || word === 'off') return word === 'on';
  const flag = integer(info, 'ShutUpAllFlag');
  return flag === undefined ? undefined : flag !== 0;
}

/** Reads `GroupInfo` of the groups that were asked for, one answer for each, in their order. */
export function readGroups(answer: Wire, groupIds: readonly string[]): GroupAnswer[] {
  const byId = new Map<string, Wire>();
  for (const item of objects(answer, 'GroupInfo') ?? []) {
    const groupId = id(item, 'GroupId');
    if (groupId === undefined) continue;
    byId.set(groupId, differ(byId.get(groupId), item) ? {} : item);
  }
  return groupIds.map((groupId) => readGroup(groupId, byId.get(groupId)));
}

function readGroup(groupId: string, item: Wire | undefined): GroupAnswer {
  // Without an id of its own: it was told twice, and differently.
  if (item?.GroupId === undefined) return { kind: 'failed', groupId, vendorCode: null };
  const vendorCode = integer(item, 'ErrorCode') ?? 0;
  const isTold = isToldInSpite(item, 'Type', 'Name', 'CreateTime');
  if (vendorCode === GROUP_GONE && !isTold) return { kind: 'gone', groupId };
  if (vendorCode !== 0) return { kind: 'failed', groupId, vendorCode };
  return {
    kind: 'group',
    groupId,
    createdAt: seconds(item, 'CreateTime'),
    fields: named({
      name: text(item, 'Name'),
      type: text(item, 'Type'),
      ownerAccount: text(item, 'Owner_Account'),
    }),
  };
}

/**
 * Reads a page of the app's groups; `null` when the list or `Next` is unreadable. Without a list there
 * is none to read, without `Next` there is no further page: the list only adds to what is known.
 */
export function readGroupPage(answer: Wire): GroupPage | null {
  const items = isAbsent(answer.GroupIdList) ? [] : objects(answer, 'GroupIdList');
  const groupIds = items?.map((item) => id(item, 'GroupId'));
  const next = isAbsent(answer.Next) ? 0n : unsigned64(answer, 'Next');
  if (!groupIds?.every((groupId) => groupId !== undefined) || next === undefined) return null;
  return { groupIds, next, total: integer(answer, 'TotalCount') ?? null };
}

/** A time in seconds; `0` and what is no time is nothing known. */
function seconds(wire: Wire, name: string): Micros | null {
  const value = integer(wire, name) ?? 0;
  return value > 0 ? value * MICROS_PER_SECOND : null;
}
