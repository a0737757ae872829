import { customFields } from './custom-fields.js';
import { type CustomFieldsName, TOPIC_FIELDS, type TopicField } from './fields.js';
import { isSame, keysOf, type Micros } from './lww-registers.js';
import type { TopicState } from './state.js';

/** Fields by the names and with the values of the query API. */
export type FieldValues = Record<string, unknown>;

/** What is to be seen of a change, or `null` when nothing is. */
export interface Diff {
  readonly kind: 'created' | 'updated' | 'deleted' | 'restored';
  readonly before: FieldValues;
  readonly after: FieldValues;
}

const NAMES = keysOf(TOPIC_FIELDS);
const isList = (name: TopicField): boolean => TOPIC_FIELDS[name].type === 'customFields';
const SCALARS = NAMES.filter((name) => !isList(name));
const LISTS = NAMES.filter(isList) as CustomFieldsName[];

/** Compares two states of a topic; the first is `null` where there was none. */
export function diffTopic(before: TopicState | null, after: TopicState): Diff | null {
  const was: FieldValues = {};
  const is: FieldValues = {};
  let differs = before === null;
  const put = (field: string, old: unknown, now: unknown): void => {
    differs = true;
    if (before !== null) was[field] = old;
    if (before !== null || now !== null) is[field] = now;
  };
  for (const field of SCALARS) {
    if (before?.[field] !== after[field]) put(field, before?.[field], after[field]);
  }
  for (const field of LISTS) {
    if (isSame(before?.[field], after[field])) continue;
    put(field, customFields(before?.[field] ?? null), customFields(after[field]));
  }
  for (const field of ['createdAt', 'deletedAt'] as const) {
    if (before?.[field] !== after[field]) put(field, utc(before?.[field]), utc(after[field]));
  }
  return differs ? { kind: kindOf(before, after), before: was, after: is } : null;
}

function kindOf(before: TopicState | null, after: TopicState): Diff['kind'] {
  const isGone = after.deletedAt !== null;
  if (before === null) return isGone ? 'deleted' : 'created';
  if (before.deletedAt === null) return isGone ? 'deleted' : 'updated';
  return isGone ? 'updated' : 'restored';
}

function utc(at: Micros | null | undefined): string | null {
  return at === null || at === undefined ? null : new Date(at / 1000).toISOString();
}
