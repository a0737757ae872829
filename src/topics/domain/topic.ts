// The merge rules, pure: topics and groups after a change.
//
// Each field is a last-writer-wins register. Where dates cannot order two writes (event-time.ts), the later arrival wins
// and the group becomes stale. A deletion leaves a tombstone, also of an unknown topic. A later creation restores a topic
// only if the app chose its id, since the vendor never reuses its own; fields written before that creation are dropped. A
// destroyed group deletes every topic that was not created after it; a new owner of a group owns its topics. All of this
// is made of maxima and minima (lww-registers.ts): order and repetition of deliveries matter only where dates tie.
//
// A vendor snapshot is the baseline: it replaces callbacks that were committed before its request, and later ones are
// merged on top. The number of the batch separates the two: all processes share it, clocks they do not.
import type { GroupChange, TopicChange } from './change.js';
import { applyTopicWrite, dropTopicFields } from './custom-fields.js';
import type { GroupFields, TopicFields } from './fields.js';
import {
  type Arrival,
  compareDates,
  type Dated,
  isExact,
  isTie,
  type EventTime,
  type ArrivalOrder,
  PRECISION,
} from './event-time.js';
import {
  applyWrite,
  isSameRegisters,
  EMPTY_REGISTERS,
  type LwwRegisters,
} from './lww-registers.js';
import { isCustomGroupId, isCustomTopicId } from './id.js';
import type { Group, OwnerChange, Topic } from './model.js';
import { groupRestoredAt, isAfterDeletion, restoredAt } from './state.js';

/** `isAmbiguous`: the result is a guess (a tie, a revival); only a vendor snapshot settles it. */
export interface Merged<T> {
  readonly merged: T;
  readonly isAmbiguous: boolean;
}

/**
 * A topic after a callback. The last snapshot was requested earlier, since it is committed: a callback that is not dated
 * later may be a late one.
 */
export function mergeTopic(
  topic: Topic | undefined,
  change: TopicChange,
  group: Group,
  arrival: Arrival,
): Merged<Topic> {
  const { order } = arrival;
  const { groupId, topicId, kind, at, precision, fields } = change;
  const before = topic ?? { groupId, topicId, registers: EMPTY_REGISTERS };
  const moment: EventTime = [at, precision, order];
  const { known, tie } = applyTopicWrite(
    kind === 'created' ? dropEarlierLife(before, group, moment) : before.registers,
    { kind, at, precision, order, fields },
  );
  const merged = withGroupEffects({ ...before, registers: withCallback(known, arrival) }, group);
  const hasTie = tie || (kind !== 'updated' && isTiedRestoration(before, merged, group, moment));
  const hasChanged = topic === undefined || !isSameRegisters(topic.registers, merged.registers);
  return {
    merged: hasChanged || !isExact(precision) ? merged : before,
    isAmbiguous:
      hasTie ||
      isBeforeSnapshot(group, change) ||
      (hasChanged && isRestored(restoredAt(merged, group), restoredAt(before, group))),
  };
}

/** Registers at a creation, without the fields of an earlier life, ties included. */
function dropEarlierLife(
  topic: Topic,
  group: Group,
  creation: EventTime,
): LwwRegisters<TopicFields> {
  const { registers, topicId } = topic;
  if (
    !isCustomTopicId(topicId) ||
    !isAfterDeletion(creation, registers.deleted, group.registers.deleted)
  )
    return registers;
  return dropTopicFields(registers, (at) => at < creation[0] + creation[1]);
}

/** Whether creation and deletion tie; an id of the vendor's own making is created once. */
function isTiedRestoration(
  before: Topic,
  { registers }: Topic,
  group: Group,
  [at, precision]: EventTime,
): boolean {
  const creation = registers.created?.[1];
  const { deleted } = group.registers;
  if (isCustomGroupId(group.groupId) && isTie(creation, deleted?.[1])) return true;
  if (!isCustomTopicId(before.topicId)) return false;
  if (
    isTie(creation, registers.deleted?.[0]) ||
    isTie(creation, registers.deleted?.[1]) ||
    isTie(creation, deleted?.[0])
  )
    return true;
  const last = before.registers.created?.[1];
  const isRepeat = last?.[0] === at && last[1] === precision;
  return !isRepeat && registers.created !== before.registers.created && isTie(last, creation);
}

