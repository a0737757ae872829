import { Injectable } from '@nestjs/common';
import { Database, type Reads } from '../database/database.js';
import { timestamp } from '../database/dates.js';
import { Prisma } from '../database/generated/client.js';
import { sumBefore } from '../database/page-bytes.js';
import { OCTETS, UP_TO_BYTES } from './change-columns.repository.js';

/** A change in responses. */
export interface StoredChange {
  readonly seq: number;
  readonly groupId: string;
  /** One line of JSON. */
  readonly json: string;
}

/** Where the log stands at the moment of an answer. */
export interface Position {
  /** The last `seq` that was given to a change. */
  readonly latest: number;
  /** Everything after this `seq` is in the log. */
  readonly floor: number;
  /** In which the seqs were given. */
  readonly epoch: string;
}

export interface LogPage extends Position {
  readonly changes: readonly StoredChange[];
  /** Whether it ends early, since it had grown to as many bytes as a page may have. */
  readonly isCut?: boolean;
}

/** A part of the log, of all groups or of one. */
export interface LogRange {
  readonly after: number;
  readonly limit: number;
  readonly groupId: string | null;
}

type LogPageRow = Position & { [Key in keyof StoredChange]: StoredChange[Key] | null };

/**
 * All SQL that reads the log of changes, and forgets the oldest. The order of `seq` is the order of
 * commits, so a reader that has all up to one number misses nothing by reading on after it.
 */
@Injectable()
export class ChangesRepository {
  constructor(private readonly database: Database) {}

  /**
   * The first changes after `after`, of all groups or of one, and where the log stands then. Those of the replica, unless
   * it may only be late.
   */
  async page(wanted: LogRange, isLate: (page: LogPage) => boolean): Promise<LogPage> {
    const { nearest, primary } = this.database;
    const page = await read(nearest, wanted);
    return nearest === primary || !isLate(page) ? page : read(primary, wanted);
  }

  /** Changes of a group from one `seq` to another, as JSON; ends early where it has grown too large. */
  async between(
    groupId: string,
    [first, last]: readonly [number, number],
    limit: number,
  ): Promise<readonly string[]> {
    const rows = await this.database.primary.query<{ json: string | null }>(Prisma.sql`
      select ${UP_TO_BYTES} as json
        from (select c.*, ${sumBefore(OCTETS)} as bytes_before
                from (select *
                        from changes c
                       where c.group_id = ${groupId} and c.seq between ${first}::bigint and ${last}::bigint
                       order by c.seq
                       limit ${limit}) c) c
       order by c.seq`);
    return rows.flatMap(({ json }) => json ?? []);
  }

  /**
   * Forgets the oldest changes, of those up to an instant at most `count`.
   * @returns how many there were.
   */
  async trim(before: Date, count: number): Promise<number> {
    return this.database.connection.$executeRaw`
      delete from changes
       where (group_id, seq) in (select group_id, seq
                                   from (select group_id, seq, at
                                           from changes
                                          order by seq
                                          limit ${count}) oldest
                                  where at < ${timestamp(before)})`;
  }
}

async function read(reads: Reads, { after, limit, groupId }: LogRange): Promise<LogPage> {
  const rows = await reads.query<LogPageRow>(
    Prisma.sql`
      select s.seq::float8 as latest,
             f.seq::float8 as floor,
             e.epoch::text as epoch,
             found.*
        from sequencer s
        join feed_floor f on f.id = s.id
        join epoch e on e.id = s.id
        left join lateral (
          select c.seq::float8 as seq, c.group_id as "groupId", ${UP_TO_BYTES} as json
            from (select c.*, ${sumBefore(OCTETS)} as bytes_before
                    from (select *
                            from changes c
                           where c.seq > ${after}::bigint
                             ${groupId === null ? Prisma.empty : Prisma.sql`and c.group_id = ${groupId}`}
                           order by c.seq
                           limit ${limit}) c) c
        ) found on true
       where s.id = 1
       order by found.seq`,
    groupId === null ? 'changes' : 'changes of a group',
  );
  const [position] = rows;
  if (!position) throw new Error('the table sequencer has lost its row');
  const { latest, floor, epoch } = position;
  const changes = rows.flatMap(toChange);
  return {
    latest,
    floor,
    epoch,
    changes,
    isCut: rows.some(({ seq, json }) => seq !== null && json === null),
  };
}

function toChange({ seq, groupId, json }: LogPageRow): StoredChange[] {
  if (seq === null || groupId === null || json === null) return [];
  // A line break can only be white space between tokens: inside a text JSON escapes it.
  return [{ seq, groupId, json: json.replaceAll('\n', ' ') }];
}
