// The merge rules, pure: what a topic and its group are after something was said about them.
//
// Of each field the latest value said stays. A deletion leaves a tombstone, also of a topic never
// seen; a later creation revives it only where the app chose the id, since the vendor never uses an
// id of its own making again, and then what was said before that creation is forgotten. The end of
// a group is the end of every topic that was not created after it. All of this is made of maxima
// and minima (registers.ts): order and number of deliveries do not matter.
import type { GroupChange, TopicChange } from './change.js';
import { isCustomGroupId, isCustomTopicId } from './id.js';
import {
  absorb,
  forgetBefore,
  type Micros,
  NOTHING_KNOWN,
  type Registers,
  type Span,
} from './registers.js';

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
}

/** A topic as its readers see it. Dates are event dates. */
export interface TopicView extends TopicFields {
  readonly createdAt: Micros | null;
  readonly deletedAt: Micros | null;
}

export interface GroupView extends GroupFields {
  readonly destroyedAt: Micros | null;
}

/** `doubtful`: what came out is a guess (a tie, a revival), the vendor should be asked. */
export interface Merged<T> {
  readonly merged: T;
  readonly doubtful: boolean;
}

export function mergeTopic(
  topic: Topic | undefined,
  change: TopicChange,
  group: Group,
): Merged<Topic> {
  const before = topic ?? {
    groupId: change.groupId,
    topicId: change.topicId,
    known: NOTHING_KNOWN,
  };
  const { known, tie } = absorb<TopicFields>(before.known, {
    kind: change.kind === 'deleted' ? 'gone' : change.kind,
    at: change.at,
    fields: change.fields,
  });
  const merged = { ...before, known };
  return {
    merged: settleTopic(merged, group),
    doubtful: tie || rebirth(merged, group) !== rebirth(before, group),
  };
}

/** A topic without what was said of an earlier life under the same id, as its group stands now. */
export function settleTopic(topic: Topic, group: Group): Topic {
  const born = rebirth(topic, group);
  return born === null ? topic : { ...topic, known: forgetBefore(topic.known, born) };
}

export function mergeGroup(group: Group | undefined, change: GroupChange): Merged<Group> {
  const before = group ?? { groupId: change.groupId, known: NOTHING_KNOWN };
  if (change.kind === 'seen') return { merged: before, doubtful: false };
  const { known, tie } = absorb<GroupFields>(before.known, {
    kind: change.kind === 'destroyed' ? 'gone' : change.kind,
    at: change.at,
    fields: change.fields,
  });
  return { merged: { ...before, known }, doubtful: tie };
}

export function viewTopic(topic: Topic, group: Group): TopicView {
  const { values, created } = topic.known;
  return {
    name: values.name ?? null,
    type: values.type ?? null,
    ownerAccount: values.ownerAccount ?? null,
    operatorAccount: values.operatorAccount ?? null,
    introduction: values.introduction ?? null,
    notification: values.notification ?? null,
    faceUrl: values.faceUrl ?? null,
    customString: values.customString ?? null,
    muteAllMember: values.muteAllMember ?? null,
    userDefinedDataList: values.userDefinedDataList ?? null,
    createdAt: rebirth(topic, group) ?? created?.[0] ?? null,
    deletedAt: deletedAt(topic, group),
  };
}

export function viewGroup({ groupId, known }: Group): GroupView {
  const { values, created, gone } = known;
  return {
    name: values.name ?? null,
    type: values.type ?? null,
    ownerAccount: values.ownerAccount ?? null,
    destroyedAt: isOver(gone, created, isCustomGroupId(groupId)),
  };
}

function deletedAt(topic: Topic, group: Group): Micros | null {
  const { created, gone } = topic.known;
  const own = isOver(gone, created, isCustomTopicId(topic.topicId));
  const withGroup = isOver(group.known.gone, created, isCustomGroupId(group.groupId));
  return own === null || withGroup === null ? (own ?? withGroup) : Math.max(own, withGroup);
}

/** The date of the end, or `null` when nothing ended or a later creation undid it. */
function isOver(
  gone: Span | undefined,
  created: Span | undefined,
  revivable: boolean,
): Micros | null {
  if (gone === undefined) return null;
  const isRevived = revivable && created !== undefined && created[1] > gone[1];
  return isRevived ? null : gone[1];
}

/** When the life began that followed an end, or `null` when there was only one. */
function rebirth(topic: Topic, group: Group): Micros | null {
  const { created, gone } = topic.known;
  if (created === undefined || !isCustomTopicId(topic.topicId)) return null;
  const ends = [gone?.[0], group.known.gone?.[0]].filter((end) => end !== undefined);
  return ends.some((end) => created[1] > end) ? created[1] : null;
}
