import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Prisma } from '../database/generated/client.js';

/** The state of the mirror as a whole, the same for all processes. Ages are seconds. */
export interface MirrorGauges {
  readonly seq: number;
  /** Groups by state. */
  readonly groups: Readonly<Record<string, number>>;
  /** Stale groups by reason. */
  readonly stale: Readonly<Record<string, number>> | null;
  readonly secondLooks: number;
  /** Age of the oldest verification. */
  readonly oldestVerificationAge: number | null;
  /** How long the first stale group has waited. */
  readonly oldestWaitingAge: number | null;
}

@Injectable()
export class GaugesRepository {
  constructor(private readonly database: Database) {}

  /** Scans all groups once, with states as `stateOf` of src/topics/api/responses.ts; the rest is found by indexes. */
  async read(): Promise<MirrorGauges> {
    const rows = await this.database.primary.query<
      MirrorGauges & { [column: string]: unknown }
    >(Prisma.sql`
      select s.seq::float8 as seq,
             (select json_build_object(
                       'destroyed', count(g.destroyed_at),
                       'stale', count(*) filter (where g.destroyed_at is null and g.stale_since is not null),
                       'hooked', count(*) filter (where g.destroyed_at is null and g.stale_since is null
                                                    and g.verified_at is null),
                       'verified', count(*) filter (where g.destroyed_at is null and g.stale_since is null
                                                      and g.verified_at is not null))
                from groups g) as groups,
             (select json_object_agg(r.reason, r.count)
                from (select coalesce(g.registers ->> 'r', 'unknown') as reason, count(*) as count
                        from groups g
                       where g.stale_since is not null and g.destroyed_at is null
                       group by 1) r) as stale,
             (select count(*)::float8 from reconcile_queue q where q.stale_since > now()) as "secondLooks",
             extract(epoch from now() - (select q.snapshot_at
                                           from reconcile_queue q
                                          where (q.stale_since is null or q.stale_since > now())
                                            and q.snapshot_at is not null
                                          order by q.snapshot_at nulls first
                                          limit 1))::float8 as "oldestVerificationAge",
             extract(epoch from now() - (select min(q.stale_since)
                                           from reconcile_queue q
                                          where q.stale_since <= now()))::float8 as "oldestWaitingAge"
        from sequencer s
       where s.id = 1`);
    const [row] = rows;
    if (!row) throw new Error('the table sequencer has lost its row');
    return row;
  }

  /** Records how far the clock of a process is ahead, and forgets those of processes that ended. */
  async recordClock(process: string, skewMs: number): Promise<void> {
    await this.database.connection.$executeRaw`
      with old as (
        delete from clocks where seen_at < now() - interval '1 day' and process <> ${process}
      )
      insert into clocks (process, skew_ms, seen_at)
      values (${process}, ${skewMs}::float8, now())
          on conflict (process) do update set skew_ms = excluded.skew_ms, seen_at = excluded.seen_at`;
  }

  /** How long ago, in seconds, the first change was made that the replica does not show; by one index. */
  async replicaLag(): Promise<number> {
    if (!this.database.replicaUse?.isUp) return 0;
    const [shown] = await this.database.replica.query<{ seq: string }>(
      Prisma.sql`select seq::text as seq from sequencer where id = 1`,
    );
    const [next] = await this.database.primary.query<{ age: number }>(Prisma.sql`
      select extract(epoch from clock_timestamp() - c.at)::float8 as age
        from changes c
       where c.seq > ${shown?.seq ?? '0'}::bigint
       order by c.seq
       limit 1`);
    return Math.max(0, next?.age ?? 0);
  }
}
