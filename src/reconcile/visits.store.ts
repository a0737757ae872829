import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { timestamp } from '../database/dates.js';
import type { Caution } from '../topics/change.js';
import type { Micros } from '../topics/registers.js';
import type { Question } from './look.js';

/** A group to look at, held for this process for a while. */
export interface Visit {
  readonly groupId: string;
  /** Looks without an answer since the last one with. */
  readonly failures: number;
  /** Living topics that the mirror has of it; `null`: the mirror does not know the group. */
  readonly topicCount: number | null;
}

export interface ClaimOptions {
  readonly limit: number;
  /** Groups that were asked for before are asked for again. */
  readonly askedBefore: Date;
}

export interface Progress {
  readonly known: number;
  readonly done: number;
  /** Asked for several times without an answer to rely on. */
  readonly untold: number;
}

// After so many looks without an answer nobody waits for a group any more.
const TRIES = 3;
// A burst of callbacks for one group shall cost one call: it is asked for when it was quiet for a
// moment, or has been doubtful for so long that it will not become quiet.
const QUIET_MS = 500;
const UNQUIET_MS = 2_000;
// Renewed while the visit lasts; whoever dies holds back his groups for no longer than this.
const HOLD_MS = 6_000;
const FIRST_PAUSE_SECONDS = 1;
const LONGEST_PAUSE_SECONDS = 3_600;

/** Which group is looked at next; shared by all processes. */
@Injectable()
export class VisitsStore {
  constructor(private readonly database: Database) {}

  /** The moment before a question is asked: all of its batches are seen by whoever is asked after it. */
  async question(caution: Caution): Promise<Question> {
    const rows = await this.database.connection.$queryRaw<{ batch: bigint; atUs: bigint }[]>`
      select batch, (date_part('epoch', clock_timestamp()) * 1000000)::bigint as "atUs"
        from sequencer
       where id = 1`;
    const [row] = rows;
    if (!row) throw new Error('the sequencer has no row');
    return { asked: Number(row.batch), at: Number(row.atUs), caution };
  }

  /**
   * Plans the groups of which a callback told something that only the vendor knows. One for which a second look is
   * due later waits for that, unless a callback came after the last question (`d`, `q`: see src/topics/rows.ts).
   */
  async planDoubted(): Promise<void> {
    await this.database.connection.$executeRaw`
      insert into visits (group_id, hot_since)
      select g.group_id, now()
        from groups g
       where g.doubted_at is not null
         and not exists (select from visits v
                          where v.group_id = g.group_id
                            and (v.hot_since <= now()
                                 or v.hot_since > now()
                                    and (g.registers ->> 'd')::bigint
                                        <= (g.registers ->> 'q')::bigint is not false))
          on conflict (group_id) do update set hot_since = excluded.hot_since
       where visits.hot_since is null or visits.hot_since > excluded.hot_since`;
  }

  /** Plans every group of which a callback came after its last answer. Reads all groups. */
  async planCalled(): Promise<void> {
    await this.database.connection.$executeRaw`
      insert into visits (group_id, hot_since)
      select g.group_id, now()
        from groups g
       where (g.verified_at is null or g.last_callback_at > g.verified_at)
         and not exists (select from visits v
                          where v.group_id = g.group_id
                            and (v.hot_since <= now()
                                 or v.hot_since > now() and g.last_callback_at <= v.asked_at))
          on conflict (group_id) do update set hot_since = excluded.hot_since
       where visits.hot_since is null or visits.hot_since > excluded.hot_since`;
  }

