import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Prisma } from '../database/generated/client.js';
import { MAX_PAGE_BYTES, sumBefore } from '../database/page-bytes.js';
import type { Outcome } from '../topics/change.js';
import type { Micros } from '../topics/registers.js';
import { arrivalOf, earliestId } from './callback.js';
import type { Request } from './reading.js';

/** Which entries; what is not named does not matter. */
export interface JournalFilter {
  readonly from?: Micros | undefined;
  readonly to?: Micros | undefined;
  readonly command?: string | undefined;
  readonly groupId?: string | undefined;
  readonly outcome?: Outcome | undefined;
}

interface StoredCallback {
  readonly id: string;
  readonly query: string;
  readonly body: Uint8Array;
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const PAGE = 500;

/** All SQL that reads and trims the journal; its rows are written together with what they changed. */
@Injectable()
export class JournalStore {
  constructor(private readonly database: Database) {}

  /** The entries in the order of their arrival, page by page. */
  async *pages(filter: JournalFilter = {}): AsyncGenerator<readonly Request[]> {
    let after = filter.from === undefined ? FIRST_ID : earliestId(filter.from);
    const conditions = [
      filter.to !== undefined && Prisma.sql`id < ${earliestId(filter.to)}::uuid`,
      filter.command !== undefined && Prisma.sql`command = ${filter.command}`,
      filter.groupId !== undefined && Prisma.sql`group_id = ${filter.groupId}`,
      filter.outcome !== undefined && Prisma.sql`outcome = ${filter.outcome}`,
    ].filter((condition) => condition !== false);
    for (;;) {
      const rows = await this.database.connection.$queryRaw<StoredCallback[]>`
        select id::text as id, query, body
          from (select *, ${sumBefore(Prisma.sql`octet_length(body)`)} as bytes_before
                  from (select id, query, body
                          from callbacks
                         where ${Prisma.join([Prisma.sql`id > ${after}::uuid`, ...conditions], ' and ')}
                         order by id
                         limit ${PAGE}) entry) entry
         where bytes_before < ${MAX_PAGE_BYTES}
         order by id`;
      const last = rows.at(-1);
      if (!last) return;
      yield rows.map(toRequest);
      after = last.id;
    }
  }

  /** The commands that are in it. Reads all of it. */
  async commands(): Promise<string[]> {
    const rows = await this.database.connection.$queryRaw<{ command: string }[]>`
      select distinct command from callbacks where command is not null order by command`;
    return rows.map((row) => row.command);
  }

  /**
   * Forgets the oldest entries that arrived before `before`, at most `count`, in one short transaction.
   * @returns how many there were.
   */
  async trim(before: Date, count: number): Promise<number> {
    return this.database.connection.$executeRaw`
      delete from callbacks
       where id in (select id
                      from callbacks
                     where id < ${earliestId(before.getTime() * 1000)}::uuid
                     order by id
                     limit ${count}
                       for update skip locked)`;
  }
}

function toRequest({ id, query, body }: StoredCallback): Request {
  return { id, arrivedAt: arrivalOf(id), query, body: Buffer.from(body) };
}
