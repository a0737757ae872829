// The list grammar: what the parameters of a list ask for. Pure.
import { readParameters } from '../http/parameters.js';
import { Problem } from '../http/problem.js';
import { foreignCursor } from './cursor.js';
import {
  CUSTOM_FIELDS,
  DEFAULT_LIMIT,
  type DELETED,
  MAX_FILTER_BYTES,
  type Order,
  PAGE_PARAMETERS,
  TOPIC_LIST_PARAMETERS,
} from './list-parameters.js';
import { TOPIC_FIELDS, type TopicField } from './views.js';

/** What narrows a list of topics; absent: nothing. */
export interface Filters {
  readonly name?: string;
  readonly q?: string;
  readonly ownerAccount?: string;
  readonly operatorAccount?: string;
  readonly deleted?: (typeof DELETED)[number];
  /** ISO 8601, UTC. */
  readonly updatedSince?: string;
  readonly custom?: readonly (readonly [key: string, value: string])[];
}

/** The place of a row in its list: sort key, topic, group. */
export type Place = readonly [key: string, topicId: string, groupId: string];

/** One page of groups that is asked for. */
export interface GroupListQuery {
  readonly limit: number;
  /** The id after which the page begins; the empty text is smaller than every id. */
  readonly after: string;
  readonly minSeq: number | undefined;
}

/** One page of topics that is asked for. */
export interface TopicListQuery {
  readonly limit: number;
  readonly order: Order;
  readonly fields: readonly TopicField[];
  readonly filters: Filters;
  /** The row after which the page begins. */
  readonly after: Place | null;
  readonly minSeq: number | undefined;
}

/** What the cursor of a list of topics carries; `scope` names the list. */
interface CursorOfTopics {
  readonly scope: string;
  readonly order: Order;
  readonly filters: Filters;
  readonly after: Place;
}

const GROUPS = 'groups';
/** The scope of the list over all groups. */
export const ALL_TOPICS = 'topics';

/** @throws Problem 400 for what is not allowed, and for a cursor of another list. */
export function readGroupListQuery(
  query: unknown,
  decode: (cursor: string) => unknown,
): GroupListQuery {
  const { limit = DEFAULT_LIMIT, cursor, minSeq } = readParameters(query, PAGE_PARAMETERS).given;
  if (cursor === undefined) return { limit, after: '', minSeq };
  const carried = decode(cursor);
  const isOurs = isOfScope(carried, GROUPS) && 'after' in carried;
  if (!isOurs || typeof carried.after !== 'string') throw foreignCursor();
  return { limit, after: carried.after, minSeq };
}

export function cursorOfGroups(after: string): unknown {
  return { scope: GROUPS, after };
}

/** One page of the history of a topic that is asked for. */
export interface HistoryQuery {
  readonly limit: number;
  /** The `seq` before which the page begins; `null`: at the newest change. */
  readonly before: number | null;
  readonly minSeq: number | undefined;
}

/** @throws Problem 400 for what is not allowed, and for a cursor of another list. */
export function readHistoryQuery(
  query: unknown,
  scope: string,
  decode: (cursor: string) => unknown,
): HistoryQuery {
  const { limit = DEFAULT_LIMIT, cursor, minSeq } = readParameters(query, PAGE_PARAMETERS).given;
  if (cursor === undefined) return { limit, before: null, minSeq };
  const carried = decode(cursor);
  const isOurs = isOfScope(carried, scope) && 'before' in carried;
  if (!isOurs || typeof carried.before !== 'number') throw foreignCursor();
  return { limit, before: carried.before, minSeq };
}

/**
 * Reads the query of a list of topics. Order and filters of a cursor hold where they are not given.
 * @throws Problem 400 for what is not allowed, for a cursor of another list, and for one that was
 *   made with another order or other filters than those given beside it.
 */
export function readTopicListQuery(
  query: unknown,
  scope: string,
  decode: (cursor: string) => unknown,
): TopicListQuery {
  const { given, family } = readParameters(query, TOPIC_LIST_PARAMETERS, CUSTOM_FIELDS);
  const { limit = DEFAULT_LIMIT, cursor, sort, fields = TOPIC_FIELDS, minSeq } = given;
  const { name, q, ownerAccount, operatorAccount, deleted, updatedSince } = given;
  const filters = withoutAbsent({
    name,
    q,
    ownerAccount,
    operatorAccount,
    deleted: deleted ?? (cursor === undefined ? 'exclude' : undefined),
    updatedSince: updatedSince?.toISOString(),
    custom: family.length > 0 ? family.toSorted(byText) : undefined,
  });
  if (Buffer.byteLength(JSON.stringify(filters)) > MAX_FILTER_BYTES) throw filtersTooLong(filters);
  if (cursor === undefined) {
    return { limit, order: sort ?? 'topicId', fields, filters, after: null, minSeq };
  }
  const carried = decode(cursor);
  if (!isCursorOfTopics(carried, scope)) throw foreignCursor();
  const isOther =
    (sort !== undefined && sort !== carried.order) || !agrees(filters, carried.filters);
  if (isOther) throw foreignCursor();
  const { order, after } = carried;
  return { limit, order, fields, filters: carried.filters, after, minSeq };
}

export function cursorOfTopics(
  scope: string,
  { order, filters }: TopicListQuery,
  after: Place,
): CursorOfTopics {
  const [key, topicId, groupId] = after;
  // Where the scope names the group, the place need not.
  return { scope, order, filters, after: [key, topicId, scope === ALL_TOPICS ? groupId : ''] };
}

/** A cursor is signed: its form is the one it was made with, for the list that it names. */
function isCursorOfTopics(carried: unknown, scope: string): carried is CursorOfTopics {
  return isOfScope(carried, scope) && 'filters' in carried;
}

function isOfScope(carried: unknown, scope: string): carried is { scope: string } {
  return (
    typeof carried === 'object' && carried !== null && 'scope' in carried && carried.scope === scope
  );
}

/** Whether each filter that is given is the one carried. */
function agrees(given: Filters, carried: Filters): boolean {
  const all: Readonly<Record<string, unknown>> = { ...carried };
  return Object.entries(given).every(
    ([name, value]) => JSON.stringify(value) === JSON.stringify(all[name]),
  );
}

function filtersTooLong(filters: Filters): Problem {
  const names = Object.entries(filters).flatMap(([name, value]) =>
    name === 'custom' ? (filters.custom ?? []).map(([key]) => `custom.${key}`) : [value && name],
  );
  return new Problem(
    400,
    'INVALID_PARAMETER',
    `The parameters ${names.map((name) => JSON.stringify(name)).join(', ')} together must not be longer than ${MAX_FILTER_BYTES} bytes, written as JSON.`,
  );
}

function byText(a: readonly [string, string], b: readonly [string, string]): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

function withoutAbsent<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
