import { Injectable } from '@nestjs/common';
import { Database, type Server } from '../database/database.js';
import { timestamp } from '../database/dates.js';
import { Prisma } from '../database/generated/client.js';
import { MAX_PAGE_BYTES, octets, sumBefore } from '../database/page-bytes.js';

/** A change as the feed tells it. */
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

export interface Stretch extends Position {
  readonly changes: readonly StoredChange[];
  /** Whether it ends early, since it had grown to as many bytes as a page may have. */
  readonly isCut?: boolean;
}

/** Changes of one topic, newest first. */
export interface HistoryPage {
  readonly epoch: string;
  readonly changes: readonly { readonly seq: number; readonly json: string }[];
  readonly isMore: boolean;
}

type HistoryRow = { epoch: string; seq: number | null; json: string | null };

/** A change of one topic, newest first; `before` holds what it undid. */
export interface TopicChangeRow {
  readonly seq: number;
  readonly kind: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly before: Readonly<Record<string, unknown>>;
}

const TOLD = Prisma.sql`
  c.seq,
  c.group_id as "groupId",
  c.topic_id as "topicId",
  c.kind,
  c.origin,
  to_char(c.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at,
  c.operator_account as "operatorAccount",
  c.platform,
  c.before,
  c.after`;

const OCTETS = octets({
  texts: [Prisma.sql`c.operator_account`, Prisma.sql`c.platform`],
  json: [Prisma.sql`c.before`, Prisma.sql`c.after`],
});

/** A change as JSON, or null where a page has ended before it. */
const UP_TO_BYTES = Prisma.sql`
  case when c.bytes_before < ${Prisma.raw(String(MAX_PAGE_BYTES))}
       then (select row_to_json(told)::text from (select ${TOLD}) told) end`;

type StretchRow = Position & { [Key in keyof StoredChange]: StoredChange[Key] | null };

/**
 * All SQL that reads the log of changes, and forgets the oldest. The order of `seq` is the order of
 * commits, so whoever has seen all up to one number misses nothing by asking for those after it.
 */
@Injectable()
export class ChangesStore {
  constructor(private readonly database: Database) {}

  /** The first changes after `after`, of all groups or of one, and where the log stands then. */
  async stretch(
    after: number,
    limit: number,
    groupId: string | null,
    from: Server,
  ): Promise<Stretch> {
    const rows = await this.database.reads(from).query<StretchRow>(
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

  /** Changes of a topic before a `seq`, newest first, and the epoch in which they are read. */
  async history(
    groupId: string,
    topicId: string,
    page: { readonly before: number | null; readonly limit: number },
    from: Server,
  ): Promise<HistoryPage> {
    const rows = await this.database.reads(from).query<HistoryRow>(
      Prisma.sql`
      select e.epoch::text as epoch, found.*
        from epoch e
        left join lateral (
          select c.seq::float8 as seq, ${UP_TO_BYTES} as json
            from (select c.*, ${sumBefore(OCTETS)} as bytes_before
                    from (select *
                            from changes c
                           where c.group_id = ${groupId}
                             and c.topic_id = ${topicId}
                             ${page.before === null ? Prisma.empty : Prisma.sql`and c.seq < ${page.before}::bigint`}
                           order by c.seq desc
                           limit ${page.limit + 1}) c) c
        ) found on true
       where e.id = 1
       order by found.seq desc`,
    );
    const found = rows.filter(({ seq }) => seq !== null);
    const changes = found
      .slice(0, page.limit)
      .flatMap(({ seq, json }) => (seq === null || json === null ? [] : [{ seq, json }]));
    return { epoch: rows[0]?.epoch ?? '', changes, isMore: changes.length < found.length };
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

  /**
   * The changes of a topic since an instant, newest first, and the last one before it. Of the primary:
   * wherever the topic was read, its latest change must be among them.
   */
  async since(groupId: string, topicId: string, instant: Date): Promise<readonly TopicChangeRow[]> {
    return this.database.reads('primary').query<
      TopicChangeRow & { [key: string]: unknown }
    >(Prisma.sql`
      with earlier as (
        select c.seq
          from changes c
         where c.group_id = ${groupId} and c.topic_id = ${topicId} and c.at <= ${instant.toISOString()}::timestamptz
         order by c.seq desc
         limit 1
      )
      select told.*
        from (select c.kind, c.before, ${TOLD_TIME}
                from changes c
               where c.group_id = ${groupId}
                 and c.topic_id = ${topicId}
                 and c.seq >= coalesce((select seq from earlier), 0)) told
       order by told.seq desc`);
  }
}

const TOLD_TIME = Prisma.sql`
  c.seq::float8 as seq,
  to_char(c.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at`;

function toChange({ seq, groupId, json }: StretchRow): StoredChange[] {
  if (seq === null || groupId === null || json === null) return [];
  // A line break can only be white space between tokens: inside a text JSON escapes it.
  return [{ seq, groupId, json: json.replaceAll('\n', ' ') }];
}
