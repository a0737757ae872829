// What a topic and its group are after the vendor answered about them, pure. An answer replaces what callbacks
// said that were committed before the question was asked; what is committed since is laid upon it (topic.ts).
import type { Caution, Verification, VerifiedTopic } from './change.js';
import { type Micros, type Moment, type Order, PRECISION, type Span } from './moment.js';
import { keysOf, type Registers, type Stamp } from './registers.js';
import type { Group, Topic } from './topic.js';
import { viewGroup } from './topic-view.js';

/** What a topic is after the vendor told it whole. */
export function verifyTopic(
  topic: Topic | undefined,
  { groupId, at, caution }: Verification,
  { topicId, createdAt, fields }: VerifiedTopic,
  order: Order,
): Topic {
  const before = topic?.known;
  const told: Moment | null = createdAt === null ? null : [createdAt, PRECISION.requestTime, order];
  const created: Span | undefined = told === null ? before?.created : [told, told];
  return { groupId, topicId, known: { ...ground(before, fields, groundAt(at, caution)), created } };
}

/** What a topic is after the vendor did not list it. */
export function missTopic(topic: Topic, at: Micros, order: Order): Topic {
  return { ...topic, known: { ...topic.known, gone: endAt(at, order) } };
}

/** What a group is after the vendor told it whole, or that it is gone; an end keeps its date. */
export function verifyGroup(before: Group, answer: Verification, order: Order): Group {
  const { group, at, asked, caution } = answer;
  const { groupId, known, doubted, calledAt, reason } = before;
  const isLate = isHeardSince(before, asked);
  if (isLate) return { ...before, known: { ...known, verified: at }, asked };
  const state = { doubted, asked, calledAt, reason };
  if (group === null) {
    const isOver = viewGroup(before).destroyedAt !== null;
    const gone = isOver ? known.gone : endAt(at, order);
    return { groupId, known: { ...known, gone, verified: at }, ...state };
  }
  const { created } = known;
  const laid = ground(known, group, groundAt(at, caution));
  return { groupId, known: { ...laid, created, verified: at }, ...state };
}

function endAt(at: Micros, order: Order): Span {
  const end: Moment = [at, 1, order];
  return [end, end];
}

/** Whether a callback was heard of it after the question was asked, so that the answer is late. */
export function isHeardSince({ known }: Topic | Group, asked: number): boolean {
  return (known.heard ?? 0) > asked;
}

/**
 * Whether an answer must not be used: one to a later question is known, or it was asked for before the
 * database was set back to an earlier state, where fewer batches were committed.
 */
export function isOverruled({ asked }: Verification, group: Group, committed: number): boolean {
  return asked < (group.asked ?? 0) || asked > committed;
}

// An answer may be some seconds older than its question, and clocks differ: what a callback says that is
// dated in this time before it is laid upon the answer all the same, until the group was asked for again.
const GROUND_DEPTH_US = 60_000_000;

/** An answer as what all later callbacks are laid upon; what it does not name stays. */
function ground<F>(
  before: Registers<F> | undefined,
  fields: Readonly<Partial<F>>,
  groundedAt: Micros,
): Registers<F> {
  const values: Partial<F> = { ...before?.values, ...fields };
  const stamps: Partial<Record<keyof F, Stamp>> = { ...before?.stamps };
  for (const field of keysOf(fields)) stamps[field] = [groundedAt, 1];
  return { values, stamps, heard: before?.heard, heardAt: before?.heardAt };
}

/** Stamps above this are of callbacks that were laid upon the last answer. */
export function groundFrom({ known: { verified } }: Group, caution: Caution): Micros {
  return verified === undefined ? -Infinity : groundAt(verified, caution);
}

function groundAt(at: Micros, { secondLookUs }: Caution): Micros {
  return at - Math.max(GROUND_DEPTH_US, secondLookUs);
}
