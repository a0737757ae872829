import { type CallbackBodies, type CallbackBody } from './callback-bodies.js';
import { Past, PastView, type VendorView } from './past.js';
import type { Random } from './random.js';
import {
  checkCustomGroupId,
  checkCustomTopicId,
  checkTexts,
  CODE,
  type CustomField,
  type Group,
  Refusal,
  type Topic,
  type TopicTexts,
} from './state.js';

export interface NewGroup {
  readonly groupId?: string;
  readonly type?: string;
  readonly name?: string;
  readonly ownerAccount?: string;
  readonly supportsTopics?: boolean;
}

export interface NewTopic extends Partial<TopicTexts> {
  readonly topicId?: string;
  readonly createTime?: number;
  readonly userDefinedDataList?: readonly CustomField[];
}

export interface TopicPatch extends Partial<TopicTexts> {
  readonly muteAllMember?: boolean;
}

interface HeldGroup extends Group {
  readonly topics: Map<string, Topic>;
}

export interface VendorOptions {
  readonly random: Random;
  readonly bodies: CallbackBodies;
  /** Called for every group that changed, with or without a callback. */
  readonly onChange: (groupId: string) => void;
  /** Called for every event that has a callback, in order. */
  readonly onEvent: (body: CallbackBody) => void;
}

const MAX_TOPICS = 200;
const NO_TEXTS: TopicTexts = {
  name: '',
  introduction: '',
  notification: '',
  faceUrl: '',
  customString: '',
};

/** The vendor's memory and its rules. Every method throws Refusal with the vendor's error code. */
export class Vendor implements VendorView {
  private readonly held = new Map<string, HeldGroup>();
  /** Ids in the order of creation, gaps where a group is gone: a page's `next` points into it. */
  private readonly order: (string | null)[] = [];
  private readonly used = new Set<string>();
  /** `null` until answers lag: it costs memory. */
  private past: Past | null = null;

  constructor(private readonly options: VendorOptions) {}

  /** Everything that exists now. */
  get groups(): ReadonlyMap<string, Group> {
    return this.held;
  }

  /** From now on `asOf` can go back as far as this moment. */
  rememberPast(): void {
    if (this.past !== null) return;
    this.past = new Past();
    for (const [groupId, group] of this.held) this.past.begin(groupId, group);
  }

  /** What was held so many milliseconds ago. */
  asOf(agoMs: number): VendorView {
    return this.past ? new PastView(this, this.past, performance.now() - agoMs) : this;
  }

  createGroup(wanted: NewGroup = {}, operator = 'administrator'): Group {
    const group = this.addGroup(wanted);
    this.tell(this.options.bodies.groupCreated(group, operator));
    return group;
  }

  /** Has no callback. */
  importGroup(wanted: NewGroup = {}): Group {
    return this.addGroup(wanted);
  }

  renameGroup(groupId: string, name: string, operator = 'administrator'): void {
    const group = this.replaceGroup(this.group(groupId), { name });
    this.tell(this.options.bodies.groupRenamed(group, operator));
  }

  changeOwner(groupId: string, ownerAccount: string, operator = 'administrator'): void {
    const before = this.group(groupId);
    const group = this.replaceGroup(before, { ownerAccount });
    this.tell(this.options.bodies.ownerChanged(group, before.ownerAccount, operator));
  }

  destroyGroup(groupId: string): void {
    const group = this.group(groupId);
    this.held.delete(groupId);
    this.changed(groupId);
    this.order[this.order.indexOf(groupId)] = null;
    this.tell(this.options.bodies.groupDestroyed(group));
  }

  createTopic(groupId: string, wanted: NewTopic = {}, operator = 'administrator'): Topic {
    const topic = this.addTopic(groupId, wanted);
    this.tell(this.options.bodies.topicCreated(this.group(groupId), topic, operator));
    return topic;
  }

  /** Has no callback. */
  importTopic(groupId: string, wanted: NewTopic = {}): Topic {
    return this.addTopic(groupId, wanted);
  }

  /** The callback holds what is new in name, introduction, notification or picture. */
  changeTopic(
    groupId: string,
    topicId: string,
    patch: TopicPatch,
    operator = 'administrator',
  ): void {
    checkTexts(patch);
    const group = this.topicGroup(groupId);
    const before = this.topic(group, topicId);
    const after = { ...before, ...patch };
    group.topics.set(topicId, after);
    this.changed(groupId);
    const { name, introduction, notification, faceUrl } = after;
    const texts = Object.entries({ name, introduction, notification, faceUrl }).filter(
      ([field, value]) => value !== Reflect.get(before, field),
    );
    if (texts.length === 0) return;
    const changed: Partial<TopicTexts> = Object.fromEntries(texts);
    this.tell(this.options.bodies.topicChanged(group, topicId, changed, operator));
  }

