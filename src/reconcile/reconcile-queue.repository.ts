import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { timestamp } from '../database/dates.js';
import type { Caution } from '../topics/domain/change.js';
import type { Micros } from '../topics/domain/lww-registers.js';
import type { SnapshotRequest } from './group-snapshot.js';

/** A group that this process has leased. */
export interface QueuedGroup {
  readonly groupId: string;
  /** Inconclusive snapshots since the last other one. */
  readonly failures: number;
  /** Its topics in the mirror that are not deleted; `null` for a group that the mirror does not know. */
  readonly topicCount: number | null;
}

export interface ClaimOptions {
  readonly limit: number;
  /** Groups whose latest snapshot is older are due. */
  readonly verifiedBefore: Date;
}

export interface Progress {
  readonly known: number;
  readonly done: number;
  /** Several snapshots in a row were inconclusive. */
  readonly inconclusive: number;
}

// After so many inconclusive snapshots a backfill does not wait for a group.
const TRIES = 3;
// A burst of callbacks for one group costs one call: a stale group is due after a pause without callbacks, or after a
// longer time with them.
const QUIET_MS = 500;
const MAX_UNQUIET_MS = 2_000;
// Renewed until the group is reconciled; a process that dies delays its groups by no more than this.
const LEASE_MS = 6_000;
const FIRST_PAUSE_SECONDS = 1;
const LONGEST_PAUSE_SECONDS = 3_600;

/** The order in which groups are reconciled; shared by all processes. */
@Injectable()
export class ReconcileQueueRepository {
  constructor(private readonly database: Database) {}

  /** The moment before a request to the vendor, whose answer reflects all batches committed until then. */
  async snapshotRequest(caution: Caution): Promise<SnapshotRequest> {
    const rows = await this.database.connection.$queryRaw<{ batch: bigint; atUs: bigint }[]>`
      select batch, (date_part('epoch', clock_timestamp()) * 1000000)::bigint as "atUs"
        from sequencer
       where id = 1`;
    const [row] = rows;
    if (!row) throw new Error('the sequencer has no row');
    return { requestBatch: Number(row.batch), at: Number(row.atUs), caution };
  }

  /**
   * Enqueues stale groups. A group whose next snapshot is due later waits for that, unless it became stale after its
   * latest snapshot (`d`, `q` of the registers: src/topics/write/stored-registers.ts).
   */
  async enqueueStale(): Promise<void> {
    await this.database.connection.$executeRaw`
      insert into reconcile_queue (group_id, stale_since)
      select g.group_id, now()
        from groups g
       where g.stale_since is not null
         and not exists (select from reconcile_queue q
                          where q.group_id = g.group_id
                            and (q.stale_since <= now()
                                 or q.stale_since > now()
                                    and (g.registers ->> 'd')::bigint
                                        <= (g.registers ->> 'q')::bigint is not false))
          on conflict (group_id) do update set stale_since = excluded.stale_since
       where reconcile_queue.stale_since is null or reconcile_queue.stale_since > excluded.stale_since`;
  }

  /** Enqueues groups with a callback after their latest snapshot. Reads all groups. */
  async enqueueNew(): Promise<void> {
    await this.database.connection.$executeRaw`
      insert into reconcile_queue (group_id, stale_since)
      select g.group_id, now()
        from groups g
       where (g.verified_at is null or g.last_callback_at > g.verified_at)
         and not exists (select from reconcile_queue q
                          where q.group_id = g.group_id
                            and (q.stale_since <= now()
                                 or q.stale_since > now() and g.last_callback_at <= q.snapshot_at))
          on conflict (group_id) do update set stale_since = excluded.stale_since
       where reconcile_queue.stale_since is null or reconcile_queue.stale_since > excluded.stale_since`;
  }

