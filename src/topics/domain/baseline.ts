// Topics and groups after a vendor snapshot, pure. It replaces callbacks that were committed before its request; later
// ones are merged on top (topic.ts).
import type { Caution, VendorSnapshot, SnapshotTopic } from './change.js';
import {
  type Micros,
  type EventTime,
  type ArrivalOrder,
  PRECISION,
  type Span,
} from './event-time.js';
import { keysOf, type LwwRegisters, type FieldTimestamp } from './lww-registers.js';
import type { Group, Topic } from './model.js';
import { groupState } from './state.js';

/** A topic as a snapshot has it. */
export function topicFromSnapshot(
  topic: Topic | undefined,
  { groupId, at, caution }: VendorSnapshot,
  { topicId, createdAt, fields }: SnapshotTopic,
  order: ArrivalOrder,
): Topic {
  const before = topic?.registers;
  const creation: EventTime | null =
    createdAt === null ? null : [createdAt, PRECISION.requestTime, order];
  const created: Span | undefined = creation === null ? before?.created : [creation, creation];
  return {
    groupId,
    topicId,
    registers: { ...rebase(before, fields, baselineAt(at, caution)), created },
  };
}

/** A topic that a snapshot lacks. */
export function deleteMissingTopic(topic: Topic, at: Micros, order: ArrivalOrder): Topic {
  return { ...topic, registers: { ...topic.registers, deleted: deletionAt(at, order) } };
}

/** A group as a snapshot has it, or lacks it; a deletion keeps its date. */
export function groupFromSnapshot(
  before: Group,
  answer: VendorSnapshot,
  order: ArrivalOrder,
): Group {
  const { group, at, requestBatch, caution } = answer;
  const { groupId, registers, staleBatch, lastCallbackAt, staleReason } = before;
  const isLate = hasCallbackSince(before, requestBatch);
  if (isLate)
    return { ...before, registers: { ...registers, verifiedAt: at }, snapshotBatch: requestBatch };
  const state = { staleBatch, snapshotBatch: requestBatch, lastCallbackAt, staleReason };
  if (group === null) {
    const isDestroyed = groupState(before).destroyedAt !== null;
    const deleted = isDestroyed ? registers.deleted : deletionAt(at, order);
    return { groupId, registers: { ...registers, deleted, verifiedAt: at }, ...state };
  }
  const { created } = registers;
  const laid = rebase(registers, group, baselineAt(at, caution));
  return { groupId, registers: { ...laid, created, verifiedAt: at }, ...state };
}

function deletionAt(at: Micros, order: ArrivalOrder): Span {
  const end: EventTime = [at, 1, order];
  return [end, end];
}

/** Whether a callback about it was committed after the request, so that the snapshot is late. */
export function hasCallbackSince({ registers }: Topic | Group, requestBatch: number): boolean {
  return (registers.lastCallbackBatch ?? 0) > requestBatch;
}

/**
 * Whether a snapshot must not be used: a later one was applied, or it was requested before the database was restored to
 * a state with fewer batches.
 */
export function isSuperseded(
  { requestBatch }: VendorSnapshot,
  group: Group,
  committed: number,
): boolean {
  return requestBatch < (group.snapshotBatch ?? 0) || requestBatch > committed;
}

// A snapshot may be some seconds older than its request, and clocks differ: a callback that is dated within this time
// before the request is merged on top all the same, until the next snapshot.
const BASELINE_AGE_US = 60_000_000;

/** Registers with a snapshot as their baseline; fields that it does not name stay. */
function rebase<F>(
  before: LwwRegisters<F> | undefined,
  fields: Readonly<Partial<F>>,
  baseline: Micros,
): LwwRegisters<F> {
  const values: Partial<F> = { ...before?.values, ...fields };
  const timestamps: Partial<Record<keyof F, FieldTimestamp>> = { ...before?.timestamps };
  for (const field of keysOf(fields)) timestamps[field] = [baseline, 1];
  return {
    values,
    timestamps,
    lastCallbackBatch: before?.lastCallbackBatch,
    lastCallbackAt: before?.lastCallbackAt,
  };
}

/** Later timestamps are of callbacks applied since the last snapshot. */
export function baselineTime({ registers: { verifiedAt } }: Group, caution: Caution): Micros {
  return verifiedAt === undefined ? -Infinity : baselineAt(verifiedAt, caution);
}

function baselineAt(at: Micros, { secondLookUs }: Caution): Micros {
  return at - Math.max(BASELINE_AGE_US, secondLookUs);
}
