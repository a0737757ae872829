// How far an answer of the vendor is believed, pure. It may be some seconds old, and it may miss what is there. What
// denies a callback that has just come waits for a second look; what deletes much without a callback waits for
// another answer that misses the same; the rest is used.
import type { Caution, Verification, VerifiedTopic } from './change.js';
import { groundFrom, isHeardSince, missTopic, verifyGroup, verifyTopic } from './answer.js';
import type { Micros, Order } from './moment.js';
import { isSame, keysOf, type Registers } from './registers.js';
import type { Group, StaleReason, Topic } from './topic.js';
import { viewGroup, viewTopic } from './topic-view.js';

/** What a topic or a group is after an answer. */
export interface Judged<T> {
  readonly result: T;
  /** Why the group has to be asked for again, if it has. */
  readonly reason: StaleReason | null;
  /** From when on an answer settles that, by the database's clock. */
  readonly dueAt: Micros | null;
}

export interface JudgedGroup extends Judged<Group> {
  /** What the answer says of the topics, if that is to be used at all. */
  readonly topics: readonly VerifiedTopic[] | null;
}

export function judgeGroup(group: Group, answer: Verification, order: Order): JudgedGroup {
  const { at, asked, caution, topics } = answer;
  const { known } = group;
  const believed = { result: verifyGroup(group, answer, order), reason: null, dueAt: null };
  if (isHeardSince(group, asked)) return { ...believed, reason: 'concurrent_callback', topics };
  const isOver = viewGroup(group).destroyedAt !== null;
  if (answer.group === null) {
    if (isOver) return { ...believed, topics };
    if (isRecent(group.calledAt, answer)) return denied(group, group.calledAt, answer);
    if (!isDeletionHeld(known, answer)) return { ...believed, topics };
    const { missedAt = at } = known;
    return {
      result: { ...group, asked, held: asked, known: { ...known, missedAt } },
      reason: 'deletions_held',
      dueAt: deletionsDueAt(missedAt, answer),
      topics: null,
    };
  }
  if (!isRecent(known.heardAt, answer)) return { ...believed, topics };
  if (isOver) return denied(group, known.heardAt, answer);
  const { left, denies } = without(answer.group, known, groundFrom(group, caution));
  if (denies.length === 0) return { ...believed, topics };
  return {
    result: {
      ...verifyGroup(group, { ...answer, group: left }, order),
      ...(denies.includes('ownerAccount') ? { handover: group.handover } : {}),
      held: asked,
    },
    reason: 'contradiction',
    dueAt: dueAfter(known.heardAt, answer),
    // Topics have type and owner of their group.
    topics: topics.map((topic) => {
      const fields = { ...topic.fields };
      for (const field of denies) delete fields[field];
      return { ...topic, fields };
    }),
  };
}

/**
 * @param told what the answer says of it, if it does.
 * @param group as it was before the answer.
 * @param areDeletionsHeld whether the answer deletes too much at once.
 */
export function judgeTopic(
  topic: Topic,
  told: VerifiedTopic | undefined,
  answer: Verification,
  { group, areDeletionsHeld, order }: { group: Group; areDeletionsHeld: boolean; order: Order },
): Judged<Topic> {
  const { at, caution } = answer;
  const { known } = topic;
  const isDeleted = viewTopic(topic, group).deletedAt !== null;
  const contradiction = {
    reason: 'contradiction',
    dueAt: dueAfter(known.heardAt, answer),
  } as const;
  const isDenied = isRecent(known.heardAt, answer);
  if (told) {
    if (isDeleted && isDenied) return { result: topic, ...contradiction };
    const { left, denies } = isDenied
      ? without(told.fields, known, groundFrom(group, caution))
      : { left: told.fields, denies: [] };
    const result = verifyTopic(topic, answer, { ...told, fields: left }, order);
    return denies.length > 0 ? { result, ...contradiction } : { result, reason: null, dueAt: null };
  }
  if (!isDeleted && isDenied) return { result: topic, ...contradiction };
  if (isDeleted || !areDeletionsHeld || !isDeletionHeld(known, answer)) {
    return { result: missTopic(topic, at, order), reason: null, dueAt: null };
  }
  const { missedAt = at } = known;
  return {
    result: { ...topic, known: { ...known, missedAt } },
    reason: 'deletions_held',
    dueAt: deletionsDueAt(missedAt, answer),
  };
}

/** Whether an answer deletes so many of the living topics which it speaks of that it may be a glitch. */
export function deletesTooMuch(
  missing: number,
  living: number,
  { caution }: Verification,
): boolean {
  if (caution.deletions !== 'judged') return caution.deletions === 'held';
  return missing > 0 && missing >= living * caution.groupShare;
}

/** When the second look is due after which nothing is left of what callbacks said while the answer was made. */
export function dueAfter(
  calledAt: Micros | undefined,
  { caution }: { readonly caution: Caution },
): Micros | null {
  return calledAt === undefined ? null : calledAt + caution.secondLookUs;
}

/** Whether a callback came so shortly before the question that the answer may not know it. */
export function isRecent(
  calledAt: Micros | undefined,
  { at, caution }: Pick<Verification, 'at' | 'caution'>,
): boolean {
  const { secondLookUs } = caution;
  return calledAt !== undefined && secondLookUs > 0 && at - calledAt < secondLookUs;
}

function denied(group: Group, calledAt: Micros | undefined, answer: Verification): JudgedGroup {
  const { asked } = answer;
  return {
    result: { ...group, asked, held: asked },
    reason: 'contradiction',
    dueAt: dueAfter(calledAt, answer),
    topics: null,
  };
}

/** Whether a deletion waits for an answer that comes later than the first which misses the same. */
function isDeletionHeld<F>(
  { missedAt }: Registers<F>,
  { at, caution: { deletions, deletionsWaitUs } }: Verification,
): boolean {
  if (deletions !== 'judged') return deletions === 'held';
  return deletionsWaitUs > 0 && !(missedAt !== undefined && at - missedAt >= deletionsWaitUs);
}

/** When another answer may carry out what was held back; one that the brake held back begins to wait anew. */
function deletionsDueAt(missedAt: Micros, { at, caution }: Verification): Micros {
  return (caution.deletions === 'held' ? at : missedAt) + caution.deletionsWaitUs;
}

/** What is left of the fields of an answer without those of which callbacks have said another value since the last. */
function without<F>(
  fields: Readonly<Partial<F>>,
  known: Registers<F>,
  groundAt: Micros,
): { left: Partial<F>; denies: (keyof F)[] } {
  const left: Partial<F> = { ...fields };
  const denies = keysOf(fields).filter((field) => {
    const stamp = known.stamps[field];
    const isSaid = stamp !== undefined && stamp[0] > groundAt;
    return isSaid && !isSame(known.values[field], fields[field]);
  });
  for (const field of denies) delete left[field];
  return { left, denies };
}