  /** Leases groups: first stale ones, then those with a newer callback, then those with the oldest snapshots. */
  async claim({ limit, verifiedBefore }: ClaimOptions): Promise<QueuedGroup[]> {
    return this.database.connection.$queryRaw<QueuedGroup[]>`
      with stale as (
        select q.group_id
          from reconcile_queue q
          left join groups g using (group_id)
         where q.stale_since <= now()
           and (q.leased_until is null or q.leased_until <= now())
           and (g.group_id is null
                or greatest(g.stale_since, g.last_callback_at)
                   <= now() - ${QUIET_MS} * interval '1 ms'
                or q.stale_since <= now() - ${MAX_UNQUIET_MS} * interval '1 ms')
         order by g.stale_since is null, q.stale_since
         limit ${limit}
           for update of q skip locked
      ),
      oldest as (
        select q.group_id
          from reconcile_queue q
         where q.stale_since is null
           and (q.leased_until is null or q.leased_until <= now())
           and (q.snapshot_at is null or q.snapshot_at < ${timestamp(verifiedBefore)})
         order by q.snapshot_at nulls first
         limit greatest(0, ${limit}::int - (select count(*)::int from stale))
           for update of q skip locked
      )
      update reconcile_queue q
         set leased_until = now() + ${LEASE_MS} * interval '1 ms'
        from (select group_id from stale union all select group_id from oldest) due
       where q.group_id = due.group_id
      returning q.group_id as "groupId", q.failures,
                (select g.topic_count from groups g where g.group_id = q.group_id) as "topicCount"`;
  }

  /** Extends leases, but of no group that was released in the meantime. */
  async renewLeases(groupIds: readonly string[]): Promise<void> {
    await this.database.connection.$executeRaw`
      update reconcile_queue
         set leased_until = now() + ${LEASE_MS} * interval '1 ms'
       where group_id = any (${groupIds}) and leased_until is not null`;
  }

  /** Ends leases; the groups stay due. */
  async release(groupIds: readonly string[]): Promise<void> {
    await this.database.models.reconcileQueueEntry.updateMany({
      where: { groupId: { in: [...groupIds] } },
      data: { leasedUntil: null },
    });
  }

  /** @param secondLookAt when another snapshot is due in any case; `null`: when it becomes the oldest. */
  async finish(groupId: string, snapshotAt: Micros, secondLookAt: Micros | null): Promise<void> {
    await this.database.connection.$executeRaw`
      update reconcile_queue
         set stale_since = to_timestamp(${secondLookAt}::float8 / 1000000),
             leased_until = null, failures = 0,
             snapshot_at = to_timestamp(${snapshotAt}::float8 / 1000000)
       where group_id = ${groupId}`;
  }

  /** The group does not exist any more. */
  async remove(groupId: string): Promise<void> {
    await this.database.models.reconcileQueueEntry.deleteMany({ where: { groupId } });
  }

  /** After an inconclusive snapshot: the next one is due after a pause, longer each time. */
  async postpone({ groupId, failures }: QueuedGroup): Promise<void> {
    const seconds = Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** failures);
    await this.database.connection.$executeRaw`
      update reconcile_queue
         set failures = failures + 1, leased_until = now() + ${seconds} * interval '1 s'
       where group_id = ${groupId}`;
  }

  /** How many groups have a snapshot of a date or later. */
  async progress(verifiedBefore: Date): Promise<Progress> {
    const rows = await this.database.connection.$queryRaw<Progress[]>`
      select count(*)::int as "known",
             (count(*) filter (where snapshot_at >= ${timestamp(verifiedBefore)}))::int as "done",
             (count(*) filter (where (snapshot_at is null or snapshot_at < ${timestamp(verifiedBefore)})
                                 and failures >= ${TRIES}))::int as "inconclusive"
        from reconcile_queue`;
    return rows[0] ?? { known: 0, done: 0, inconclusive: 0 };
  }

  /** Ids of groups in their order, after `after`: all that are not destroyed, or those without a current verification. */
  async mirrored(kind: 'living' | 'stale', after: string, limit: number): Promise<string[]> {
    const { group } = this.database.models;
    const isStale = [
      { staleSince: { not: null } },
      { verifiedAt: null },
      { lastCallbackAt: { gt: group.fields.verifiedAt } },
    ];
    const rows = await group.findMany({
      where: {
        groupId: { gt: after },
        ...(kind === 'living' ? { destroyedAt: null } : { OR: isStale }),
      },
      select: { groupId: true },
      orderBy: { groupId: 'asc' },
      take: limit,
    });
    return rows.map(({ groupId }) => groupId);
  }

  /** Topics that are not deleted, of those groups that the mirror knows. */
  async topicCounts(groupIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.database.models.group.findMany({
      where: { groupId: { in: [...groupIds] } },
      select: { groupId: true, topicCount: true },
    });
    return new Map(rows.map(({ groupId, topicCount }) => [groupId, topicCount]));
  }

  /** Kinds of the changes of a group from one `seq` to another. */
  async kindsOf(groupId: string, [first, last]: readonly [number, number]): Promise<string[]> {
    const rows = await this.database.models.change.findMany({
      where: { groupId, seq: { gte: first, lte: last } },
      select: { kind: true },
    });
    return rows.map(({ kind }) => kind);
  }
}
