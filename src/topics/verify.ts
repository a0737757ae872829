// Applies an answer of the vendor to the rows of a batch, pure: judgement.ts says how far it is believed.
import { isHeardSince, isOverruled, verifyTopic } from './answer.js';
import type { BatchRows } from './batch-rows.js';
import type { ChangeSet, Verification } from './change.js';
import { deletesTooMuch, dueAfter, isRecent, judgeGroup, judgeTopic } from './judgement.js';
import { earliest, type Micros, type Order } from './moment.js';
import type { TopicRow } from './snapshot.js';
import { diffTopic } from './topic-diff.js';
import { viewStored, viewTopic } from './topic-view.js';
import { settleTopic, type StaleReason, type Topic } from './topic.js';

// What is told of a group where an answer left several things open.
const GRAVEST_FIRST = ['deletions_held', 'contradiction', 'concurrent_callback'] as const;

/**
 * Compares a group with what the vendor answered about it.
 * @returns when the vendor is to be asked again, by the database's clock; `null` where the answer settled all.
 */
export function verify(
  rows: BatchRows,
  answer: Verification,
  set: ChangeSet,
  order: Order,
): Micros | null {
  const { groupId, asked } = answer;
  const before = rows.group(groupId);
  if (isOverruled(answer, before.group, rows.batch - 1)) return null;
  const judged = judgeGroup(before.group, answer, order);
  const reasons = new Set([judged.reason]);
  const dues = [judged.dueAt];
  rows.replaceGroup(before, judged.result, set);

  const { listed, concerned, areDeletionsHeld } = concernedBy(rows, answer, judged.topics ?? []);
  const { group } = before;
  for (const row of judged.topics === null ? [] : concerned) {
    const { topic } = row;
    const told = listed.get(topic.topicId);
    listed.delete(topic.topicId);
    if (isHeardSince(topic, asked)) reasons.add('concurrent_callback');
    else if (told || answer.group !== null) {
      const place = { group, areDeletionsHeld, order };
      const { result, reason, dueAt } = judgeTopic(topic, told, answer, place);
      reasons.add(reason);
      dues.push(dueAt);
      correctTopic(rows, row, result, set);
    } else rows.setTopic(row, topic, set);
  }
  for (const told of listed.values()) {
    rows.setTopic(undefined, verifyTopic(undefined, answer, told, order), set);
  }
  conclude(rows, answer, GRAVEST_FIRST.find((reason) => reasons.has(reason)) ?? null);
  // It may be older than the last callback.
  if (isRecent(group.calledAt, answer)) dues.push(dueAfter(group.calledAt, answer));
  return dues.reduce(earliest, null);
}

/** Of which topics an answer speaks. */
function concernedBy(rows: BatchRows, answer: Verification, topics: Verification['topics']) {
  const listed = new Map(topics.map((topic) => [topic.topicId, topic]));
  const { group } = rows.group(answer.groupId);
  const concerned = rows
    .topicsOf(answer.groupId)
    .filter(({ topic }) => answer.only?.has(topic.topicId) !== false);
  const living = concerned.filter(({ topic }) => viewTopic(topic, group).deletedAt === null);
  const missing = living.filter(({ topic }) => !listed.has(topic.topicId));
  const areDeletionsHeld = deletesTooMuch(missing.length, living.length, answer);
  return { listed, concerned, areDeletionsHeld };
}

/** Writes how the group stands after an answer. @param reason why it did not settle all. */
function conclude(
  rows: BatchRows,
  { groupId, at, asked }: Verification,
  reason: StaleReason | null,
): void {
  const row = rows.group(groupId);
  const isLate = reason === 'concurrent_callback';
  // Another part of the same answer may have been held back, or may have come late.
  const isHeld = row.group.held === asked || (reason !== null && !isLate);
  const isDoubted = isLate || isHeld || (row.group.doubted ?? 0) > asked;
  rows.setGroup({
    ...row,
    group: {
      ...row.group,
      held: isHeld ? asked : undefined,
      // The writers of all parts know by this that a callback came after the question.
      doubted: isLate ? rows.batch : row.group.doubted,
      reason: isDoubted ? (reason ?? row.group.reason) : undefined,
    },
    verifiedAt: isHeld ? row.verifiedAt : Math.max(row.verifiedAt ?? 0, at),
    doubtedAt: isDoubted ? (row.doubtedAt ?? at) : null,
  });
}

/** Writes what the vendor says of a topic only where it looks other than before. */
function correctTopic(rows: BatchRows, row: TopicRow, topic: Topic, set: ChangeSet): void {
  const { group } = rows.group(topic.groupId);
  const looks = viewStored(row.topic, group, row.shown);
  const corrected = viewTopic(settleTopic(topic, group), group);
  if (looks.deletedAt !== null && corrected.deletedAt !== null) return;
  const isMissed = topic.known.missedAt !== row.topic.known.missedAt;
  if (isMissed || diffTopic(looks, corrected) !== null) rows.setTopic(row, topic, set);
}
