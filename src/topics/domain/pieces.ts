// How much a change set is, and how it is taken apart where that is too much to be applied at once. Pure.
import type { Change, ChangeSet, GroupChange, TopicsChange, VendorSnapshot } from './change.js';

/** How many topics are named at once. */
export const PIECE = 500;

const KIB = 1024;

/** A change that concerns all topics of its group, whichever these are. */
export type WholeGroupChange = GroupChange | VendorSnapshot;

/** The ids of the topics that a change names. */
export function topicsNamedBy(change: Change): Iterable<string> {
  switch (change.subject) {
    case 'topic':
      return [change.topicId];
    case 'topics':
      return change.topicIds;
    case 'snapshot':
      return change.only ?? change.topics.map(({ topicId }) => topicId);
    case 'group':
      return [];
  }
}

/** The end of a group is the end of its topics, and its new owner is theirs. */
export function isOfWholeGroup(change: Change): change is WholeGroupChange {
  if (change.subject === 'snapshot') return change.only === undefined;
  if (change.subject !== 'group' || change.isSettled) return false;
  const { kind, fields } = change;
  return kind === 'destroyed' || (kind === 'updated' && 'ownerAccount' in fields);
}

/** In topics that are named and KiB of body, so far as that can be known before anything is read. */
export function weightOf({ changes, entry }: ChangeSet): number {
  let weight = 1 + Math.ceil((entry?.body.length ?? 0) / KIB);
  for (const change of changes) weight += sizeOf(change);
  return weight;
}

/** Whether a set names more topics than are applied at once. */
export function isLarge({ changes }: ChangeSet): boolean {
  return changes.some((change) => sizeOf(change) > PIECE);
}

/**
 * The changes of a set one after the other, none of which names more than `count` topics. Applied in this order,
 * whatever comes in between, they have the effect of the set.
 */
export function* pieces(changes: readonly Change[], count = PIECE): Generator<Change> {
  for (const change of changes) {
    if (sizeOf(change) <= count) yield change;
    else if (change.subject === 'topics') yield* slices(change, count);
    else if (change.subject === 'snapshot') yield* parts(change, count);
    else yield change;
  }
}

/** What follows from a change of a group for some of its topics. */
export function consequence(change: WholeGroupChange, topicIds: readonly string[]): Change {
  if (change.subject === 'snapshot') {
    const only = new Set(topicIds);
    return { ...change, only, topics: change.topics.filter(({ topicId }) => only.has(topicId)) };
  }
  const { groupId, at, precision, kind, fields } = change;
  const { ownerAccount } = fields;
  return kind === 'destroyed'
    ? { subject: 'topics', kind: 'deleted', groupId, topicIds, at, precision, fields: {} }
    : {
        subject: 'topics',
        kind: 'updated',
        groupId,
        topicIds,
        at,
        precision,
        fields: ownerAccount === undefined ? {} : { ownerAccount },
      };
}

function sizeOf(change: Change): number {
  switch (change.subject) {
    case 'topic':
      return 1;
    case 'topics':
      return change.topicIds.length;
    case 'snapshot':
      return change.only?.size ?? change.topics.length;
    case 'group':
      return 0;
  }
}

function* slices(change: TopicsChange, count: number): Generator<Change> {
  for (let from = 0; from < change.topicIds.length; from += count) {
    yield { ...change, topicIds: change.topicIds.slice(from, from + count) };
  }
}

function* parts(change: VendorSnapshot, count: number): Generator<Change> {
  // Of a whole group: which topics it has besides must be known first.
  if (change.only === undefined) {
    yield change;
    return;
  }
  const ids = [...change.only];
  for (let from = 0; from < ids.length; from += count) {
    yield consequence(change, ids.slice(from, from + count));
  }
}
