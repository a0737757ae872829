// Applies a vendor snapshot to the rows of a batch, pure: evidence.ts assesses it.
import { hasCallbackSince, isSuperseded, topicFromSnapshot } from './baseline.js';
import type { BatchRows } from './batch-rows.js';
import type { ChangeSet, VendorSnapshot } from './change.js';
import { deletesTooMuch, dueAfter, isRecent, assessGroup, assessTopic } from './evidence.js';
import { earliest, type Micros, type ArrivalOrder } from './event-time.js';
import type { TopicRow } from './rows.js';
import { diffTopic } from './diff.js';
import { topicState } from './state.js';
import { withGroupEffects } from './topic.js';
import type { StaleReason, Topic } from './model.js';

// Of several reasons the first of these is stored.
const GRAVEST_FIRST = ['deletions_held', 'contradiction', 'concurrent_callback'] as const;

/**
 * Reconciles a group with a vendor snapshot.
 * @returns when the next snapshot is due, by the database's clock; `null` where this one settled all.
 */
export function applySnapshot(
  rows: BatchRows,
  answer: VendorSnapshot,
  set: ChangeSet,
  order: ArrivalOrder,
): Micros | null {
  const { groupId, requestBatch } = answer;
  const before = rows.group(groupId);
  if (isSuperseded(answer, before.group, rows.batch - 1)) return null;
  const assessed = assessGroup(before.group, answer, order);
  const reasons = new Set([assessed.reason]);
  const dues = [assessed.dueAt];
  rows.replaceGroup(before, assessed.result, set);

  const { listed, concerned, areDeletionsHeld } = concernedBy(rows, answer, assessed.topics ?? []);
  const { group } = before;
  for (const row of assessed.topics === null ? [] : concerned) {
    const { topic } = row;
    const found = listed.get(topic.topicId);
    listed.delete(topic.topicId);
    if (hasCallbackSince(topic, requestBatch)) reasons.add('concurrent_callback');
    else if (found || answer.group !== null) {
      const place = { group, areDeletionsHeld, order };
      const { result, reason, dueAt } = assessTopic(topic, found, answer, place);
      reasons.add(reason);
      dues.push(dueAt);
      correctTopic(rows, row, result, set);
    } else rows.setTopic(row, topic, set);
  }
  for (const added of listed.values()) {
    rows.setTopic(undefined, topicFromSnapshot(undefined, answer, added, order), set);
  }
  conclude(rows, answer, GRAVEST_FIRST.find((reason) => reasons.has(reason)) ?? null);
  // It may be older than the last callback.
  if (isRecent(group.lastCallbackAt, answer)) dues.push(dueAfter(group.lastCallbackAt, answer));
  return dues.reduce(earliest, null);
}

/** The topics that a snapshot covers. */
function concernedBy(rows: BatchRows, answer: VendorSnapshot, topics: VendorSnapshot['topics']) {
  const listed = new Map(topics.map((topic) => [topic.topicId, topic]));
  const { group } = rows.group(answer.groupId);
  const concerned = rows
    .topicsOf(answer.groupId)
    .filter(({ topic }) => answer.only?.has(topic.topicId) !== false);
  const living = concerned.filter(({ topic }) => topicState(topic, group).deletedAt === null);
  const missing = living.filter(({ topic }) => !listed.has(topic.topicId));
  const areDeletionsHeld = deletesTooMuch(missing.length, living.length, answer);
  return { listed, concerned, areDeletionsHeld };
}

/** Writes the state of the group after a snapshot. @param reason why it did not settle all. */
function conclude(
  rows: BatchRows,
  { groupId, at, requestBatch }: VendorSnapshot,
  reason: StaleReason | null,
): void {
  const row = rows.group(groupId);
  const isLate = reason === 'concurrent_callback';
  // Another part of the same answer may have been held back, or may have come late.
  const isHeld = row.group.heldBackBatch === requestBatch || (reason !== null && !isLate);
  const isStale = isLate || isHeld || (row.group.staleBatch ?? 0) > requestBatch;
  rows.setGroup({
    ...row,
    group: {
      ...row.group,
      heldBackBatch: isHeld ? requestBatch : undefined,
      // The writers of all parts know by this that a callback came after the question.
      staleBatch: isLate ? rows.batch : row.group.staleBatch,
      staleReason: isStale ? (reason ?? row.group.staleReason) : undefined,
    },
    verifiedAt: isHeld ? row.verifiedAt : Math.max(row.verifiedAt ?? 0, at),
    staleSince: isStale ? (row.staleSince ?? at) : null,
  });
}

/** Writes a topic of a snapshot only where its state differs. */
function correctTopic(rows: BatchRows, row: TopicRow, topic: Topic, set: ChangeSet): void {
  const { group } = rows.group(topic.groupId);
  const current = rows.stateOf(row);
  const corrected = topicState(withGroupEffects(topic, group), group);
  if (current.deletedAt !== null && corrected.deletedAt !== null) return;
  const isMissed = topic.registers.missingSince !== row.topic.registers.missingSince;
  if (isMissed || diffTopic(current, corrected) !== null) rows.setTopic(row, topic, set);
}
