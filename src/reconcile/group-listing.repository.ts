import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { milliseconds, timestamp } from '../database/dates.js';
import { Prisma } from '../database/generated/client.js';

export interface Page {
  readonly groupIds: readonly string[];
  /** Position of the next page; `0n`: this was the last. */
  readonly next: bigint;
  readonly total: number | null;
}

/** Whether no page follows, with `count` groups listed so far; even then the vendor may send a `Next`. */
export function isLastPage({ groupIds, next, total }: Page, count: number): boolean {
  return next === 0n || groupIds.length === 0 || (total !== null && count >= total);
}

export interface ListingState {
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly total: number | null;
}

// A page takes a second or two; a process that dies delays the list by no more than this.
const LEASE_SECONDS = 10;

/** Progress through the app's list of groups; shared by all processes, one reads at a time. */
@Injectable()
export class GroupListingRepository {
  constructor(private readonly database: Database) {}

  /**
   * Leases the list if it is unfinished, or was begun before a date.
   * @returns the position of the next page, or `null`: nothing to do.
   */
  async claim(startedBefore: Date): Promise<bigint | null> {
    const rows = await this.database.connection.$queryRaw<{ next: string }[]>`
      update group_listing
         set leased_until = now() + ${LEASE_SECONDS} * interval '1 s',
             started_at = case when next is null then now() else started_at end,
             listed = case when next is null then 0 else listed end,
             next = coalesce(next, 0)
       where id = 1
         and (leased_until is null or leased_until <= now())
         and (next is not null or finished_at is null or started_at < ${timestamp(startedBefore)})
      returning next::text as next`;
    return rows[0] ? BigInt(rows[0].next) : null;
  }

  /** Enqueues the groups of a page and stores the position of the next one, both or neither. */
  async store({ groupIds, next, total }: Page): Promise<void> {
    const following = next === 0n || groupIds.length === 0 ? null : String(next);
    await this.database.connection.$executeRaw`
      with listed as (
        insert into reconcile_queue (group_id)
        select distinct unnest(${groupIds}::text[])
            on conflict do nothing
      )
      update group_listing
         set next = case when pages.is_last then null else ${following}::numeric end,
             listed = pages.listed,
             total = ${total}::integer,
             finished_at = case when pages.is_last then now() else finished_at end,
             leased_until = null
        from (select l.listed + ${groupIds.length}::integer as listed,
                     ${following}::numeric is null
                     or l.listed + ${groupIds.length}::integer >= ${total}::integer is true as is_last
                from group_listing l
               where l.id = 1) pages
       where id = 1`;
  }

  /** The vendor rejected the position, or its answer was no list: later, from the start. */
  async restart(afterSeconds: number): Promise<void> {
    await this.database.connection.$executeRaw`
      update group_listing
         set next = 0, listed = 0, started_at = now(), leased_until = now() + ${afterSeconds} * interval '1 s'
       where id = 1`;
  }

  /**
   * Begins a backfill with the start of the list, or resumes an unfinished one.
   */
  async beginBackfill(): Promise<{ readonly startedAt: Date; readonly isResumed: boolean }> {
    const rows = await this.database.connection.$queryRaw<
      { startedMs: number; isResumed: boolean }[]
    >`
      with before as (select backfill_started_at from group_listing where id = 1 for update)
      update group_listing
         set backfill_started_at = coalesce(before.backfill_started_at, now()),
             next = case when before.backfill_started_at is null then 0 else next end,
             listed = case when before.backfill_started_at is null then 0 else listed end,
             started_at = case when before.backfill_started_at is null then now() else started_at end
        from before
       where id = 1
      returning ${milliseconds(Prisma.sql`group_listing.backfill_started_at`)} as "startedMs",
                before.backfill_started_at is not null as "isResumed"`;
    const [row] = rows;
    if (!row) throw new Error('the table group_listing has lost its row');
    return { startedAt: new Date(row.startedMs), isResumed: row.isResumed };
  }

  async endBackfill(): Promise<void> {
    await this.database.models.groupListing.updateMany({ data: { backfillStartedAt: null } });
  }

  async state(): Promise<ListingState> {
    const [row] = await this.database.connection.$queryRaw<ListingRow[]>`
      select ${milliseconds(Prisma.sql`started_at`)} as "startedMs",
             ${milliseconds(Prisma.sql`finished_at`)} as "finishedMs",
             total
        from group_listing
       where id = 1`;
    return {
      startedAt: dateOf(row?.startedMs ?? null),
      finishedAt: dateOf(row?.finishedMs ?? null),
      total: row?.total ?? null,
    };
  }
}

interface ListingRow {
  readonly startedMs: number | null;
  readonly finishedMs: number | null;
  readonly total: number | null;
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
