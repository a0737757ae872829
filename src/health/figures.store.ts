import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Prisma } from '../database/generated/client.js';

/** The state of the mirror as a whole, for all processes the same. */
export interface MirrorFigures {
  readonly seq: number;
  readonly groups: readonly { readonly state: string; readonly count: number }[];
  readonly stale: readonly { readonly reason: string; readonly count: number }[] | null;
  readonly secondLooks: number;
  /** How long ago, in seconds, the group was asked for that was asked longest ago. */
  readonly oldestVerificationAge: number | null;
  /** For how many seconds the first of the groups has waited that callbacks outdated. */
  readonly oldestWaitingAge: number | null;
}

@Injectable()
export class FiguresStore {
  constructor(private readonly database: Database) {}

  /** Reads a few rows, each by an index, however large the tables are. */
  async read(): Promise<MirrorFigures> {
    const rows = await this.database.reads('primary').query<
      MirrorFigures & { [column: string]: unknown }
    >(Prisma.sql`
      select s.seq::float8 as seq,
             (select json_agg(json_build_object('state', c.state, 'count', c.count))
                from group_states c) as groups,
             (select json_agg(json_build_object('reason', r.reason, 'count', r.count))
                from (select coalesce(g.registers ->> 'r', 'unknown') as reason, count(*) as count
                        from groups g
                       where g.doubted_at is not null and g.destroyed_at is null
                       group by 1) r) as stale,
             (select count(*)::float8 from visits v where v.hot_since > now()) as "secondLooks",
             extract(epoch from now() - (select v.asked_at
                                           from visits v
                                          where (v.hot_since is null or v.hot_since > now())
                                            and v.asked_at is not null
                                          order by v.asked_at nulls first
                                          limit 1))::float8 as "oldestVerificationAge",
             extract(epoch from now() - (select min(v.hot_since)
                                           from visits v
                                          where v.hot_since <= now()))::float8 as "oldestWaitingAge"
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
    const [shown] = await this.database
      .reads('replica')
      .query<{ seq: string }>(Prisma.sql`select seq::text as seq from sequencer where id = 1`);
    const [next] = await this.database.reads('primary').query<{ age: number }>(Prisma.sql`
      select extract(epoch from clock_timestamp() - c.at)::float8 as age
        from changes c
       where c.seq > ${shown?.seq ?? '0'}::bigint
       order by c.seq
       limit 1`);
    return Math.max(0, next?.age ?? 0);
  }
}
