// The answers of the REST API in the mirror's words.
import type { GroupFields, TopicFields } from '../topics/domain/fields.js';
import { GROUP_MISSING, TOPIC_MISSING } from './error-codes.js';
import { differ, hasData } from './plausible.js';
import { type Field, FIELDS, groupFields, has, plausibleMs, read, topicFields } from './fields.js';
import type { Wire } from './wire.js';

/** A point in time: whole microseconds since 1970. */
export type Micros = number;

export interface VendorTopic {
  readonly topicId: string;
  /** A field that the answer left out is absent. */
  readonly fields: Partial<TopicFields>;
  readonly createdAt: Micros | null;
}

/** An item that the vendor could not tell, with its code; `topicId` where it named one. */
export interface FailedTopic {
  readonly topicId: string | null;
  readonly vendorCode: number | null;
}

/**
 * The topics of a group. `requestedAt`: when the question was sent, by this machine's clock. Only when
 * `isComplete` is a topic that is missing from `topics` one that does not exist.
 */
export interface VendorTopics {
  readonly kind: 'topics';
  readonly requestedAt: Micros;
  readonly topics: readonly VendorTopic[];
  readonly failed: readonly FailedTopic[];
  readonly isComplete: boolean;
  /** The answer has no list at all: an SDK may mean an empty one by that. Never complete. */
  readonly isListMissing?: true;
}

/** What get_topic can say of a group: its topics, or why there are none to tell. */
export type GroupTopics =
  | VendorTopics
  /** `without topics`: a community of which topics are not a part. `gone`: to be confirmed by get_group_info. */
  | { readonly kind: 'without topics' | 'gone' | 'bad id'; readonly requestedAt: Micros };

export type VendorGroup =
  | {
      readonly kind: 'group';
      readonly groupId: string;
      readonly fields: Partial<GroupFields>;
      readonly createdAt: Micros | null;
    }
  | { readonly kind: 'gone'; readonly groupId: string }
  /** No information this time; `vendorCode` is `null` when the answer lacked the group. */
  | { readonly kind: 'failed'; readonly groupId: string; readonly vendorCode: number | null };

export interface GroupPage {
  readonly groupIds: readonly string[];
  /** Ask for the next page with it; `0n`: that was the last. */
  readonly next: bigint;
  /** Groups of the requested type in the whole app, where the vendor says so. */
  readonly total: number | null;
}

const MICROS_PER_MS = 1_000;
// The clock of this machine may be wrong, but not by more.
const MAX_AHEAD_MS = 86_400_000;

/**
 * Reads the list of get_topic. A topic that the vendor calls deleted is just not there; whatever else
 * could not be read or belongs to another group makes the answer incomplete.
 */
export function readTopics(answer: Wire, groupId: string, requestedAt: Micros): VendorTopics {
  const topics = new Map<string, VendorTopic>();
  const failed: FailedTopic[] = [];
  const seen = new Map<string, Wire>();
  const items = read(answer, FIELDS.topics);
  if (items === undefined) failed.push({ topicId: null, vendorCode: null });
  for (const item of items ?? []) {
    const info = read(item, FIELDS.topicInfo) ?? {};
    const topicId = id(info, FIELDS.topicId) ?? id(item, FIELDS.topicId) ?? null;
    const hasCode = has(item, FIELDS.errorCode);
    const vendorCode = hasCode ? (read(item, FIELDS.errorCode) ?? null) : 0;
    if (vendorCode === TOPIC_MISSING && !hasData(info, FIELDS.name, FIELDS.createdAt)) continue;
    const itsGroup = id(info, FIELDS.groupId) ?? groupId;
    const isOther = topicId !== null && differ(seen.get(topicId), info);
    if (vendorCode !== 0 || topicId === null || itsGroup !== groupId || isOther) {
      failed.push({ topicId, vendorCode });
    } else topics.set(topicId, readTopic(topicId, info));
    if (topicId !== null) seen.set(topicId, info);
  }
  return {
    kind: 'topics',
    requestedAt,
    topics: [...topics.values()],
    failed,
    isComplete: failed.length === 0,
    ...(has(answer, FIELDS.topics) ? {} : { isListMissing: true }),
  };
}

function readTopic(topicId: string, info: Wire): VendorTopic {
  return { topicId, createdAt: createdAt(info), fields: topicFields(info) };
}

/** Reads the requested groups, one result for each, in their order. */
export function readGroups(answer: Wire, groupIds: readonly string[]): VendorGroup[] {
  const byId = new Map<string, Wire>();
  for (const item of read(answer, FIELDS.groups) ?? []) {
    const groupId = id(item, FIELDS.groupId);
    if (groupId === undefined) continue;
    byId.set(groupId, differ(byId.get(groupId), item) ? {} : item);
  }
  return groupIds.map((groupId) => readGroup(groupId, byId.get(groupId)));
}

function readGroup(groupId: string, item: Wire | undefined): VendorGroup {
  // Without an id of its own: it was listed twice, and differently.
  if (item === undefined || !has(item, FIELDS.groupId)) {
    return { kind: 'failed', groupId, vendorCode: null };
  }
  const vendorCode = read(item, FIELDS.errorCode) ?? 0;
  const hasFields = hasData(item, FIELDS.type, FIELDS.name, FIELDS.createdAt);
  if (vendorCode === GROUP_MISSING && !hasFields) return { kind: 'gone', groupId };
  if (vendorCode !== 0) return { kind: 'failed', groupId, vendorCode };
  return { kind: 'group', groupId, createdAt: createdAt(item), fields: groupFields(item) };
}

/**
 * Reads a page of the app's groups; `null` when the list or `Next` is unreadable. Without a list there
 * is none to read, without `Next` there is no further page: the list only adds to what is known.
 */
export function readGroupPage(answer: Wire): GroupPage | null {
  const items = has(answer, FIELDS.groupIds) ? read(answer, FIELDS.groupIds) : [];
  const groupIds = items?.map((item) => id(item, FIELDS.groupId));
  const next = has(answer, FIELDS.next) ? read(answer, FIELDS.next) : 0n;
  if (!groupIds?.every((groupId) => groupId !== undefined) || next === undefined) return null;
  return { groupIds, next, total: read(answer, FIELDS.totalCount) ?? null };
}

/** An id; `undefined` when it is absent or empty. */
function id(wire: Wire, field: Field<string>): string | undefined {
  return read(wire, field) || undefined;
}

/** When it was made; `null` when the vendor does not say so, or what cannot be. */
function createdAt(wire: Wire): Micros | null {
  const ms = plausibleMs(read(wire, FIELDS.createdAt), Date.now() + MAX_AHEAD_MS);
  return ms === undefined ? null : ms * MICROS_PER_MS;
}
