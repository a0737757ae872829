import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from './random.js';
import type { Group, Topic } from './state.js';
import type { Vendor } from './vendor.js';

export interface LifeOptions {
  readonly vendor: Vendor;
  readonly random: Random;
  /** Receives a sentence for each event. */
  readonly tell: (line: string) => void;
}

interface Deed {
  readonly weight: number;
  readonly act: (life: Life) => string | null;
}

const COMMUNITIES = 3;
const MAX_TOPICS = 12;

// What people of a community do, and how often.
const DEEDS: readonly Deed[] = [
  { weight: 6, act: (life) => life.createTopic() },
  { weight: 4, act: (life) => life.renameTopic() },
  { weight: 2, act: (life) => life.announce() },
  { weight: 2, act: (life) => life.destroyTopic() },
  { weight: 1, act: (life) => life.muteTopic() },
  { weight: 1, act: (life) => life.importTopic() },
  { weight: 1, act: (life) => life.changeOwner() },
];

const SUBJECTS = ['Cats', 'Trains', 'Chess', 'Bread', 'Stars', 'Rivers', 'Tea', 'Books'];
const KINDS = ['news', 'talk', 'help', 'photos', 'meetings'];
const PEOPLE = ['ada', 'grace', 'linus', 'barbara', 'edsger'];

/** Communities that live: every deed changes something, and most of them send a callback. */
export class Life {
  constructor(private readonly options: LifeOptions) {}

  /** Does something about every `everyMs` until the signal comes. */
  async run(everyMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.step();
      await sleep(everyMs * (0.5 + this.options.random.next()), undefined, { signal }).catch(
        (error: unknown) => {
          if (!signal.aborted) throw error;
        },
      );
    }
  }

  /** One deed. */
  step(): void {
    const { vendor, tell } = this.options;
    const event = vendor.groups.size < COMMUNITIES ? this.createCommunity() : this.draw();
    if (event !== null) tell(event);
  }

  createCommunity(): string {
    const name = `${this.oneOf(SUBJECTS)} lovers`;
    const owner = this.oneOf(PEOPLE);
    const group = this.options.vendor.createGroup({ name, ownerAccount: owner }, owner);
    return `${owner} created the community "${name}" (${group.groupId})`;
  }

  createTopic(): string | null {
    const group = this.oneGroup();
    if (!group || group.topics.size >= MAX_TOPICS) return this.destroyTopic();
    const name = this.newName();
    const by = this.oneOf(PEOPLE);
    const userDefinedDataList = [{ Key: 'Priority', Value: this.oneOf(['high', 'low']) }];
    this.options.vendor.createTopic(group.groupId, { name, userDefinedDataList }, by);
    return `${by} created the topic "${name}" in "${group.name}"`;
  }

  renameTopic(): string | null {
    return this.withTopic((group, topic, by) => {
      const name = this.newName();
      this.options.vendor.changeTopic(group.groupId, topic.topicId, { name }, by);
      return `${by} renamed the topic "${topic.name}" to "${name}" (the callback does not say which)`;
    });
  }

  announce(): string | null {
    return this.withTopic((group, topic, by) => {
      const notification = `${this.oneOf(SUBJECTS)} on Sunday!`;
      this.options.vendor.changeTopic(group.groupId, topic.topicId, { notification }, by);
      return `${by} announced "${notification}" in "${topic.name}" (the callback does not say where)`;
    });
  }

  muteTopic(): string | null {
    return this.withTopic((group, topic, by) => {
      const muteAllMember = !topic.muteAllMember;
      this.options.vendor.changeTopic(group.groupId, topic.topicId, { muteAllMember }, by);
      return `${by} ${muteAllMember ? 'muted' : 'unmuted'} "${topic.name}" (without a callback)`;
    });
  }

  importTopic(): string | null {
    const group = this.oneGroup();
    if (!group || group.topics.size >= MAX_TOPICS) return null;
    const name = this.newName();
    this.options.vendor.importTopic(group.groupId, { name });
    return `"${name}" was imported into "${group.name}" (without a callback)`;
  }

  destroyTopic(): string | null {
    return this.withTopic((group, topic, by) => {
      this.options.vendor.destroyTopics(group.groupId, [topic.topicId]);
      return `${by} deleted the topic "${topic.name}" of "${group.name}"`;
    });
  }

  changeOwner(): string | null {
    const group = this.oneGroup();
    const owner = this.oneOf(PEOPLE);
    if (!group || group.ownerAccount === owner) return null;
    this.options.vendor.changeOwner(group.groupId, owner, group.ownerAccount);
    return `${group.ownerAccount} gave the community "${group.name}" to ${owner}`;
  }

  private draw(): string | null {
    const total = DEEDS.reduce((sum, deed) => sum + deed.weight, 0);
    let left = this.options.random.below(total);
    for (const deed of DEEDS) {
      left -= deed.weight;
      if (left < 0) return deed.act(this);
    }
    return null;
  }

  private withTopic(act: (group: Group, topic: Topic, by: string) => string): string | null {
    const group = this.oneGroup();
    const topic = group && this.options.random.pick([...group.topics.values()]);
    if (!group || !topic) return null;
    return act(group, topic, this.oneOf(PEOPLE));
  }

  private oneGroup(): Group | undefined {
    return this.options.random.pick([...this.options.vendor.groups.values()]);
  }

  private newName(): string {
    return `${this.oneOf(SUBJECTS)} ${this.oneOf(KINDS)} ${this.options.random.below(1000)}`;
  }

  private oneOf(words: readonly string[]): string {
    return this.options.random.pick(words) ?? '';
  }
}
