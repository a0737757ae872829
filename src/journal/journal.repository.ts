import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Prisma } from '../database/generated/client.js';
import { MAX_PAGE_BYTES, sumBefore } from '../database/page-bytes.js';
import { arrivalOf, earliestId } from './callback-id.js';
import type { JournalledRequest, Outcome } from './journal-entry.js';

/** Which entries; what is not named does not matter. */
export interface JournalFilter {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly command?: string | undefined;
  readonly groupId?: string | undefined;
  readonly outcome?: Outcome | undefined;
}

type StoredCallback = Omit<JournalledRequest, 'arrivedAt' | 'body'> & { readonly body: Uint8Array };

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const PAGE = 500;

const RELAYED = Prisma.sql`(
  not exists (select from relay r where (c.position, c.id) > (r.position, r.callback_id))
  and not exists (select from relay_backlog b where b.callback_id = c.id))`;

/** All SQL that reads and trims the journal; its rows are written together with what they changed. */
@Injectable()
export class JournalRepository {
  constructor(private readonly database: Database) {}

  /** The entries in the order of their arrival, page by page. */
  async *pages(filter: JournalFilter = {}): AsyncGenerator<readonly JournalledRequest[]> {
    let after = filter.from === undefined ? FIRST_ID : earliestId(filter.from);
    const conditions = [
      filter.to !== undefined && Prisma.sql`id < ${earliestId(filter.to)}::uuid`,
      filter.command !== undefined && Prisma.sql`command = ${filter.command}`,
      filter.groupId !== undefined && Prisma.sql`group_id = ${filter.groupId}`,
      filter.outcome !== undefined && Prisma.sql`outcome = ${filter.outcome}`,
    ].filter((condition) => condition !== false);
    for (;;) {
      const rows = await this.database.connection.$queryRaw<StoredCallback[]>`
        select id::text as id, query, body, command, group_id as "groupId", outcome
          from (select *, ${sumBefore(Prisma.sql`octet_length(body)`)} as bytes_before
                  from (select id, query, body, command, group_id, outcome
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

  /** Version of PostgreSQL, and the id of the latest arrival. */
  async position(): Promise<{ readonly version: string; readonly lastId: string | null }> {
    const [row] = await this.database.connection.$queryRaw<
      { version: string; lastId: string | null }[]
    >`
      select current_setting('server_version') as version,
             (select id::text from callbacks order by id desc limit 1) as "lastId"`;
    return { version: row?.version ?? 'unknown', lastId: row?.lastId ?? null };
  }

  /** The commands that are in it. Reads all of it. */
  async commands(): Promise<string[]> {
    const rows = await this.database.connection.$queryRaw<{ command: string }[]>`
      select distinct command from callbacks where command is not null order by command`;
    return rows.map((row) => row.command);
  }

  /**
   * Forgets the oldest entries that arrived before `before`, at most `count`, in one short transaction.
   * @param isRelayed spares those that are yet to be relayed (src/relay/relay.ts).
   * @returns how many there were.
   */
  async trim(before: Date, count: number, isRelayed: boolean): Promise<number> {
    return this.database.connection.$executeRaw`
      delete from callbacks
       where id in (select id
                      from callbacks c
                     where id < ${earliestId(before.getTime() * 1000)}::uuid
                       and ${isRelayed ? RELAYED : Prisma.sql`true`}
                     order by id
                     limit ${count}
                       for update skip locked)`;
  }
}

function toRequest({ body, ...stored }: StoredCallback): JournalledRequest {
  return { ...stored, arrivedAt: arrivalOf(stored.id), body: Buffer.from(body) };
}
