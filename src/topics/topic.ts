// The merge rules, pure: what a topic and its group are after something was said about them.
//
// Of each field the latest value said stays. A deletion leaves a tombstone, also of a topic never
// seen; a later creation revives it only where the app chose the id, since the vendor never uses an
// id of its own making again, and then what was said before that creation is forgotten. The end of
// a group is the end of every topic that was not created after it, and its new owner is theirs. All
// of this is made of maxima and minima (registers.ts): order and number of deliveries do not matter.
//
// An answer of the vendor is the ground under all that: it replaces what callbacks said that were committed
// before the question was asked, and whatever is committed since is laid upon it. The number of the batch
// tells the two apart, which all processes share; clocks do not.
import type { GroupChange, TopicChange, Verification, VerifiedTopic } from './change.js';
import {
  absorb,
  forgetBefore,
  GROUND,
  isSameKnowledge,
  keysOf,
  type Micros,
  NOTHING_KNOWN,
  type Registers,
  type Span,
  type Stamp,
} from './registers.js';
import { rebirth, viewGroup } from './topic-view.js';

/** What is told of a topic; `null`: never learned. */
export interface TopicFields {
  name: string | null;
  type: string | null;
  ownerAccount: string | null;
  operatorAccount: string | null;
  introduction: string | null;
  notification: string | null;
  faceUrl: string | null;
  customString: string | null;
  muteAllMember: boolean | null;
  /** As the vendor sent it: `[{ "Key": …, "Value": … }]`. */
  userDefinedDataList: readonly unknown[] | null;
}

export interface GroupFields {
  name: string | null;
  type: string | null;
  ownerAccount: string | null;
}

export interface Topic {
  readonly groupId: string;
  readonly topicId: string;
  readonly known: Registers<TopicFields>;
}

export interface Group {
  readonly groupId: string;
  readonly known: Registers<GroupFields>;
  /** The last change of owner. A creation only repeats who owns the group, so it is no such change. */
  readonly handover?: Handover | undefined;
  /** The number of the batch in which the last doubt about it came up. */
  readonly doubted?: number | undefined;
  /** How many batches were committed when the vendor was asked whose answer was compared last. */
  readonly asked?: number | undefined;
}

export type Handover = readonly [at: Micros, ownerAccount: string | null];

/** `doubtful`: what came out is a guess (a tie, a revival), the vendor should be asked. */
export interface Merged<T> {
  readonly merged: T;
  readonly doubtful: boolean;
}

/**
 * What a topic is after a callback of the batch with that number. The answer that is known was asked
 * for before, since it is committed: a callback whose date is earlier all the same may be a late one.
 */
export function mergeTopic(
  topic: Topic | undefined,
  change: TopicChange,
  group: Group,
  batch: number,
): Merged<Topic> {
  const { groupId, topicId } = change;
  const before = topic ?? { groupId, topicId, known: NOTHING_KNOWN };
  const { known, tie } = absorb<TopicFields>(before.known, {
    kind: change.kind === 'deleted' ? 'gone' : change.kind,
    at: change.at,
    fields: change.fields,
  });
  const merged = settleTopic({ ...before, known: hear(known, batch) }, group);
  if (topic && isSameKnowledge(topic.known, merged.known)) return { merged, doubtful: tie };
  return {
    merged,
    doubtful:
      tie || isBeforeAnswer(group, change.at) || rebirth(merged, group) !== rebirth(before, group),
  };
}

/**
 * A topic as its group stands now: without what was said of an earlier life under the same id, and
 * with the owner that the group was given since. The same object if it is no other.
 */
export function settleTopic(topic: Topic, group: Group): Topic {
  const born = rebirth(topic, group);
  const known = born === null ? topic.known : forgetBefore(topic.known, born);
  const { handover } = group;
  if (handover) {
    const [at, ownerAccount] = handover;
    const taken = absorb<TopicFields>(known, { kind: 'updated', at, fields: { ownerAccount } });
    if (!isSameKnowledge(taken.known, known)) return { ...topic, known: taken.known };
  }
  return known === topic.known ? topic : { ...topic, known };
}

/** What a topic is after the vendor told it whole. */
export function verifyTopic(
  topic: Topic | undefined,
  groupId: string,
  { topicId, createdAt, fields }: VerifiedTopic,
): Topic {
  const before = topic?.known;
  const created: Span | undefined = createdAt === null ? before?.created : [createdAt, createdAt];
  return { groupId, topicId, known: { ...ground(before, fields), created } };
}

/** What a topic is after the vendor did not list it. */
export function missTopic(topic: Topic, at: Micros): Topic {
  return { ...topic, known: { ...topic.known, gone: [at, at] } };
}

export function mergeGroup(group: Group, change: GroupChange, batch: number): Merged<Group> {
  if (change.kind === 'doubted') return { merged: group, doubtful: true };
  const { known, tie } = absorb<GroupFields>(group.known, {
    kind: change.kind === 'destroyed' ? 'gone' : change.kind,
    at: change.at,
    fields: change.fields,
  });
  const handover = laterHandover(group.handover, change);
  const { groupId, doubted, asked } = group;
  const merged = { groupId, known: hear(known, batch), handover, doubted, asked };
  const isNews = !isSameKnowledge(group.known, known) || handover !== group.handover;
  return { merged, doubtful: tie || (isNews && isBeforeAnswer(group, change.at)) };
}

function laterHandover(
  known: Handover | undefined,
  { kind, at, fields }: GroupChange,
): Handover | undefined {
  const { ownerAccount } = fields;
  if (kind !== 'updated' || ownerAccount === undefined) return known;
  if (known && (known[0] > at || (known[0] === at && (known[1] ?? '') >= (ownerAccount ?? '')))) {
    return known;
  }
  return [at, ownerAccount];
}

/** What a group is after the vendor told it whole, or that it is gone; an end keeps its date. */
export function verifyGroup(before: Group, { group, at, asked }: Verification): Group {
  const { groupId, known, doubted } = before;
  const isLate = isHeardSince(before, asked);
  if (isLate) return { ...before, known: { ...known, verified: at }, asked };
  if (group === null) {
    const isOver = viewGroup(before).destroyedAt !== null;
    const gone: Span | undefined = isOver ? known.gone : [at, at];
    return { groupId, known: { ...known, gone, verified: at }, doubted, asked };
  }
  const { created } = known;
  return { groupId, known: { ...ground(known, group), created, verified: at }, doubted, asked };
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

/** Whether the date of a callback lies before the question, although it was committed after it. */
function isBeforeAnswer({ known }: Group, at: Micros): boolean {
  return known.verified !== undefined && at <= known.verified;
}

function hear<F>(known: Registers<F>, batch: number): Registers<F> {
  const { values, stamps, created, gone, verified } = known;
  return { values, stamps, created, gone, heard: batch, verified };
}

/** An answer as what all later callbacks are laid upon; what it does not name stays. */
function ground<F>(before: Registers<F> | undefined, fields: Readonly<Partial<F>>): Registers<F> {
  const values: Partial<F> = { ...before?.values, ...fields };
  const stamps: Partial<Record<keyof F, Stamp>> = {};
  for (const field of keysOf(values)) stamps[field] = GROUND;
  return { values, stamps, heard: before?.heard };
}
