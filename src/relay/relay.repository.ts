import { Injectable } from '@nestjs/common';
import { arrivalOf } from '../journal/callback-id.js';
import { arrayLiteral } from '../database/batch-table.js';
import { Database } from '../database/database.js';
import { Prisma } from '../database/generated/client.js';
import { sumBefore } from '../database/page-bytes.js';
import type { RelayedCallback } from './backend.js';

/** A place in the journal, whose order is that of commits and, within one, of arrival. */
export interface Position {
  readonly position: number;
  readonly id: string;
}

export interface RelayEntry extends RelayedCallback, Position {
  readonly command: string | null;
  readonly groupId: string | null;
  readonly outcome: string;
}

export interface DueLane {
  readonly lane: string;
  readonly isGroup: boolean;
  readonly attempts: number;
}

/** What one commit of the relay records. */
export interface Progress {
  /** `null`: where it was. */
  readonly upTo: Position | null;
  /** Callbacks that are set aside. */
  readonly aside: readonly AsideEntry[];
  /** Callbacks that leave the journal. */
  readonly dropped: readonly string[];
}

export interface AsideEntry extends Position {
  readonly lane: string;
  readonly isGroup: boolean;
}

/** How far the relay is, the same for all processes. */
export interface RelayState {
  readonly lag: number;
  readonly asideLanes: number;
  /** When the oldest callback arrived that is yet to be delivered, in microseconds since 1970. */
  readonly oldestArrival: number | null;
  readonly isRunning: boolean;
}

/** A process that dies is replaced after that time. */
export const LEASE_MS = 6_000;
// A lane is first tried again after so long.
const ASIDE_PAUSE_MS = 1_000;

const ENTRY = Prisma.sql`
  c.position::float8 as position, c.id::text as id, c.command, c.group_id as "groupId", c.outcome, c.query, c.body`;
const BYTES_BEFORE = sumBefore(Prisma.sql`octet_length(c.body)`);

const RENEW = `
  update relay
     set position = coalesce($2::bigint, position),
         callback_id = coalesce($3::uuid, callback_id),
         leased_until = now() + $4::float8 * interval '1 ms'
   where id = 1 and holder = $1::uuid and leased_until > now()
  returning id`;

const COMMIT = `
  with held as (${RENEW}
  ), aside as (
    select a.* from held cross join unnest($5::uuid[], $6::bigint[], $7::text[], $8::boolean[])
                     as a (callback_id, position, lane, is_group)
  ), backlog as (
    insert into relay_backlog (callback_id, position, lane)
    select callback_id, position, lane from aside on conflict do nothing
  ), lanes as (
    insert into relay_lanes (lane, is_group, due_at)
    select distinct lane, is_group, now() + interval '${ASIDE_PAUSE_MS} ms' from aside on conflict do nothing
  ), dropped as (
    delete from callbacks
     using held
     where callbacks.id = any ($9::uuid[])
  )
  select id from held`;

const REMOVE = `
  with held as (
    select id from relay where id = 1 and holder = $1::uuid and leased_until > now()
  ), delivered as (
    delete from relay_backlog using held where callback_id = any ($2::uuid[])
  ), dropped as (
    delete from callbacks using held where callbacks.id = any ($3::uuid[])
  )
  select id from held`;

/** All SQL of the relay: its position and lease, the pages it reads, and the lanes that are set aside. */
@Injectable()
export class RelayRepository {
  constructor(private readonly database: Database) {}

  /**
   * Begins the relay at its first start: with the callbacks that arrived at `startedAt` or later.
   * @param firstId no id of such a callback is smaller.
   */
  async begin(firstId: string): Promise<void> {
    await this.database.connection.$executeRaw`
      insert into relay (position, callback_id)
      select coalesce((select min(c.position) - 1 from callbacks c where c.id >= ${firstId}::uuid), s.journal_position),
             ${firstId}::uuid
        from sequencer s
       where s.id = 1
          on conflict do nothing`;
  }

  /** Takes the lease if it is free. @returns where to go on; `null`: another process has it. */
  async lease(holder: string): Promise<Position | null> {
    const rows = await this.database.connection.$queryRaw<Position[]>`
      update relay
         set holder = ${holder}::uuid, leased_until = now() + ${LEASE_MS} * interval '1 ms'
       where id = 1 and (leased_until is null or leased_until <= now() or holder = ${holder}::uuid)
      returning position::float8 as position, callback_id::text as id`;
    return rows[0] ?? null;
  }

  /** Renews the lease and records progress. @returns whether the lease was still held; else nothing is recorded. */
  async commit(holder: string, { upTo, aside, dropped }: Progress): Promise<boolean> {
    const values = [holder, upTo?.position ?? null, upTo?.id ?? null, LEASE_MS];
    const rows = await this.database.writer({
      text: COMMIT,
      values: [
        ...values,
        arrayLiteral(aside.map(({ id }) => id)),
        arrayLiteral(aside.map(({ position }) => position)),
        arrayLiteral(aside.map(({ lane }) => lane)),
        arrayLiteral(aside.map(({ isGroup }) => isGroup)),
        arrayLiteral(dropped),
      ],
    });
    return rows.length > 0;
  }

