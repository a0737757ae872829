// How a topic and its group look: what of all that is known of them can be seen.
import { isCustomGroupId, isCustomTopicId } from './id.js';
import { isLater, type Micros, type Moment, type Span } from './moment.js';
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
    createdAt: rebirth(topic, group)?.[0] ?? created?.[0][0] ?? null,
    deletedAt: deletedAt(topic, group),
  };
}

/** As `viewTopic`, with the dates that readers see; where these are the same in whole milliseconds, to the microsecond. */
export function viewStored(
  topic: Topic,
  group: Group,
  shown: Pick<TopicView, 'createdAt' | 'deletedAt'>,
): TopicView {
  const view = viewTopic(topic, group);
  const dateOf = (date: Micros | null, stored: Micros | null): Micros | null =>
    wholeMillis(date) === stored ? date : stored;
  return {
    ...view,
    createdAt: dateOf(view.createdAt, shown.createdAt),
    deletedAt: dateOf(view.deletedAt, shown.deletedAt),
  };
}

export function wholeMillis(at: Micros | null): Micros | null {
  return at === null ? null : Math.floor(at / 1000) * 1000;
}

export function viewGroup({ groupId, known }: Group): GroupView {
  const { values, created, gone } = known;
  return {
    name: values.name ?? null,
    type: values.type ?? null,
    ownerAccount: values.ownerAccount ?? null,
    destroyedAt: firstEnd(gone, created, isCustomGroupId(groupId)),
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

/** The first end that no later creation undid; an id of the vendor's own making never comes back. */
function deletedAt({ topicId, known }: Topic, group: Group): Micros | null {
  const { created, gone } = known;
  const own = firstEnd(gone, created, isCustomTopicId(topicId));
  const withGroup = firstEnd(group.known.gone, created, isCustomGroupId(group.groupId));
  return own === null || withGroup === null ? (own ?? withGroup) : Math.min(own, withGroup);
}

function firstEnd(
  gone: Span | undefined,
  created: Span | undefined,
  isRevivable: boolean,
): Micros | null {
  const last = created?.[1];
  const end = gone?.find((one) => !isRevivable || last === undefined || !isLater(last, one));
  return end?.[0] ?? null;
}

/** When the life began that followed an end, or `null` when there was only one. */
export function rebirth({ topicId, known }: Topic, group: Group): Moment | null {
  const born = known.created?.[1];
  if (born === undefined || !isCustomTopicId(topicId)) return null;
  return isAfterAnEnd(born, known.gone, group.known.gone) ? born : null;
}

/** Likewise of a group. */
export function groupRebirth({ groupId, known }: Group): Moment | null {
  const born = known.created?.[1];
  if (born === undefined || !isCustomGroupId(groupId)) return null;
  return isAfterAnEnd(born, known.gone) ? born : null;
}

export function isAfterAnEnd(born: Moment, ...ends: readonly (Span | undefined)[]): boolean {
  return ends.some((gone) => gone !== undefined && isLater(born, gone[0]));
}
