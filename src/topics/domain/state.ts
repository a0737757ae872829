// The state of topics and groups that readers see, from their registers. Creations and deletions alone decide whether a
// topic is alive: a late update never restores it.
import { GROUP_FIELDS, TOPIC_FIELDS } from './fields.js';
import { isCustomGroupId, isCustomTopicId } from './id.js';
import { isLater, type Micros, type EventTime, type Span } from './event-time.js';
import { isSame, keysOf } from './lww-registers.js';
import type { Group, Topic } from './model.js';
import type { GroupFields, TopicFields } from './fields.js';

/** A topic as its readers see it. Dates are event dates. */
export interface TopicState extends TopicFields {
  readonly createdAt: Micros | null;
  readonly deletedAt: Micros | null;
}

export interface GroupState extends GroupFields {
  readonly destroyedAt: Micros | null;
}

// Copied whole, so that all states have one hidden class in V8.
const UNKNOWN_TOPIC = {
  ...unknown<TopicFields>(TOPIC_FIELDS),
  createdAt: null,
  deletedAt: null,
} satisfies TopicState;
const UNKNOWN_GROUP = {
  ...unknown<GroupFields>(GROUP_FIELDS),
  destroyedAt: null,
} satisfies GroupState;
const TOPIC_NAMES = keysOf(TOPIC_FIELDS);
const GROUP_NAMES = keysOf(GROUP_FIELDS);

/** All fields of a list, unknown. */
function unknown<Fields extends object>(list: Readonly<Record<keyof Fields, unknown>>): Fields {
  return Object.fromEntries(keysOf(list).map((name) => [name, null])) as Fields;
}

export function topicState(topic: Topic, group: Group): TopicState {
  const { values, created } = topic.registers;
  const state = { ...UNKNOWN_TOPIC } as Mutable<TopicState>;
  fill<TopicFields>(state, values, TOPIC_NAMES);
  state.createdAt = restoredAt(topic, group)?.[0] ?? created?.[0][0] ?? null;
  state.deletedAt = deletedAt(topic, group);
  return state;
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

function fill<Fields>(
  state: Mutable<Fields>,
  values: Readonly<Partial<Fields>>,
  names: readonly (keyof Fields)[],
): void {
  for (const name of names) {
    const value = values[name];
    if (value !== undefined) state[name] = value;
  }
}

/** As `topicState`, with the dates that readers see; where these are the same in whole milliseconds, to the microsecond. */
export function storedTopicState(
  topic: Topic,
  group: Group,
  shown: Pick<TopicState, 'createdAt' | 'deletedAt'>,
): TopicState {
  const state = topicState(topic, group);
  const dateOf = (date: Micros | null, stored: Micros | null): Micros | null =>
    wholeMillis(date) === stored ? date : stored;
  return {
    ...state,
    createdAt: dateOf(state.createdAt, shown.createdAt),
    deletedAt: dateOf(state.deletedAt, shown.deletedAt),
  };
}

export function wholeMillis(at: Micros | null): Micros | null {
  return at === null ? null : Math.floor(at / 1000) * 1000;
}

export function groupState({ groupId, registers }: Group): GroupState {
  const { values, created, deleted } = registers;
  const state = { ...UNKNOWN_GROUP } as Mutable<GroupState>;
  fill<GroupFields>(state, values, GROUP_NAMES);
  state.destroyedAt = firstDeletion(deleted, created, isCustomGroupId(groupId));
  return state;
}

export function isSameGroupState(a: GroupState, b: GroupState): boolean {
  return a.destroyedAt === b.destroyedAt && GROUP_NAMES.every((name) => isSame(a[name], b[name]));
}

/** 1 or 0, to be counted. */
export function isLive(state: TopicState | null): number {
  return state !== null && state.deletedAt === null ? 1 : 0;
}

/** The first end that no later creation undid; an id of the vendor's own making never comes back. */
function deletedAt({ topicId, registers }: Topic, group: Group): Micros | null {
  const { created, deleted } = registers;
  const own = firstDeletion(deleted, created, isCustomTopicId(topicId));
  const withGroup = firstDeletion(group.registers.deleted, created, isCustomGroupId(group.groupId));
  return own === null || withGroup === null ? (own ?? withGroup) : Math.min(own, withGroup);
}

function firstDeletion(
  deleted: Span | undefined,
  created: Span | undefined,
  isRestorable: boolean,
): Micros | null {
  const last = created?.[1];
  const end = deleted?.find((one) => !isRestorable || last === undefined || !isLater(last, one));
  return end?.[0] ?? null;
}

/** When the life began that followed an end, or `null` when there was only one. */
export function restoredAt({ topicId, registers }: Topic, group: Group): EventTime | null {
  const creation = registers.created?.[1];
  if (creation === undefined || !isCustomTopicId(topicId)) return null;
  return isAfterDeletion(creation, registers.deleted, group.registers.deleted) ? creation : null;
}

/** Likewise of a group. */
export function groupRestoredAt({ groupId, registers }: Group): EventTime | null {
  const creation = registers.created?.[1];
  if (creation === undefined || !isCustomGroupId(groupId)) return null;
  return isAfterDeletion(creation, registers.deleted) ? creation : null;
}

export function isAfterDeletion(
  creation: EventTime,
  ...ends: readonly (Span | undefined)[]
): boolean {
  return ends.some((end) => end !== undefined && isLater(creation, end[0]));
}