  /** @returns the error code for each id; one callback for all that were deleted. */
  destroyTopics(groupId: string, topicIds: readonly string[]): number[] {
    const group = this.topicGroup(groupId);
    const codes = topicIds.map((topicId) => (group.topics.delete(topicId) ? 0 : CODE.topicGone));
    this.changed(groupId);
    const destroyed = topicIds.filter((_, index) => codes[index] === 0);
    if (destroyed.length > 0) this.tell(this.options.bodies.topicsDestroyed(group, destroyed));
    return codes;
  }

  group(groupId: string): HeldGroup {
    const group = this.held.get(groupId);
    if (group) return group;
    if (!/^[\x20-\x7e]{1,48}$/.test(groupId)) throw new Refusal(CODE.badGroupId, 'bad group id');
    throw new Refusal(CODE.groupGone, 'this group does not exist or has been disbanded');
  }

  /** A community that has topics. */
  topicGroup(groupId: string): HeldGroup {
    const group = this.group(groupId);
    if (group.supportsTopics) return group;
    throw new Refusal(CODE.withoutTopics, 'this group does not support topics');
  }

  /** Groups from a place in the order of creation on; `next` is the place after them, or `null`. */
  listGroups(type: string | null, from: number, limit: number) {
    const groupIds: string[] = [];
    let index = from;
    for (; index < this.order.length && groupIds.length < limit; index += 1) {
      const groupId = this.order[index];
      const group = groupId ? this.held.get(groupId) : undefined;
      if (group && (type === null || group.type === type)) groupIds.push(group.groupId);
    }
    return { groupIds, next: index < this.order.length ? index : null };
  }

  countGroups(type: string | null): number {
    if (type === null) return this.held.size;
    return [...this.held.values()].filter((group) => group.type === type).length;
  }

  private addGroup(wanted: NewGroup): HeldGroup {
    const type = wanted.type ?? 'Community';
    if (wanted.groupId !== undefined) checkCustomGroupId(wanted.groupId, type);
    const prefix = type === 'Community' ? '@TGS#_@TGS#c' : '@TGS#';
    const groupId = wanted.groupId ?? this.newId(prefix);
    if (this.held.has(groupId)) throw new Refusal(CODE.idInUse, 'this group id is in use');
    const group: HeldGroup = {
      groupId,
      type,
      name: wanted.name ?? 'Community',
      ownerAccount: wanted.ownerAccount ?? 'administrator',
      supportsTopics: wanted.supportsTopics ?? type === 'Community',
      createTime: now(),
      topics: new Map(),
    };
    this.held.set(groupId, group);
    this.order.push(groupId);
    this.changed(groupId);
    return group;
  }

  private replaceGroup(group: HeldGroup, patch: Partial<Group>): HeldGroup {
    const replaced = { ...group, ...patch, topics: group.topics };
    this.held.set(group.groupId, replaced);
    this.changed(group.groupId);
    return replaced;
  }

  private addTopic(groupId: string, wanted: NewTopic): Topic {
    const group = this.topicGroup(groupId);
    if (wanted.topicId !== undefined) checkCustomTopicId(groupId, wanted.topicId);
    checkTexts(wanted);
    const topicId = wanted.topicId ?? this.newId(`${groupId}@TOPIC#_@TOPIC#c`);
    if (group.topics.has(topicId)) throw new Refusal(CODE.idInUse, 'this topic id is in use');
    if (group.topics.size >= MAX_TOPICS) throw new Refusal(CODE.tooMany, 'too many topics');
    const topic: Topic = {
      ...NO_TEXTS,
      name: 'Topic',
      muteAllMember: false,
      userDefinedDataList: [],
      createTime: now(),
      ...wanted,
      topicId,
    };
    group.topics.set(topicId, topic);
    this.changed(groupId);
    return topic;
  }

  private topic(group: Group, topicId: string): Topic {
    const topic = group.topics.get(topicId);
    if (topic) return topic;
    throw new Refusal(CODE.topicGone, 'this topic does not exist or has been deleted');
  }

  /** The vendor never gives an id of its own a second time. */
  private newId(prefix: string): string {
    for (;;) {
      const made = prefix + this.options.random.code(8);
      if (this.used.has(made)) continue;
      this.used.add(made);
      return made;
    }
  }

  private changed(groupId: string): void {
    this.past?.keep(groupId, this.held.get(groupId));
    this.options.onChange(groupId);
  }

  private tell(body: CallbackBody): void {
    this.options.onEvent(body);
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
