import { address, groupAddress } from '../api/client.js';
import type { Topic } from '../api/types.js';

const SORTS = ['name', 'createdAt', 'updatedAt', 'topicId'] as const;
const DEFAULT_SORT = 'name';
const CUSTOM = 'custom.';

/** What is asked of the topics of a group: the same here and of the API. */
export interface Question {
  readonly groupId: string;
  readonly q: string;
  readonly ownerAccount: string;
  readonly deleted: 'exclude' | 'include' | 'only';
  readonly sort: string;
  readonly custom: readonly (readonly [key: string, value: string])[];
}

export function questionOf(groupId: string, query: URLSearchParams): Question {
  const deleted = query.get('deleted');
  return {
    groupId,
    q: query.get('q') ?? '',
    ownerAccount: query.get('ownerAccount') ?? '',
    deleted: deleted === 'include' || deleted === 'only' ? deleted : 'exclude',
    sort: query.get('sort') ?? DEFAULT_SORT,
    custom: [...query]
      .filter(([name]) => name.startsWith(CUSTOM))
      .map(([name, value]) => [name.slice(CUSTOM.length), value] as const),
  };
}

/** Where the API answers it. */
export function questionAddress(question: Question, limit: number): string {
  const { groupId, q, ownerAccount, deleted, sort, custom } = question;
  const path = address(`${groupAddress(groupId)}/topics`, {
    q,
    ownerAccount,
    deleted: deleted === 'exclude' ? null : deleted,
    sort,
    limit,
  });
  return [
    path,
    ...custom.map(([key, value]) => new URLSearchParams([[`${CUSTOM}${key}`, value]]).toString()),
  ].join('&');
}

/** Whether a topic is one of those asked for, deleted or not. */
export function isAskedFor(topic: Topic, question: Question): boolean {
  const { q, ownerAccount, custom } = question;
  return (
    (q === '' || (topic.name ?? '').toLowerCase().includes(q.toLowerCase())) &&
    (ownerAccount === '' || topic.ownerAccount === ownerAccount) &&
    custom.every(([key, value]) =>
      topic.userDefinedDataList?.some((field) => field.key === key && field.value === value),
    )
  );
}

export function isWantedByState({ deletedAt }: Topic, { deleted }: Question): boolean {
  return deleted === 'include' || (deletedAt === null) === (deleted === 'exclude');
}

/** The order of the API: `null` is larger than any value, ties by id. */
export function comparison({ sort }: Question): (one: Topic, other: Topic) => number {
  const field = SORTS.find((name) => name === sort.replace('-', '')) ?? DEFAULT_SORT;
  const direction = sort.startsWith('-') ? -1 : 1;
  return (one, other) =>
    direction * (compare(one[field], other[field]) || compare(one.topicId, other.topicId));
}

function compare(one: string | null, other: string | null): number {
  if (one === other) return 0;
  if (one === null) return 1;
  if (other === null) return -1;
  return one < other ? -1 : 1;
}
