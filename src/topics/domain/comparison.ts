import { type Reduced, type GroupRow, topicKey, type TopicRow } from './rows.js';
import { diffTopic, type FieldValues } from './diff.js';
import { topicState } from './state.js';

/** One topic that is not what it should be. */
export interface Mismatch {
  readonly groupId: string;
  readonly topicId: string;
  /** The stored values that differ; none where the topic is missing. */
  readonly stored: FieldValues;
  readonly expected: FieldValues;
}

export interface Comparison {
  readonly compared: number;
  /** Topics of groups that were compared with the vendor. */
  readonly verified: number;
  /** Topics of these groups that no callback of the journal explains. */
  readonly unexplained: number;
  readonly mismatches: readonly Mismatch[];
}

/** Compares topics as they should be with the rows of their groups. */
export function compareTopics(
  expected: Pick<Reduced, 'topics'>,
  stored: { readonly groups: readonly GroupRow[]; readonly topics: readonly TopicRow[] },
): Comparison {
  const groups = new Map(stored.groups.map((row) => [row.group.groupId, row]));
  const rows = new Map(
    stored.topics.map((row) => [topicKey(row.topic.groupId, row.topic.topicId), row]),
  );
  const isVerified = (groupId: string): boolean =>
    (groups.get(groupId)?.verifiedAt ?? null) !== null;
  const unverified = expected.topics.filter(({ topic }) => !isVerified(topic.groupId));
  const mismatches = unverified.flatMap(({ topic, state }): Mismatch[] => {
    const { groupId, topicId } = topic;
    const row = rows.get(topicKey(groupId, topicId));
    const owner = groups.get(groupId);
    const current = row && owner ? topicState(row.topic, owner.group) : null;
    const difference = diffTopic(current, state);
    if (difference === null) return [];
    return [{ groupId, topicId, stored: difference.before, expected: difference.after }];
  });
  const known = new Set(unverified.map(({ topic }) => topicKey(topic.groupId, topic.topicId)));
  return {
    compared: unverified.length,
    verified: expected.topics.length - unverified.length,
    unexplained: [...rows].filter(
      ([key, { topic }]) => !known.has(key) && !isVerified(topic.groupId),
    ).length,
    mismatches,
  };
}
