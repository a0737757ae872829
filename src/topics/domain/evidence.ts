// How far a vendor snapshot is trusted, pure. It may be some seconds old, and it may miss what is there. What denies a
// recent callback waits for a second look; what deletes much without a callback waits for another snapshot that misses
// the same; the rest is used.
import type { Caution, VendorSnapshot, SnapshotTopic } from './change.js';
import {
  baselineTime,
  hasCallbackSince,
  deleteMissingTopic,
  groupFromSnapshot,
  topicFromSnapshot,
} from './baseline.js';
import type { Micros, ArrivalOrder } from './event-time.js';
import { isSame, keysOf, type LwwRegisters } from './lww-registers.js';
import type { Group, StaleReason, Topic } from './model.js';
import { groupState, topicState } from './state.js';

/** A topic or group after a snapshot. */
export interface Assessed<T> {
  readonly result: T;
  /** Why the group stays stale, if it does. */
  readonly reason: StaleReason | null;
  /** From when on a snapshot settles that, by the database's clock. */
  readonly dueAt: Micros | null;
}

export interface AssessedGroup extends Assessed<Group> {
  /** The topics of the snapshot, if they are to be used at all. */
  readonly topics: readonly SnapshotTopic[] | null;
}

export function assessGroup(
  group: Group,
  answer: VendorSnapshot,
  order: ArrivalOrder,
): AssessedGroup {
  const { at, requestBatch, caution, topics } = answer;
  const { registers } = group;
  const accepted = { result: groupFromSnapshot(group, answer, order), reason: null, dueAt: null };
  if (hasCallbackSince(group, requestBatch))
    return { ...accepted, reason: 'concurrent_callback', topics };
  const isDestroyed = groupState(group).destroyedAt !== null;
  if (answer.group === null) {
    if (isDestroyed) return { ...accepted, topics };
    if (isRecent(group.lastCallbackAt, answer)) return denied(group, group.lastCallbackAt, answer);
    if (!isDeletionHeld(registers, answer)) return { ...accepted, topics };
    const { missingSince = at } = registers;
    return {
      result: {
        ...group,
        snapshotBatch: requestBatch,
        heldBackBatch: requestBatch,
        registers: { ...registers, missingSince },
      },
      reason: 'deletions_held',
      dueAt: deletionsDueAt(missingSince, answer),
      topics: null,
    };
  }
  if (!isRecent(registers.lastCallbackAt, answer)) return { ...accepted, topics };
  if (isDestroyed) return denied(group, registers.lastCallbackAt, answer);
  const { left, denies } = without(answer.group, registers, baselineTime(group, caution));
  if (denies.length === 0) return { ...accepted, topics };
  return {
    result: {
      ...groupFromSnapshot(group, { ...answer, group: left }, order),
      ...(denies.includes('ownerAccount') ? { ownerChange: group.ownerChange } : {}),
      heldBackBatch: requestBatch,
    },
    reason: 'contradiction',
    dueAt: dueAfter(registers.lastCallbackAt, answer),
    // Topics have type and owner of their group.
    topics: topics.map((topic) => {
      const fields = { ...topic.fields };
      for (const field of denies) delete fields[field];
      return { ...topic, fields };
    }),
  };
}

/**
 * @param listed the topic in the snapshot, if it is there.
 * @param group as it was before the answer.
 * @param areDeletionsHeld whether the answer deletes too much at once.
 */
export function assessTopic(
  topic: Topic,
  listed: SnapshotTopic | undefined,
  answer: VendorSnapshot,
  {
    group,
    areDeletionsHeld,
    order,
  }: { group: Group; areDeletionsHeld: boolean; order: ArrivalOrder },
): Assessed<Topic> {
  const { at, caution } = answer;
  const { registers } = topic;
  const isDeleted = topicState(topic, group).deletedAt !== null;
  const contradiction = {
    reason: 'contradiction',
    dueAt: dueAfter(registers.lastCallbackAt, answer),
  } as const;
  const isDenied = isRecent(registers.lastCallbackAt, answer);
  if (listed) {
    if (isDeleted && isDenied) return { result: topic, ...contradiction };
    const { left, denies } = isDenied
      ? without(listed.fields, registers, baselineTime(group, caution))
      : { left: listed.fields, denies: [] };
    const result = topicFromSnapshot(topic, answer, { ...listed, fields: left }, order);
    return denies.length > 0 ? { result, ...contradiction } : { result, reason: null, dueAt: null };
  }
  if (!isDeleted && isDenied) return { result: topic, ...contradiction };
  if (isDeleted || !areDeletionsHeld || !isDeletionHeld(registers, answer)) {
    return { result: deleteMissingTopic(topic, at, order), reason: null, dueAt: null };
  }
  const { missingSince = at } = registers;
  return {
    result: { ...topic, registers: { ...registers, missingSince } },
    reason: 'deletions_held',
    dueAt: deletionsDueAt(missingSince, answer),
  };
}

/** Whether an answer deletes so many of the living topics which it speaks of that it may be a glitch. */
export function deletesTooMuch(
  missing: number,
  living: number,
  { caution }: VendorSnapshot,
): boolean {
  if (caution.deletions !== 'judged') return caution.deletions === 'held';
  return missing > 0 && missing >= living * caution.groupShare;
}

/** When the second look is due that no longer overlaps with the callback. */
export function dueAfter(
  calledAt: Micros | undefined,
  { caution }: { readonly caution: Caution },
): Micros | null {
  return calledAt === undefined ? null : calledAt + caution.secondLookUs;
}

/** Whether a callback came so shortly before the question that the answer may not know it. */
export function isRecent(
  calledAt: Micros | undefined,
  { at, caution }: Pick<VendorSnapshot, 'at' | 'caution'>,
): boolean {
  const { secondLookUs } = caution;
  return calledAt !== undefined && secondLookUs > 0 && at - calledAt < secondLookUs;
}

function denied(group: Group, calledAt: Micros | undefined, answer: VendorSnapshot): AssessedGroup {
  const { requestBatch } = answer;
  return {
    result: { ...group, snapshotBatch: requestBatch, heldBackBatch: requestBatch },
    reason: 'contradiction',
    dueAt: dueAfter(calledAt, answer),
    topics: null,
  };
}

/** Whether a deletion waits for an answer that comes later than the first which misses the same. */
function isDeletionHeld<F>(
  { missingSince }: LwwRegisters<F>,
  { at, caution: { deletions, deletionsWaitUs } }: VendorSnapshot,
): boolean {
  if (deletions !== 'judged') return deletions === 'held';
  return (
    deletionsWaitUs > 0 && !(missingSince !== undefined && at - missingSince >= deletionsWaitUs)
  );
}

/** When another answer may carry out what was held back; one that the brake held back begins to wait anew. */
function deletionsDueAt(missedAt: Micros, { at, caution }: VendorSnapshot): Micros {
  return (caution.deletions === 'held' ? at : missedAt) + caution.deletionsWaitUs;
}

/** The fields of a snapshot without those that callbacks have written with another value since the last one. */
function without<F>(
  fields: Readonly<Partial<F>>,
  known: LwwRegisters<F>,
  baseline: Micros,
): { left: Partial<F>; denies: (keyof F)[] } {
  const left: Partial<F> = { ...fields };
  const denies = keysOf(fields).filter((field) => {
    const timestamp = known.timestamps[field];
    const isNewer = timestamp !== undefined && timestamp[0] > baseline;
    return isNewer && !isSame(known.values[field], fields[field]);
  });
  for (const field of denies) delete left[field];
  return { left, denies };
}
