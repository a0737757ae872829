// The merge rules, pure: what a topic and its group are after something was said about them.
//
// Of each field the latest value said stays; where dates cannot tell which that is (moment.ts), the last to
// arrive, and the group is stale. A deletion leaves a tombstone, also of a topic never
// seen; a later creation revives it only where the app chose the id, since the vendor never uses an
// id of its own making again, and then what was said before that creation is forgotten. The end of
// a group is the end of every topic that was not created after it, and its new owner is theirs. All
// of this is made of maxima and minima (registers.ts): order and number of deliveries matter only where
// dates cannot tell.
//
// An answer of the vendor is the ground under all that: it replaces what callbacks said that were committed
// before the question was asked, and whatever is committed since is laid upon it. The number of the batch
// tells the two apart, which all processes share; clocks do not.
import type { GroupChange, TopicChange } from './change.js';
import { absorbTopic, forgetTopicBefore, type StoredField } from './custom-field.js';
import {
  type Arrival,
  compareDates,
  type Dated,
  isExact,
  isTie,
  type Micros,
  type Moment,
  type Order,
  PRECISION,
} from './moment.js';
import { absorb, isSameKnowledge, NOTHING_KNOWN, type Registers } from './registers.js';
import { isCustomGroupId, isCustomTopicId } from './id.js';
import { groupRebirth, isAfterAnEnd, rebirth } from './topic-view.js';

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
  userDefinedDataList: readonly StoredField[] | null;
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
  /** The `asked` of the answer of which something was held back. */
  readonly held?: number | undefined;
  /** When the last callback came that names it or a topic of it, by the database's clock. */
  readonly calledAt?: Micros | undefined;
  /** Why it is stale, if it is. */
  readonly reason?: StaleReason | undefined;
}

/**
 * Why the vendor has to be asked for a group. `unspecific_callback`: something changed, and the callback does not
 * say what; `ambiguous_order`: dates cannot tell what came last; `concurrent_callback`: it came while the vendor was
 * asked; `contradiction`: an answer denies what a callback has just said; `deletions_held`: answers miss topics that
 * no callback deleted.
 */
export const STALE_REASONS = [
  'unspecific_callback',
  'ambiguous_order',
  'concurrent_callback',
  'contradiction',
  'deletions_held',
] as const;
export type StaleReason = (typeof STALE_REASONS)[number];

export type Handover = readonly [at: Micros, ownerAccount: string | null, precision?: Micros];

/** `doubtful`: what came out is a guess (a tie, a revival), the vendor should be asked. */
export interface Merged<T> {
  readonly merged: T;
  readonly doubtful: boolean;
}

/**
 * What a topic is after a callback. The answer that is known was asked for before, since it is committed:
 * a callback that is not dated later all the same may be a late one.
 */
export function mergeTopic(
  topic: Topic | undefined,
  change: TopicChange,
  group: Group,
  arrival: Arrival,
): Merged<Topic> {
  const { order } = arrival;
  const { groupId, topicId, kind, at, precision, fields } = change;
  const before = topic ?? { groupId, topicId, known: NOTHING_KNOWN };
  const moment: Moment = [at, precision, order];
  const { known, tie } = absorbTopic(
    kind === 'created' ? beforeCreation(before, group, moment) : before.known,
    { kind: kind === 'deleted' ? 'gone' : kind, at, precision, order, fields },
  );
  const merged = settleTopic({ ...before, known: hear(known, arrival) }, group);
  const isUnsure = tie || (kind !== 'updated' && isTiedLife(before, merged, group, moment));
  const isNews = topic === undefined || !isSameKnowledge(topic.known, merged.known);
  return {
    merged: isNews || !isExact(precision) ? merged : before,
    doubtful:
      isUnsure ||
      isBeforeAnswer(group, change) ||
      (isNews && isReborn(rebirth(merged, group), rebirth(before, group))),
  };
}

/** What is left when a creation comes: without what an earlier life said, also where dates cannot tell. */
function beforeCreation(topic: Topic, group: Group, born: Moment): Registers<TopicFields> {
  const { known, topicId } = topic;
  if (!isCustomTopicId(topicId) || !isAfterAnEnd(born, known.gone, group.known.gone)) return known;
  return forgetTopicBefore(known, (at) => at < born[0] + born[1]);
}

