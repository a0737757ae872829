// What the vendor held a moment ago: the source of answers that lag behind the callbacks.
import { CODE, type Group, Refusal } from './state.js';

/** All that the reading commands ask the vendor. */
export interface VendorView {
  /** @throws Refusal where there is none. */
  group(groupId: string): Group;
  /** A community that has topics. @throws Refusal where there is none. */
  topicGroup(groupId: string): Group;
  listGroups(type: string | null, from: number, limit: number): GroupList;
  countGroups(type: string | null): number;
}

export interface GroupList {
  readonly groupIds: readonly string[];
  readonly next: number | null;
}

interface Version {
  readonly since: number;
  /** `null`: it did not exist. */
  readonly group: Group | null;
}

const KEPT_MS = 30_000;

/** The versions of every group, as far back as answers may lag. */
export class Past {
  private readonly versions = new Map<string, Version[]>();

  /** A group as it was all the time before. */
  begin(groupId: string, group: Group): void {
    this.versions.set(groupId, [{ since: 0, group: copyOf(group) }]);
  }

  /** To be called after every change. */
  keep(groupId: string, group: Group | undefined): void {
    const now = performance.now();
    const versions = this.versions.get(groupId) ?? [{ since: 0, group: null }];
    while ((versions[1]?.since ?? now) < now - KEPT_MS) versions.shift();
    versions.push({ since: now, group: group ? copyOf(group) : null });
    this.versions.set(groupId, versions);
  }

  groupAt(groupId: string, at: number): Group | null {
    return this.versions.get(groupId)?.findLast(({ since }) => since <= at)?.group ?? null;
  }
}

/** The vendor as it was; its list of groups is that of now. */
export class PastView implements VendorView {
  constructor(
    private readonly now: VendorView,
    private readonly past: Past,
    private readonly at: number,
  ) {}

  group(groupId: string): Group {
    const group = this.past.groupAt(groupId, this.at);
    if (group) return group;
    // Refuses a bad id as today's vendor does.
    this.now.group(groupId);
    throw new Refusal(CODE.groupGone, 'this group does not exist yet');
  }

  topicGroup(groupId: string): Group {
    const group = this.group(groupId);
    if (group.supportsTopics) return group;
    throw new Refusal(CODE.withoutTopics, 'this group does not support topics');
  }

  listGroups(type: string | null, from: number, limit: number): GroupList {
    return this.now.listGroups(type, from, limit);
  }

  countGroups(type: string | null): number {
    return this.now.countGroups(type);
  }
}

function copyOf(group: Group): Group {
  return { ...group, topics: new Map(group.topics) };
}
