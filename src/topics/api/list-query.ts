// The list grammar: what the parameters of a list ask for. Pure.
import { Problem } from '../../http/problem.js';
import { invalidCursor } from './cursor.js';
import {
  type Place,
  readGroupsCursor,
  readHistoryCursor,
  readTopicsCursor,
} from './list-cursors.js';
import {
  areShort,
  DEFAULT_LIMIT,
  type Filters,
  type GroupFilters,
  type GroupOrder,
  type GroupPlace,
  MAX_FILTER_BYTES,
  type Order,
} from './list-parameters.js';
import type { GroupListQueryDto, HistoryQueryDto, TopicListQueryDto } from './dto/query.dto.js';
import { RESPONSE_FIELDS, type ResponseField } from './responses.js';

/** A request for a page of groups. */
export interface GroupListQuery {
  readonly limit: number;
  readonly order: GroupOrder;
  readonly filters: GroupFilters;
  /** The group after which the page begins. */
  readonly after: GroupPlace | null;
  readonly minSeq: number | undefined;
}

/** A request for a page of topics. */
export interface TopicListQuery {
  readonly limit: number;
  readonly order: Order;
  readonly fields: readonly ResponseField[];
  readonly filters: Filters;
  /** The row after which the page begins. */
  readonly after: Place | null;
  readonly minSeq: number | undefined;
}

/**
 * Reads the query of a list of groups. Order and filters of a cursor hold where they are not given.
 * @throws Problem 400 as `readTopicListQuery`.
 */
export function readGroupListQuery(
  query: GroupListQueryDto,
  decode: (cursor: string) => unknown,
): GroupListQuery {
  const { limit = DEFAULT_LIMIT, cursor, sort, state, q, minSeq } = query;
  const filters = withoutAbsent({ state, q });
  if (!areShort(filters)) throw filtersTooLong(['q']);
  if (cursor === undefined) {
    return { limit, order: sort ?? 'groupId', filters, after: null, minSeq };
  }
  const { order, filters: filtersBefore, after } = readGroupsCursor(decode(cursor));
  const isOther = (sort !== undefined && sort !== order) || !agrees(filters, filtersBefore);
  if (isOther) throw invalidCursor();
  return { limit, order, filters: filtersBefore, after, minSeq };
}

/** A request for a page of the history of a topic. */
export interface HistoryQuery {
  readonly limit: number;
  /** The `seq` before which the page begins; `null`: at the newest change. */
  readonly before: number | null;
  readonly minSeq: number | undefined;
}

/** @throws Problem 400 for what is not allowed, and for a cursor of another list. */
export function readHistoryQuery(
  query: HistoryQueryDto,
  scope: string,
  decode: (cursor: string) => unknown,
): HistoryQuery {
  const { limit = DEFAULT_LIMIT, cursor, minSeq } = query;
  const before = cursor === undefined ? null : readHistoryCursor(decode(cursor), scope);
  return { limit, before, minSeq };
}

/**
 * Reads the query of a list of topics. Order and filters of a cursor hold where they are not given.
 * @throws Problem 400 for what is not allowed, for a cursor of another list, and for one that was
 *   made with another order or other filters than those given beside it.
 */
export function readTopicListQuery(
  query: TopicListQueryDto,
  scope: string,
  decode: (cursor: string) => unknown,
): TopicListQuery {
  const { limit = DEFAULT_LIMIT, cursor, sort, fields = RESPONSE_FIELDS, minSeq } = query;
  const {
    name,
    q,
    ownerAccount,
    operatorAccount,
    deleted,
    updatedSince,
    'custom.': custom,
  } = query;
  const filters = withoutAbsent({
    name,
    q,
    ownerAccount,
    operatorAccount,
    deleted: deleted ?? (cursor === undefined ? 'exclude' : undefined),
    updatedSince: updatedSince?.toISOString(),
    custom: custom?.toSorted(byText),
  });
  if (!areShort(filters)) throw filtersTooLong(namesOf(filters));
  if (cursor === undefined) {
    return { limit, order: sort ?? 'topicId', fields, filters, after: null, minSeq };
  }
  const { order, filters: filtersBefore, after } = readTopicsCursor(decode(cursor), scope);
  const isOther = (sort !== undefined && sort !== order) || !agrees(filters, filtersBefore);
  if (isOther) throw invalidCursor();
  return { limit, order, fields, filters: filtersBefore, after, minSeq };
}

/** Whether each filter that is given is also that of the cursor. */
function agrees(given: object, before: object): boolean {
  const all: Readonly<Record<string, unknown>> = { ...before };
  return Object.entries(given).every(
    ([name, value]) => JSON.stringify(value) === JSON.stringify(all[name]),
  );
}

function namesOf(filters: Filters): string[] {
  return Object.keys(filters).flatMap((name) =>
    name === 'custom' ? (filters.custom ?? []).map(([key]) => `custom.${key}`) : [name],
  );
}

function filtersTooLong(names: readonly string[]): Problem {
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