function isRestored(now: EventTime | null, before: EventTime | null): boolean {
  return now?.[0] !== before?.[0] || now?.[1] !== before?.[1];
}

const NOT_ARRIVED: ArrivalOrder = [0, 0];

/**
 * A topic under the current state of its group: without fields of an earlier life under the same id, and with the owner
 * that the group got since. The same object if nothing changes.
 */
export function withGroupEffects(topic: Topic, group: Group): Topic {
  const creation = restoredAt(topic, group);
  const known =
    creation === null
      ? topic.registers
      : dropTopicFields(
          topic.registers,
          (at, precision) => compareDates(at, precision, creation[0], creation[1]) < 0,
        );
  const { ownerChange } = group;
  if (ownerChange) {
    const [at, ownerAccount, precision = 1] = ownerChange;
    const fields = { ownerAccount };
    const write = { kind: 'updated', at, precision, order: NOT_ARRIVED, fields } as const;
    const taken = applyWrite<TopicFields>(known, write);
    if (!isSameRegisters(taken.known, known)) return { ...topic, registers: taken.known };
  }
  return known === topic.registers ? topic : { ...topic, registers: known };
}

export function mergeGroup(group: Group, change: GroupChange, arrival: Arrival): Merged<Group> {
  const { order } = arrival;
  if (change.kind === 'unspecific') return { merged: group, isAmbiguous: true };
  const { kind, at, precision, fields } = change;
  const { known, tie } = applyWrite<GroupFields>(group.registers, {
    kind: kind === 'destroyed' ? 'deleted' : kind,
    at,
    precision,
    order,
    fields,
  });
  const ownerChange = laterOwnerChange(group.ownerChange, change);
  const { groupId, staleBatch, snapshotBatch, heldBackBatch, lastCallbackAt, staleReason } = group;
  const merged = {
    groupId,
    registers: withCallback(known, arrival),
    ownerChange,
    staleBatch,
    snapshotBatch,
    heldBackBatch,
    lastCallbackAt,
    staleReason,
  };
  const hasChanged = !isSameRegisters(group.registers, known) || ownerChange !== group.ownerChange;
  const hasTie =
    tie || (kind !== 'updated' && isCustomGroupId(groupId) && isTiedDestruction(known));
  return {
    merged: hasChanged || !isExact(precision) ? merged : group,
    isAmbiguous:
      hasTie ||
      isBeforeSnapshot(group, change) ||
      (hasChanged && isRestored(groupRestoredAt(merged), groupRestoredAt(group))),
  };
}

function isTiedDestruction({ created, deleted }: LwwRegisters<GroupFields>): boolean {
  return isTie(created?.[1], deleted?.[0]) || isTie(created?.[1], deleted?.[1]);
}

function laterOwnerChange(
  known: OwnerChange | undefined,
  { kind, at, precision, fields }: GroupChange,
): OwnerChange | undefined {
  const { ownerAccount } = fields;
  if (kind !== 'updated' || ownerAccount === undefined) return known;
  const [knownAt, , knownPrecision = 1] = known ?? [-Infinity, null];
  const compared = compareDates(at, precision, knownAt, knownPrecision);
  if (compared < 0) return known;
  if (compared > 0) return [at, ownerAccount, precision];
  if (known && at === knownAt && precision === knownPrecision && ownerAccount === known[1])
    return known;
  const from = Math.max(at, knownAt);
  return [from, ownerAccount, Math.max(at + precision, knownAt + knownPrecision) - from];
}

/**
 * Whether a callback that was committed after a snapshot may be part of it: the vendor did not date it, or dated it no
 * later than the request.
 */
function isBeforeSnapshot({ registers }: Group, { at, precision }: Dated): boolean {
  if (registers.verifiedAt === undefined) return false;
  return (
    precision === PRECISION.arrival || compareDates(at, precision, registers.verifiedAt, 1) <= 0
  );
}

function withCallback<F>(known: LwwRegisters<F>, { order, at }: Arrival): LwwRegisters<F> {
  const { values, timestamps, created, deleted, verifiedAt } = known;
  return {
    values,
    timestamps,
    created,
    deleted,
    lastCallbackBatch: order[0],
    lastCallbackAt: at,
    verifiedAt,
  };
}
