import { Inject, Injectable } from '@nestjs/common';
import { GROUPS_PER_CALL, RestClient } from '../tencent/rest-client.js';
import type { ChangeRow } from '../topics/domain/rows.js';
import type { StaleReason } from '../topics/domain/model.js';
import { idProblem } from '../topics/domain/id.js';
import { TopicsService } from '../topics/write/topics.service.js';
import { DeletionBrakeRepository } from './deletion-brake.repository.js';
import { isLastPage } from './group-listing.repository.js';
import { fetchGroupSnapshot, type GroupSnapshot, changeSetOf } from './group-snapshot.js';
import { ReconcileQueueRepository } from './reconcile-queue.repository.js';

/** The result for one group. */
export interface ReconciledGroup {
  readonly snapshot: GroupSnapshot;
  /** Differences of the mirror. */
  readonly changes: readonly ChangeRow[];
  /** Why the group stays stale, and from when on another snapshot may settle it. */
  readonly left?: { readonly reason: StaleReason; readonly at: Date };
  /** Neither the vendor nor the mirror knows it. */
  readonly isUnknown?: true;
}

export interface Repair {
  /** Whether the mirror is repaired; else nothing is written. */
  readonly isPersisted: boolean;
  /** Whether deletions are carried out that would be held back. */
  readonly isConfirmed: boolean;
}

/** Which groups: one, all of the app and of the mirror, those without a current vendorSnapshot, or all of the app. */
export type Scope = { readonly groupId: string } | 'all' | 'stale' | 'listed';

/** Compares groups with the vendor at once, without the queue, and yields the differences. */
@Injectable()
export class Reconciliation {
  constructor(
    @Inject(RestClient) private readonly client: RestClient | null,
    private readonly topics: TopicsService,
    private readonly queue: ReconcileQueueRepository,
    private readonly brake: DeletionBrakeRepository,
  ) {}

  get isPossible(): boolean {
    return this.client !== null;
  }

  async *run(scope: Scope, { isPersisted, isConfirmed }: Repair): AsyncGenerator<ReconciledGroup> {
    const { client } = this;
    if (client === null) return;
    for await (const groupIds of this.idsOf(client, scope)) {
      const request = await this.queue.snapshotRequest(await this.brake.caution(isConfirmed));
      const counts = await this.queue.topicCounts(groupIds);
      const vendorGroups = await client.getGroups(groupIds);
      const results = vendorGroups.map((group) => {
        const topicCount = counts.get(group.groupId) ?? null;
        return fetchGroupSnapshot(group, request, { client, topicCount }).then((snapshot) => {
          const isUnknown = snapshot.kind === 'missing' && topicCount === null;
          return this.conclude(snapshot, isPersisted, isUnknown);
        });
      });
      // In their order.
      yield* await Promise.all(results);
    }
    // The operator has confirmed the deletions of the whole app.
    if (isConfirmed && isPersisted && scope === 'all') await this.brake.release();
  }

  private async conclude(
    snapshot: GroupSnapshot,
    isPersisted: boolean,
    isUnknown: boolean,
  ): Promise<ReconciledGroup> {
    if (snapshot.kind === 'inconclusive') return { snapshot, changes: [] };
    if (isUnknown) return { snapshot, changes: [], isUnknown };
    const set = changeSetOf(snapshot.vendorSnapshot);
    const { changes, groups, applied } = await this.topics.preview([set]);
    const [{ secondLookAt = null } = {}] = isPersisted ? [await this.topics.apply(set)] : applied;
    const { caution } = snapshot.vendorSnapshot;
    if (isPersisted && caution.deletions !== 'confirmed') {
      await this.brake.count(changes.filter(({ kind }) => kind === 'deleted').length);
    }
    const group = groups.find((row) => row.group.groupId === snapshot.vendorSnapshot.groupId);
    const reason = group?.staleSince ? group.group.staleReason : undefined;
    if (!reason) return { snapshot, changes };
    const at = secondLookAt === null ? new Date() : new Date(secondLookAt / 1000);
    return { snapshot, changes, left: { reason, at } };
  }

  private async *idsOf(client: RestClient, scope: Scope): AsyncGenerator<readonly string[]> {
    if (typeof scope === 'object') {
      yield [scope.groupId];
      return;
    }
    const listed = new Set<string>();
    if (scope !== 'stale') {
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
    const kind = scope === 'all' ? 'living' : 'stale';
    for (let after = ''; ;) {
      const groupIds = await this.queue.mirrored(kind, after, GROUPS_PER_CALL);
      const last = groupIds.at(-1);
      if (last === undefined) return;
      const others = groupIds.filter((groupId) => !listed.has(groupId));
      if (others.length > 0) yield others;
      after = last;
    }
  }
}
