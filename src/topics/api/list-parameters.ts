// What lists of the query API can be narrowed and ordered by. Pure.
import type { SyncState } from './responses.js';

export const DEFAULT_LIMIT = 100;
export const MAX_LIMIT = 500;

const SORTS = ['topicId', 'name', 'createdAt', 'updatedAt'] as const;
export type SortField = (typeof SORTS)[number];
export const ORDERS = SORTS.flatMap((field) => [field, `-${field}`] as const);
export type Order = (typeof ORDERS)[number];

const GROUP_SORTS = ['groupId', 'name', 'lastCallbackAt', 'seq'] as const;
export type GroupSortField = (typeof GROUP_SORTS)[number];
export const GROUP_ORDERS = GROUP_SORTS.flatMap((field) => [field, `-${field}`] as const);
export type GroupOrder = (typeof GROUP_ORDERS)[number];

/** The place of a group in its list: sort key, group. */
export type GroupPlace = readonly [key: string, groupId: string];

/** What narrows a list of groups; absent: nothing. */
export interface GroupFilters {
  readonly state?: SyncState;
  readonly q?: string;
}

// A cursor carries the filters: with those of any names and ids it must stay short enough to be sent. One text of
// the longest that is taken fits, of whatever script.
export const MAX_FILTER_BYTES = 3328;

export const DELETED = ['exclude', 'include', 'only'] as const;

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

export function areShort(filters: object): boolean {
  return Buffer.byteLength(JSON.stringify(filters)) <= MAX_FILTER_BYTES;
}
