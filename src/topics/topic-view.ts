// How a topic and its group look: what of all that is known of them can be seen.
import { isCustomGroupId, isCustomTopicId } from './id.js';
import type { Micros, Span } from './registers.js';
import type { Group, GroupFields, Topic, TopicFields } from './topic.js';

/** A topic as its readers see it. Dates are event dates. */
export interface TopicView extends TopicFields {
  readonly createdAt: Micros | null;
  readonly deletedAt: Micros | null;
}

export interface GroupView extends GroupFields {
  readonly destroyedAt: Micros | null;
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

export function isSameView(a: GroupView, b: GroupView): boolean {
  return (
    a.name === b.name &&
    a.type === b.type &&
    a.ownerAccount === b.ownerAccount &&
    a.destroyedAt === b.destroyedAt
  );
}

/** 1 or 0, to be counted. */
export function isLive(view: TopicView | null): number {
  return view !== null && view.deletedAt === null ? 1 : 0;
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
export function rebirth(topic: Topic, group: Group): Micros | null {
  const { created, gone } = topic.known;
  if (created === undefined || !isCustomTopicId(topic.topicId)) return null;
  const ends = [gone?.[0], group.known.gone?.[0]].filter((end) => end !== undefined);
  return ends.some((end) => created[1] > end) ? created[1] : null;
}
