import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { milliseconds, timestamp } from '../database/dates.js';
import { Prisma } from '../database/generated/client.js';

export interface Page {
  readonly groupIds: readonly string[];
  /** Where the next page begins; `0n`: this was the last. */
  readonly next: bigint;
  readonly total: number | null;
}

/** Whether no page follows, `count` groups being listed so far; `Next` may be there all the same. */
export function isLastPage({ groupIds, next, total }: Page, count: number): boolean {
  return next === 0n || groupIds.length === 0 || (total !== null && count >= total);
}

export interface ListingState {
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly total: number | null;
}

// A page is read within a second or two; whoever dies holds the list back for no longer than this.
const HOLD_SECONDS = 10;

/** How far the list of the app's groups was read; shared by all processes, one reads at a time. */
@Injectable()
export class ListingStore {
  constructor(private readonly database: Database) {}

  /**
   * Takes the list if nobody reads it and it is unfinished, or was begun before a date.
   * @returns where to read on, or `null`: nothing to do.
   */
  async claim(startedBefore: Date): Promise<bigint | null> {
    const rows = await this.database.connection.$queryRaw<{ next: string }[]>`
      update listing
         set held_until = now() + ${HOLD_SECONDS} * interval '1 s',
             started_at = case when next is null then now() else started_at end,
             listed = case when next is null then 0 else listed end,
             next = coalesce(next, 0)
       where id = 1
         and (held_until is null or held_until <= now())
         and (next is not null or finished_at is null or started_at < ${timestamp(startedBefore)})
      returning next::text as next`;
    return rows[0] ? BigInt(rows[0].next) : null;
  }

  /** Plans the groups of a page and remembers where the next one begins, both or neither. */
  async keep({ groupIds, next, total }: Page): Promise<void> {
    const following = next === 0n || groupIds.length === 0 ? null : String(next);
    await this.database.connection.$executeRaw`
      with listed as (
        insert into visits (group_id)
        select distinct unnest(${groupIds}::text[])
            on conflict do nothing
      )
      update listing
         set next = case when pages.is_last then null else ${following}::numeric end,
             listed = pages.listed,
             total = ${total}::integer,
             finished_at = case when pages.is_last then now() else finished_at end,
             held_until = null
        from (select l.listed + ${groupIds.length}::integer as listed,
                     ${following}::numeric is null
                     or l.listed + ${groupIds.length}::integer >= ${total}::integer is true as is_last
                from listing l
               where l.id = 1) pages
       where id = 1`;
  }

  /** The place was refused, or the page could not be read: later, from the start. */
  async restart(afterSeconds: number): Promise<void> {
    await this.database.connection.$executeRaw`
      update listing
         set next = 0, listed = 0, started_at = now(), held_until = now() + ${afterSeconds} * interval '1 s'
       where id = 1`;
  }

  /**
   * Begins a backfill, or goes on with one that did not end: the list is read from its start, or
   * from where it was.
   */
  async beginBackfill(): Promise<{ readonly startedAt: Date; readonly isResumed: boolean }> {
    const rows = await this.database.connection.$queryRaw<
      { startedMs: number; isResumed: boolean }[]
    >`
      with before as (select backfill_at from listing where id = 1 for update)
      update listing
         set backfill_at = coalesce(before.backfill_at, now()),
             next = case when before.backfill_at is null then 0 else next end,
             listed = case when before.backfill_at is null then 0 else listed end,
             started_at = case when before.backfill_at is null then now() else started_at end
        from before
       where id = 1
      returning ${milliseconds(Prisma.sql`listing.backfill_at`)} as "startedMs",
                before.backfill_at is not null as "isResumed"`;
    const [row] = rows;
    if (!row) throw new Error('the list has no row');
    return { startedAt: new Date(row.startedMs), isResumed: row.isResumed };
  }

  async endBackfill(): Promise<void> {
    await this.database.connection.$executeRaw`update listing set backfill_at = null where id = 1`;
  }

  async state(): Promise<ListingState> {
    const [row] = await this.database.connection.$queryRaw<ListingRow[]>`
      select ${milliseconds(Prisma.sql`started_at`)} as "startedMs",
             ${milliseconds(Prisma.sql`finished_at`)} as "finishedMs",
             total
        from listing
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