  /** Takes groups nobody holds: doubtful ones first, then called ones, then those asked longest ago. */
  async claim({ limit, askedBefore }: ClaimOptions): Promise<Visit[]> {
    return this.database.connection.$queryRaw<Visit[]>`
      with hot as (
        select v.group_id
          from visits v
          left join groups g using (group_id)
         where v.hot_since <= now()
           and (v.held_until is null or v.held_until <= now())
           and (g.group_id is null
                or greatest(g.doubted_at, g.last_callback_at)
                   <= now() - ${QUIET_MS} * interval '1 ms'
                or v.hot_since <= now() - ${UNQUIET_MS} * interval '1 ms')
         order by g.doubted_at is null, v.hot_since
         limit ${limit}
           for update of v skip locked
      ),
      cold as (
        select v.group_id
          from visits v
         where v.hot_since is null
           and (v.held_until is null or v.held_until <= now())
           and (v.asked_at is null or v.asked_at < ${timestamp(askedBefore)})
         order by v.asked_at nulls first
         limit greatest(0, ${limit}::int - (select count(*)::int from hot))
           for update of v skip locked
      )
      update visits v
         set held_until = now() + ${HOLD_MS} * interval '1 ms'
        from (select group_id from hot union all select group_id from cold) picked
       where v.group_id = picked.group_id
      returning v.group_id as "groupId", v.failures,
                (select g.topic_count from groups g where g.group_id = v.group_id) as "topicCount"`;
  }

  /** Holds groups a little longer; not those that were let go in the meantime. */
  async hold(groupIds: readonly string[]): Promise<void> {
    await this.database.connection.$executeRaw`
      update visits
         set held_until = now() + ${HOLD_MS} * interval '1 ms'
       where group_id = any (${groupIds}) and held_until is not null`;
  }

  /** Gives groups back as they were. */
  async release(groupIds: readonly string[]): Promise<void> {
    await this.database.connection.$executeRaw`
      update visits set held_until = null where group_id = any (${groupIds})`;
  }

  /** @param secondLookAt when the group is to be asked for again, whatever comes; `null`: in its turn. */
  async finish(groupId: string, askedAt: Micros, secondLookAt: Micros | null): Promise<void> {
    await this.database.connection.$executeRaw`
      update visits
         set hot_since = to_timestamp(${secondLookAt}::float8 / 1000000),
             held_until = null, failures = 0,
             asked_at = to_timestamp(${askedAt}::float8 / 1000000)
       where group_id = ${groupId}`;
  }

  /** The group does not exist any more. */
  async forget(groupId: string): Promise<void> {
    await this.database.connection.$executeRaw`delete from visits where group_id = ${groupId}`;
  }

  /** There was no answer to use; the group is left alone for a while, longer each time. */
  async postpone({ groupId, failures }: Visit): Promise<void> {
    const seconds = Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** failures);
    await this.database.connection.$executeRaw`
      update visits
         set failures = failures + 1, held_until = now() + ${seconds} * interval '1 s'
       where group_id = ${groupId}`;
  }

  /** How far a walk came that asks for every group again that was asked for before a date. */
  async progress(askedBefore: Date): Promise<Progress> {
    const rows = await this.database.connection.$queryRaw<Progress[]>`
      select count(*)::int as "known",
             (count(*) filter (where asked_at >= ${timestamp(askedBefore)}))::int as "done",
             (count(*) filter (where (asked_at is null or asked_at < ${timestamp(askedBefore)})
                                 and failures >= ${TRIES}))::int as "untold"
        from visits`;
    return rows[0] ?? { known: 0, done: 0, untold: 0 };
  }

  /** Ids of groups in their order, after `after`: the living ones, or those a callback outdated. */
  async mirrored(kind: 'living' | 'outdated', after: string, limit: number): Promise<string[]> {
    const rows = await this.database.connection.$queryRaw<{ groupId: string }[]>`
      select group_id as "groupId"
        from groups
       where group_id > ${after}
         and case ${kind}
               when 'living' then destroyed_at is null
               else doubted_at is not null or verified_at is null or last_callback_at > verified_at
             end
       order by group_id
       limit ${limit}`;
    return rows.map((row) => row.groupId);
  }

  /** How many living topics the mirror has of groups it knows. */
  async topicCounts(groupIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.database.connection.$queryRaw<{ groupId: string; count: number }[]>`
      select group_id as "groupId", topic_count as "count"
        from groups
       where group_id = any (${groupIds})`;
    return new Map(rows.map((row) => [row.groupId, row.count]));
  }

  /** What the changes of a group from one `seq` to another were. */
  async kindsOf(groupId: string, [first, last]: readonly [number, number]): Promise<string[]> {
    const rows = await this.database.connection.$queryRaw<{ kind: string }[]>`
      select kind
        from changes
       where group_id = ${groupId} and seq between ${first}::bigint and ${last}::bigint`;
    return rows.map((row) => row.kind);
  }
}
