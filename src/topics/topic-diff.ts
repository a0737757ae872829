import { customFields } from './custom-field.js';
import { isSame, type Micros } from './registers.js';
import type { TopicView } from './topic-view.js';

/** Fields by the names of the query API, with what it would tell of them. */
export type ToldFields = Record<string, unknown>;

/** What is to be seen of a change, or `null` when nothing is. */
export interface Difference {
  readonly kind: 'created' | 'updated' | 'deleted' | 'restored';
  readonly before: ToldFields;
  readonly after: ToldFields;
}

const FIELDS = [
  'name',
  'type',
  'ownerAccount',
  'operatorAccount',
  'introduction',
  'notification',
  'faceUrl',
  'customString',
  'muteAllMember',
] as const satisfies readonly (keyof TopicView)[];

/** Compares two looks of a topic; the first is `null` when it was not there. */
export function diffTopic(before: TopicView | null, after: TopicView): Difference | null {
  const was: ToldFields = {};
  const is: ToldFields = {};
  let differs = before === null;
  const put = (field: string, old: unknown, now: unknown): void => {
    differs = true;
    if (before !== null) was[field] = old;
    if (before !== null || now !== null) is[field] = now;
  };
  for (const field of FIELDS) {
    if (before?.[field] !== after[field]) put(field, before?.[field], after[field]);
  }
  if (!isSame(before?.userDefinedDataList, after.userDefinedDataList)) {
    put(
      'userDefinedDataList',
      customFields(before?.userDefinedDataList ?? null),
      customFields(after.userDefinedDataList),
    );
  }
  for (const field of ['createdAt', 'deletedAt'] as const) {
    if (before?.[field] !== after[field]) put(field, utc(before?.[field]), utc(after[field]));
  }
  return differs ? { kind: kindOf(before, after), before: was, after: is } : null;
}

function kindOf(before: TopicView | null, after: TopicView): Difference['kind'] {
  const isGone = after.deletedAt !== null;
  if (before === null) return isGone ? 'deleted' : 'created';
  if (before.deletedAt === null) return isGone ? 'deleted' : 'updated';
  return isGone ? 'updated' : 'restored';
}

function utc(at: Micros | null | undefined): string | null {
  return at === null || at === undefined ? null : new Date(at / 1000).toISOString();
}