/** Whether dates cannot tell if a topic began or ended last; those of the vendor's making begin but once. */
function isTiedLife(
  before: Topic,
  { known }: Topic,
  group: Group,
  [at, precision]: Moment,
): boolean {
  const born = known.created?.[1];
  const { gone } = group.known;
  if (isCustomGroupId(group.groupId) && isTie(born, gone?.[1])) return true;
  if (!isCustomTopicId(before.topicId)) return false;
  if (isTie(born, known.gone?.[0]) || isTie(born, known.gone?.[1]) || isTie(born, gone?.[0]))
    return true;
  const last = before.known.created?.[1];
  const isRepeat = last?.[0] === at && last[1] === precision;
  return !isRepeat && known.created !== before.known.created && isTie(last, born);
}

function isReborn(now: Moment | null, before: Moment | null): boolean {
  return now?.[0] !== before?.[0] || now?.[1] !== before?.[1];
}

const NOT_ARRIVED: Order = [0, 0];

/**
 * A topic as its group stands now: without what was said of an earlier life under the same id, and
 * with the owner that the group was given since. The same object if it is no other.
 */
export function settleTopic(topic: Topic, group: Group): Topic {
  const born = rebirth(topic, group);
  const known =
    born === null
      ? topic.known
      : forgetTopicBefore(
          topic.known,
          (at, precision) => compareDates(at, precision, born[0], born[1]) < 0,
        );
  const { handover } = group;
  if (handover) {
    const [at, ownerAccount, precision = 1] = handover;
    const fields = { ownerAccount };
    const said = { kind: 'updated', at, precision, order: NOT_ARRIVED, fields } as const;
    const taken = absorb<TopicFields>(known, said);
    if (!isSameKnowledge(taken.known, known)) return { ...topic, known: taken.known };
  }
  return known === topic.known ? topic : { ...topic, known };
}

export function mergeGroup(group: Group, change: GroupChange, arrival: Arrival): Merged<Group> {
  const { order } = arrival;
  if (change.kind === 'doubted') return { merged: group, doubtful: true };
  const { kind, at, precision, fields } = change;
  const { known, tie } = absorb<GroupFields>(group.known, {
    kind: kind === 'destroyed' ? 'gone' : kind,
    at,
    precision,
    order,
    fields,
  });
  const handover = laterHandover(group.handover, change);
  const { groupId, doubted, asked, held, calledAt, reason } = group;
  const state = { doubted, asked, held, calledAt, reason };
  const merged = { groupId, known: hear(known, arrival), handover, ...state };
  const isNews = !isSameKnowledge(group.known, known) || handover !== group.handover;
  const isUnsure = tie || (kind !== 'updated' && isCustomGroupId(groupId) && isTiedEnd(known));
  return {
    merged: isNews || !isExact(precision) ? merged : group,
    doubtful:
      isUnsure ||
      isBeforeAnswer(group, change) ||
      (isNews && isReborn(groupRebirth(merged), groupRebirth(group))),
  };
}

function isTiedEnd({ created, gone }: Registers<GroupFields>): boolean {
  return isTie(created?.[1], gone?.[0]) || isTie(created?.[1], gone?.[1]);
}

function laterHandover(
  known: Handover | undefined,
  { kind, at, precision, fields }: GroupChange,
): Handover | undefined {
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
 * Whether a callback, committed after an answer, may tell what the answer knows already: it is not dated
 * by the vendor, or not later than the question.
 */
function isBeforeAnswer({ known }: Group, { at, precision }: Dated): boolean {
  if (known.verified === undefined) return false;
  return precision === PRECISION.arrival || compareDates(at, precision, known.verified, 1) <= 0;
}

function hear<F>(known: Registers<F>, { order, at }: Arrival): Registers<F> {
  const { values, stamps, created, gone, verified } = known;
  return { values, stamps, created, gone, heard: order[0], heardAt: at, verified };
}
