// The list grammar: which parameters a list takes, and what they ask for. Pure.
import {
  anyText,
  type Family,
  instant,
  oneOf,
  type ParameterTable,
  readParameters,
  someOf,
  wholeNumber,
} from '../http/parameters.js';
import { foreignCursor } from './cursor.js';
import { TOPIC_FIELDS, type TopicField } from './views.js';

export const DEFAULT_LIMIT = 100;
export const MAX_LIMIT = 500;

export const SORTS = ['topicId', 'name', 'createdAt', 'updatedAt'] as const;
export type SortField = (typeof SORTS)[number];
const ORDERS = SORTS.flatMap((field) => [field, `-${field}`] as const);
export type Order = (typeof ORDERS)[number];

const DELETED = ['exclude', 'include', 'only'] as const;

export const MIN_SEQ = {
  minSeq: {
    description:
      'Answer from a state that has this `seq`: waits a moment for it, then answers 503 with `Retry-After`.',
    schema: { type: 'integer', minimum: 0 },
    example: 1,
    parse: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  },
} as const satisfies ParameterTable;

export const PAGE_PARAMETERS = {
  limit: {
    description: 'How many items a page holds at most.',
    schema: { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT },
    example: 50,
    parse: wholeNumber(1, MAX_LIMIT),
  },
  cursor: {
    description:
      'Where to go on: the `nextCursor` of the page before. It carries order and filters of its list; they need not be repeated, and cannot be changed on the way.',
    schema: { type: 'string' },
    parse: anyText,
  },
  ...MIN_SEQ,
} as const satisfies ParameterTable;

export const TOPIC_PARAMETERS = {
  ...MIN_SEQ,
  asOf: {
    description: 'The topic as the mirror had it at this instant, as far back as changes are kept.',
    schema: { type: 'string', format: 'date-time' },
    parse: instant,
  },
} as const satisfies ParameterTable;

export const TOPIC_LIST_PARAMETERS = {
  ...PAGE_PARAMETERS,
  sort: {
    description:
      'Order of the list, `-` first for descending. Texts are ordered by code point, names by their first 256 characters; what is not known stands after everything that is.',
    schema: { type: 'string', enum: ORDERS, default: 'topicId' },
    example: '-updatedAt',
    parse: oneOf(ORDERS),
  },
  fields: {
    description: 'Only these fields of each topic, comma-separated.',
    schema: { type: 'string' },
    example: 'topicId,name',
    parse: someOf(TOPIC_FIELDS),
  },
  name: {
    description: 'Topics of exactly this name.',
    schema: { type: 'string' },
    example: 'MyFirstTopic',
    parse: anyText,
  },
  q: {
    description:
      'Topics whose name contains this text, in upper or lower case. A page looks through 10,000 topics at most; it can then hold less than `limit`, even nothing, and still have a `nextCursor`.',
    schema: { type: 'string', minLength: 1 },
    example: 'first',
    parse: notEmpty,
  },
  ownerAccount: {
    description: 'Topics of this owner.',
    schema: { type: 'string' },
    example: 'leckie',
    parse: anyText,
  },
  operatorAccount: {
    description: 'Topics last touched by this operator.',
    schema: { type: 'string' },
    example: 'group_root',
    parse: anyText,
  },
  deleted: {
    description: 'Whether deleted topics are left out, listed too, or listed alone.',
    schema: { type: 'string', enum: DELETED, default: 'exclude' },
    example: 'include',
    parse: oneOf(DELETED),
  },
  updatedSince: {
    description: 'Topics whose `updatedAt` is this instant or later.',
    schema: { type: 'string', format: 'date-time' },
    example: '2026-01-31T12:00:00Z',
    parse: instant,
  },
} as const satisfies ParameterTable;

export const CUSTOM_FIELDS: Family = {
  prefix: 'custom.',
  description:
    'Topics with this custom field: `custom.<Key>=<Value>`. May be given several times; all must hold.',
  example: { UserDefined1: 'hello' },
};

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
  return { scope, order, filters, after };
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

function notEmpty(text: string): string {
  if (text === '') throw new RangeError('must not be empty');
  return text;
}

function byText(a: readonly [string, string], b: readonly [string, string]): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

function withoutAbsent<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
