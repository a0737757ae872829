import { Inject, Injectable } from '@nestjs/common';
import { GROUPS_PER_CALL, RestClient } from '../tencent/rest-client.js';
import type { ChangeRow } from '../topics/snapshot.js';
import type { StaleReason } from '../topics/topic.js';
import { idProblem } from '../topics/id.js';
import { TopicsService } from '../topics/topics.service.js';
import { Brake } from './brake.store.js';
import { isLastPage } from './listing.store.js';
import { look, type Look, setOf } from './look.js';
import { VisitsStore } from './visits.store.js';

/** What one group was found to be. */
export interface Inspected {
  readonly look: Look;
  /** In what the mirror differed. */
  readonly changes: readonly ChangeRow[];
  /** Why the answer did not settle all, and from when on another one may. */
  readonly left?: { readonly reason: StaleReason; readonly at: Date };
  /** Neither the vendor nor the mirror knows it. */
  readonly isUnknown?: true;
}

export interface Repair {
  /** Whether the mirror is repaired; else nothing is written. */
  readonly isKept: boolean;
  /** Whether deletions are carried out that would be held back. */
  readonly isConfirmed: boolean;
}

/** Which groups: one, all of the app and of the mirror, or those that a callback outdated. */
export type Scope = { readonly groupId: string } | 'all' | 'outdated' | 'listed';

/** Compares groups with the vendor here and now, whoever else does, and tells what differs. */
@Injectable()
export class Inspection {
  constructor(
    @Inject(RestClient) private readonly client: RestClient | null,
    private readonly topics: TopicsService,
    private readonly visits: VisitsStore,
    private readonly brake: Brake,
  ) {}

  get isPossible(): boolean {
    return this.client !== null;
  }

  async *inspect(scope: Scope, { isKept, isConfirmed }: Repair): AsyncGenerator<Inspected> {
    const { client } = this;
    if (client === null) return;
    for await (const groupIds of this.idsOf(client, scope)) {
      const question = await this.visits.question(await this.brake.caution(isConfirmed));
      const counts = await this.visits.topicCounts(groupIds);
      const infos = await client.getGroups(groupIds);
      const looks = infos.map((info) => {
        const topicCount = counts.get(info.groupId) ?? null;
        return look(info, question, { client, topicCount }).then((looked) => {
          const isUnknown = looked.kind === 'gone' && topicCount === null;
          return this.conclude(looked, isKept, isUnknown);
        });
      });
      // In their order; all of them have been asked for by now.
      for (const inspected of await Promise.all(looks)) yield inspected;
    }
    // What an operator has confirmed for all of the app is no glitch.
    if (isConfirmed && isKept && scope === 'all') await this.brake.release();
  }

  private async conclude(looked: Look, isKept: boolean, isUnknown: boolean): Promise<Inspected> {
    if (looked.kind === 'untold') return { look: looked, changes: [] };
    if (isUnknown) return { look: looked, changes: [], isUnknown };
    const set = setOf(looked.verification);
    const { changes, groups, applied } = await this.topics.preview([set]);
    const [{ secondLookAt = null } = {}] = isKept ? [await this.topics.apply(set)] : applied;
    const { caution } = looked.verification;
    if (isKept && caution.deletions !== 'confirmed') {
      await this.brake.count(changes.filter(({ kind }) => kind === 'deleted').length);
    }
    const group = groups.find((row) => row.group.groupId === looked.verification.groupId);
    const reason = group?.doubtedAt ? group.group.reason : undefined;
    if (!reason) return { look: looked, changes };
    const at = secondLookAt === null ? new Date() : new Date(secondLookAt / 1000);
    return { look: looked, changes, left: { reason, at } };
  }

  private async *idsOf(client: RestClient, scope: Scope): AsyncGenerator<readonly string[]> {
    if (typeof scope === 'object') {
      yield [scope.groupId];
      return;
    }
    const listed = new Set<string>();
    if (scope !== 'outdated') {
      let count = 0;
      for (let next: bigint | null = null; next !== 0n;) {
        const page = await client.listCommunities({ next: next ?? 0n });
        count += page.groupIds.length;
        const groupIds = page.groupIds.filter((groupId) => idProblem(groupId) === null);
        for (const groupId of groupIds) if (scope === 'all') listed.add(groupId);
        for (let start = 0; start < groupIds.length; start += GROUPS_PER_CALL) {
          yield groupIds.slice(start, start + GROUPS_PER_CALL);
        }
        next = isLastPage(page, count) ? 0n : page.next;
      }
      if (scope === 'listed') return;
    }
    const kind = scope === 'all' ? 'living' : 'outdated';
    for (let after = ''; ;) {
      const groupIds = await this.visits.mirrored(kind, after, GROUPS_PER_CALL);
      const last = groupIds.at(-1);
      if (last === undefined) return;
      const others = groupIds.filter((groupId) => !listed.has(groupId));
      if (others.length > 0) yield others;
      after = last;
    }
  }
}