  async release(holder: string): Promise<void> {
    await this.database.connection.$executeRaw`
      update relay set leased_until = now() where id = 1 and holder = ${holder}::uuid`;
  }

  /** The entries after a position, in their order. */
  page(after: Position, limit: number, maxBytes: number): Promise<RelayEntry[]> {
    return this.database.primary.query<RelayEntry & Record<string, unknown>>(
      Prisma.sql`
        select *
          from (select ${ENTRY}, ${BYTES_BEFORE} as bytes_before
                  from (select *
                          from callbacks
                         where (position, id) > (${after.position}::bigint, ${after.id}::uuid)
                         order by position, id
                         limit ${limit}) c) c
         where bytes_before < ${maxBytes}::bigint
         order by position, id`,
      'relay page',
    );
  }

  /** The groups that are set aside. */
  async asideGroups(): Promise<string[]> {
    const rows = await this.database.primary.query<{ lane: string }>(
      Prisma.sql`select lane from relay_lanes where is_group`,
    );
    return rows.map(({ lane }) => lane);
  }

  /** Lanes that are due, but none of `busy`. */
  dueLanes(busy: readonly string[], limit: number): Promise<DueLane[]> {
    return this.database.connection.$queryRaw<DueLane[]>`
      select lane, is_group as "isGroup", attempts
        from relay_lanes
       where due_at <= now() and not lane = any (${busy})
       order by due_at
       limit ${limit}`;
  }

  /** The first callbacks of a lane that is set aside. One that is not in the journal any more is left out. */
  lanePage(lane: string, limit: number, maxBytes: number): Promise<RelayEntry[]> {
    return this.database.primary.query<RelayEntry & Record<string, unknown>>(Prisma.sql`
      select *
        from (select ${ENTRY}, ${BYTES_BEFORE} as bytes_before
                from (select b.position, c.id, c.command, c.group_id, c.outcome, c.query, c.body
                        from relay_backlog b
                        join callbacks c on c.id = b.callback_id
                       where b.lane = ${lane}
                       order by b.position, b.callback_id
                       limit ${limit}) c) c
       where bytes_before < ${maxBytes}::bigint
       order by position, id`);
  }

  /** Removes callbacks from the backlog, and some from the journal. @returns whether the lease was still held. */
  async remove(
    holder: string,
    settled: readonly string[],
    dropped: readonly string[],
  ): Promise<boolean> {
    const values = [holder, arrayLiteral(settled), arrayLiteral(dropped)];
    return (await this.database.writer({ text: REMOVE, values })).length > 0;
  }

  async postpone(lane: string, pauseMs: number, attempts: number): Promise<void> {
    await this.database.connection.$executeRaw`
      update relay_lanes
         set due_at = now() + ${pauseMs} * interval '1 ms', attempts = ${attempts}
       where lane = ${lane}`;
  }

  /** Ends a lane of which nothing is left, while the lease is held. @returns whether it ended. */
  async finishLane(holder: string, lane: string): Promise<boolean> {
    const count = await this.database.connection.$executeRaw`
      with held as materialized (
        select id from relay where id = 1 and holder = ${holder}::uuid and leased_until > now() for update
      ), orphans as (
        delete from relay_backlog b
         using held
         where b.lane = ${lane} and not exists (select from callbacks c where c.id = b.callback_id)
      )
      delete from relay_lanes l
       using held
       where l.lane = ${lane}
         and not exists (select from relay_backlog b join callbacks c on c.id = b.callback_id
                          where b.lane = l.lane)`;
    return count > 0;
  }

  /** Counts what is yet to be delivered; `null` before the first start of a relay. */
  async state(): Promise<RelayState | null> {
    const rows = await this.database.primary.query<StateRow>(Prisma.sql`
      select (select count(*) from callbacks c where (c.position, c.id) > (r.position, r.callback_id))::float8
             + (select count(*) from relay_backlog)::float8 as lag,
             (select count(*) from relay_lanes)::float8 as "asideLanes",
             coalesce(r.leased_until > now(), false) as "isRunning",
             (select c.id::text from callbacks c where (c.position, c.id) > (r.position, r.callback_id)
               order by c.position, c.id limit 1) as next,
             (select b.callback_id::text from relay_backlog b order by b.callback_id limit 1) as aside
        from relay r
       where r.id = 1`);
    const [row] = rows;
    if (!row) return null;
    const { lag, asideLanes, isRunning, next, aside } = row;
    const arrivals = [next, aside].flatMap((id) => (id === null ? [] : [arrivalOf(id)]));
    const oldestArrival = arrivals.length > 0 ? Math.min(...arrivals) : null;
    return { lag, asideLanes, isRunning, oldestArrival };
  }
}

interface StateRow extends Pick<RelayState, 'lag' | 'asideLanes' | 'isRunning'> {
  readonly next: string | null;
  readonly aside: string | null;
  readonly [column: string]: unknown;
}
