// The content of the cursors of each list, and its validation. Pure.
import { isIsoInstant, isStorableText, MAX_VALUE_LENGTH } from '../../http/parameters.js';
import { hasKeys, invalidCursor } from './cursor.js';
import {
  areShort,
  DELETED,
  type Filters,
  GROUP_ORDERS,
  type GroupFilters,
  type GroupOrder,
  type GroupPlace,
  type GroupSortField,
  type Order,
  ORDERS,
  type SortField,
} from './list-parameters.js';
import { SYNC_STATES } from './responses.js';

/** The place of a row in its list: sort key, topic, group. */
export type Place = readonly [key: string, topicId: string, groupId: string];

/** `scope` names the list. */
export interface TopicsCursor {
  readonly scope: string;
  readonly order: Order;
  readonly filters: Filters;
  readonly after: Place;
}

/** The content of a cursor of the list of groups. */
export interface GroupsCursor {
  readonly order: GroupOrder;
  readonly filters: GroupFilters;
  readonly after: GroupPlace;
}

const GROUPS = 'groups';
/** The scope of the list over all groups. */
export const ALL_TOPICS = 'topics';

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && isStorableText(value);
const FILTERS: Readonly<Record<keyof Filters, Check>> = {
  name: isText,
  q: (value) => isText(value) && value !== '',
  ownerAccount: isText,
  operatorAccount: isText,
  deleted: (value) => DELETED.some((allowed) => allowed === value),
  updatedSince: (value) => typeof value === 'string' && isIsoInstant(value),
  custom: (value) => Array.isArray(value) && value.length > 0 && value.every(isCustomFilter),
};
const SORT_KEYS: Readonly<Record<SortField, Check>> = {
  topicId: (value) => value === '',
  name: isText,
  createdAt: (value) => value === 'infinity' || isTimestamp(value),
  updatedAt: isTimestamp,
};

const GROUP_FILTERS: Readonly<Record<keyof GroupFilters, Check>> = {
  state: (value) => SYNC_STATES.some((allowed) => allowed === value),
  q: FILTERS.q,
};
const GROUP_SORT_KEYS: Readonly<Record<GroupSortField, Check>> = {
  groupId: (value) => value === '',
  name: isText,
  lastCallbackAt: (value) => value === '-infinity' || isTimestamp(value),
  seq: (value) => typeof value === 'string' && /^\d{1,16}$/.test(value),
};

/** @throws Problem 400 where it is not the content of a cursor of the list of groups. */
export function readGroupsCursor(value: unknown): GroupsCursor {
  if (hasKeys(value, ['scope', 'after']) && value.scope === GROUPS) {
    const { after } = value;
    if (typeof after === 'string' && isText(after)) {
      return { order: 'groupId', filters: {}, after: ['', after] };
    }
  }
  if (!isGroupsCursor(value)) throw invalidCursor();
  return value;
}

export function groupsCursor({ order, filters }: Omit<GroupsCursor, 'after'>, after: GroupPlace) {
  // The most frequent list, and all there was before lists had an order.
  const isPlain = order === 'groupId' && Object.keys(filters).length === 0;
  return isPlain ? { scope: GROUPS, after: after[1] } : { scope: GROUPS, order, filters, after };
}

function isGroupsCursor(value: unknown): value is GroupsCursor {
  if (!hasKeys(value, ['scope', 'order', 'filters', 'after']) || value.scope !== GROUPS) {
    return false;
  }
  const { filters, after } = value;
  const order = GROUP_ORDERS.find((candidate) => candidate === value.order);
  if (order === undefined || !areFiltersOf(GROUP_FILTERS, filters)) return false;
  const field = order.replace(/^-/, '') as GroupSortField;
  return (
    Array.isArray(after) &&
    after.length === 2 &&
    GROUP_SORT_KEYS[field](after[0]) &&
    isText(after[1])
  );
}

/**
 * The `seq` before which the next page of a history begins.
 * @throws Problem 400 where it is not the content of a cursor of this history.
 */
export function readHistoryCursor(value: unknown, scope: string): number {
  if (!hasKeys(value, ['scope', 'before']) || value.scope !== scope) throw invalidCursor();
  const { before } = value;
  if (typeof before !== 'number' || !Number.isSafeInteger(before) || before < 0) {
    throw invalidCursor();
  }
  return before;
}

/** @throws Problem 400 where it is not the content of a cursor of this list. */
export function readTopicsCursor(value: unknown, scope: string): TopicsCursor {
  if (!isTopicsCursor(value) || value.scope !== scope) throw invalidCursor();
  return value;
}

export function topicsCursor(
  scope: string,
  { order, filters }: Pick<TopicsCursor, 'order' | 'filters'>,
  after: Place,
): TopicsCursor {
  const [key, topicId, groupId] = after;
  // Where the scope names the group, the place need not.
  return { scope, order, filters, after: [key, topicId, scope === ALL_TOPICS ? groupId : ''] };
}

function isTopicsCursor(value: unknown): value is TopicsCursor {
  if (!hasKeys(value, ['scope', 'order', 'filters', 'after'])) return false;
  const order = ORDERS.find((candidate) => candidate === value.order);
  return order !== undefined && areFiltersOf(FILTERS, value.filters) && isPlace(value.after, order);
}

function areFiltersOf(checks: Readonly<Record<string, Check>>, value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return (
    Object.entries(value).every(
      ([name, filter]) => Object.hasOwn(checks, name) && checks[name]?.(filter),
    ) && areShort(value)
  );
}

function isCustomFilter(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every(isText) && value[0] !== '';
}

function isPlace(value: unknown, order: Order): value is Place {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const field = order.replace(/^-/, '') as SortField;
  return SORT_KEYS[field](value[0]) && isText(value[1]) && isText(value[2]);
}

// As topic-page.repository.ts writes them.
const TIMESTAMP =
  /^(\d{4,6})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z (AD|BC)$/;
// Of PostgreSQL's range the whole years.
const LAST_YEAR = { AD: 294_276, BC: 4713 };

/** Whether PostgreSQL reads a text as an instant. */
function isTimestamp(value: unknown): boolean {
  const [found, year, month, day, era] =
    (typeof value === 'string' && value.length < MAX_VALUE_LENGTH && TIMESTAMP.exec(value)) || [];
  if (found === undefined || (era !== 'AD' && era !== 'BC')) return false;
  const astronomical = era === 'AD' ? Number(year) : 1 - Number(year);
  // The calendar repeats after 400 years.
  const daysInMonth = new Date(
    Date.UTC(4000 + (astronomical % 400), Number(month), 0),
  ).getUTCDate();
  return Number(year) >= 1 && Number(year) <= LAST_YEAR[era] && Number(day) <= daysInMonth;
}
