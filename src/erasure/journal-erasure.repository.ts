import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Prisma } from '../database/generated/client.js';
import { MAX_PAGE_BYTES, sumBefore } from '../database/page-bytes.js';
import { PAGE } from './erasure.repository.js';
import type { Replacement } from './replacement.js';

export interface JournalText {
  readonly id: string;
  readonly query: string;
  readonly body: Uint8Array;
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** All SQL that finds an account in the journal and replaces it. */
@Injectable()
export class JournalErasureRepository {
  constructor(private readonly database: Database) {}

  /** The journal entries that may hold it: also those in which it may be escaped. */
  async *callbacks({ account }: Replacement): AsyncGenerator<readonly JournalText[]> {
    let after = FIRST_ID;
    for (;;) {
      const [last] = await this.database.connection.$queryRaw<{ id: string }[]>`
        select p.id::text as id
          from (select id from callbacks where id > ${after}::uuid order by id limit ${PAGE}) p
         order by p.id desc
         limit 1`;
      if (!last) return;
      for (let from = after; ;) {
        const found = await this.candidates(account, from, last.id);
        const final = found.at(-1);
        if (!final) break;
        yield found;
        from = final.id;
      }
      after = last.id;
    }
  }

  async writeCallback({ id, query, body }: JournalText): Promise<void> {
    await this.database.connection.$executeRaw`
      update callbacks set query = ${query}, body = ${body} where id = ${id}::uuid`;
  }

  private candidates(account: string, after: string, last: string): Promise<JournalText[]> {
    return this.database.connection.$queryRaw<JournalText[]>`
      select c.id::text as id, c.query, c.body
        from (select k.*, ${sumBefore(Prisma.sql`octet_length(k.body)`)} as bytes_before
                from (select id, query, body
                        from callbacks
                       where id > ${after}::uuid
                         and id <= ${last}::uuid
                         and (position(${Buffer.from(account)} in body) > 0
                              or position('\\x5c'::bytea in body) > 0
                              or position(${account} in query) > 0
                              or position('%' in query) > 0
                              or position('+' in query) > 0)
                       order by id) k
             ) c
       where c.bytes_before < ${MAX_PAGE_BYTES}
       order by c.id`;
  }
}
