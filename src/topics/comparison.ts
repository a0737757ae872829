import { type Folded, type GroupRow, topicKey, type TopicRow } from './snapshot.js';
import { diffTopic, type ToldFields } from './topic-diff.js';
import { viewTopic } from './topic-view.js';

/** One topic that is not what it should be. */
export interface Mismatch {
  readonly groupId: string;
  readonly topicId: string;
  /** What the table says, where it differs; nothing when the topic is not there. */
  readonly stored: ToldFields;
  readonly expected: ToldFields;
}

export interface Comparison {
  readonly compared: number;
  /** Topics of groups that were compared with the vendor. */
  readonly verified: number;
  /** Topics of these groups that nothing told of, such as those older than the journal. */
  readonly untold: number;
  readonly mismatches: readonly Mismatch[];
}

/** Compares topics as they should be with the rows of their groups. */
export function compareTopics(
  expected: Pick<Folded, 'topics'>,
  stored: { readonly groups: readonly GroupRow[]; readonly topics: readonly TopicRow[] },
): Comparison {
  const groups = new Map(stored.groups.map((row) => [row.group.groupId, row]));
  const rows = new Map(
    stored.topics.map((row) => [topicKey(row.topic.groupId, row.topic.topicId), row]),
  );
  const isVerified = (groupId: string): boolean =>
    (groups.get(groupId)?.verifiedAt ?? null) !== null;
  const told = expected.topics.filter(({ topic }) => !isVerified(topic.groupId));
  const mismatches = told.flatMap(({ topic, group }): Mismatch[] => {
    const { groupId, topicId } = topic;
    const row = rows.get(topicKey(groupId, topicId));
    const owner = groups.get(groupId);
    const looks = row && owner ? viewTopic(row.topic, owner.group) : null;
    const difference = diffTopic(looks, viewTopic(topic, group));
    if (difference === null) return [];
    return [{ groupId, topicId, stored: difference.before, expected: difference.after }];
  });
  const known = new Set(told.map(({ topic }) => topicKey(topic.groupId, topic.topicId)));
  return {
    compared: told.length,
    verified: expected.topics.length - told.length,
    untold: [...rows].filter(([key, { topic }]) => !known.has(key) && !isVerified(topic.groupId))
      .length,
    mismatches,
  };
}
