// The parameters of a request for callbacks, and the content of its cursors. Pure.
import { isIsoInstant, isStorableText } from '../http/parameters.js';
import { Problem } from '../http/problem.js';
import { OUTCOMES, type Outcome } from '../journal/journal-entry.js';
import { hasKeys, invalidCursor } from '../topics/api/cursor.js';
import { type CallbacksQueryDto, DEFAULT_LIMIT } from './dto/callbacks-query.dto.js';

/** What narrows a list of callbacks; absent: nothing. */
export interface CallbackFilters {
  readonly command?: string;
  readonly outcome?: Outcome;
  readonly groupId?: string;
  /** Of the arrival: ISO 8601, UTC. */
  readonly since?: string;
  readonly until?: string;
}

/** A place in the order of commits. */
export interface Position {
  readonly position: number;
  readonly id: string;
}

/** One page of the list, newest arrival first. */
export interface CallbackListQuery {
  readonly limit: number;
  readonly filters: CallbackFilters;
  /** The id before which it begins; `null`: at the latest. */
  readonly before: string | null;
}

/** One page in the order of commits. */
export interface CallbacksAfterQuery {
  readonly limit: number;
  readonly filters: CallbackFilters;
  readonly after: Position;
  readonly waitMs: number;
}

const LIST = 'callbacks';
const AFTER = 'callbacks after';
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && isStorableText(value);
const isInstant: Check = (value) => typeof value === 'string' && isIsoInstant(value);
const FILTERS: Readonly<Record<keyof CallbackFilters, Check>> = {
  command: isText,
  outcome: (value) => OUTCOMES.some((allowed) => allowed === value),
  groupId: isText,
  since: isInstant,
  until: isInstant,
};

export function isCallbackId(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

/** @throws Problem 400 for a cursor of another list, or one that was made with other filters. */
export function readCallbackListQuery(
  query: CallbacksQueryDto,
  decode: (cursor: string) => unknown,
): CallbackListQuery {
  const { limit = DEFAULT_LIMIT, cursor, wait } = query;
  if (wait !== undefined) throw notTogether('"wait" is taken with "after" only');
  const filters = filtersOf(query);
  if (cursor === undefined) return { limit, filters, before: null };
  const content = decode(cursor);
  if (!isListCursor(content)) throw invalidCursor();
  const isOther = Object.entries(filters).some(
    ([name, value]) => content.filters[name as keyof CallbackFilters] !== value,
  );
  if (isOther) throw invalidCursor();
  return { limit, filters: content.filters, before: content.before };
}

/** @throws Problem 400 for a cursor of another list. */
export function readCallbacksAfterQuery(
  query: CallbacksQueryDto & { readonly after: string },
  decode: (cursor: string) => unknown,
): CallbacksAfterQuery {
  const { limit = DEFAULT_LIMIT, cursor, after, wait = 0 } = query;
  if (cursor !== undefined) throw notTogether('"cursor" and "after" exclude each other');
  const content = decode(after);
  if (!hasKeys(content, ['scope', 'position', 'id']) || content.scope !== AFTER) {
    throw invalidCursor();
  }
  const { position, id } = content;
  const isNumber = typeof position === 'number' && Number.isSafeInteger(position) && position >= 0;
  if (!isNumber || !isCallbackId(id)) throw invalidCursor();
  return { limit, filters: filtersOf(query), after: { position, id }, waitMs: wait * 1000 };
}

export function listCursor(filters: CallbackFilters, before: string): unknown {
  return { scope: LIST, filters, before };
}

export function afterCursor({ position, id }: Position): unknown {
  return { scope: AFTER, position, id };
}

function filtersOf(query: CallbacksQueryDto): CallbackFilters {
  const { command, outcome, groupId, since, until } = query;
  return {
    ...(command !== undefined && { command }),
    ...(outcome !== undefined && { outcome }),
    ...(groupId !== undefined && { groupId }),
    ...(since !== undefined && { since: since.toISOString() }),
    ...(until !== undefined && { until: until.toISOString() }),
  };
}

function isListCursor(
  value: unknown,
): value is { readonly filters: CallbackFilters; readonly before: string } {
  if (!hasKeys(value, ['scope', 'filters', 'before']) || value.scope !== LIST) return false;
  const { filters, before } = value;
  if (typeof filters !== 'object' || filters === null || Array.isArray(filters)) return false;
  const isKnown = (name: string): name is keyof CallbackFilters => Object.hasOwn(FILTERS, name);
  const areFilters = Object.entries(filters).every(
    ([name, filter]) => isKnown(name) && FILTERS[name](filter),
  );
  return areFilters && isCallbackId(before);
}

function notTogether(detail: string): Problem {
  return new Problem(400, 'INVALID_PARAMETER', `The parameters do not go together: ${detail}.`);
}
