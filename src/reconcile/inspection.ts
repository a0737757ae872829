import { Inject, Injectable } from '@nestjs/common';
import { GROUPS_PER_CALL, RestClient } from '../tencent/rest-client.js';
import type { ChangeRow } from '../topics/snapshot.js';
import { idProblem } from '../topics/id.js';
import { TopicsService } from '../topics/topics.service.js';
import { isLastPage } from './listing.store.js';
import { look, type Look, setOf } from './look.js';
import { VisitsStore } from './visits.store.js';

/** What one group was found to be. */
export interface Inspected {
  readonly look: Look;
  /** In what the mirror differed. */
  readonly changes: readonly ChangeRow[];
  /** Neither the vendor nor the mirror knows it. */
  readonly isUnknown?: true;
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
  ) {}

  get isPossible(): boolean {
    return this.client !== null;
  }

  /** @param isKept whether the mirror is repaired; else nothing is written. */
  async *inspect(scope: Scope, isKept: boolean): AsyncGenerator<Inspected> {
    const { client } = this;
    if (client === null) return;
    for await (const groupIds of this.idsOf(client, scope)) {
      const question = await this.visits.question();
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
  }

  private async conclude(looked: Look, isKept: boolean, isUnknown: boolean): Promise<Inspected> {
    if (looked.kind === 'untold') return { look: looked, changes: [] };
    if (isUnknown) return { look: looked, changes: [], isUnknown };
    const set = setOf(looked.verification);
    const changes = await this.topics.preview([set]);
    if (isKept) await this.topics.apply(set);
    return { look: looked, changes };
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
