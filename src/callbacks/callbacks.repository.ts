import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Prisma } from '../database/generated/client.js';
import { MAX_PAGE_BYTES, octets, sumBefore } from '../database/page-bytes.js';
import { earliestId } from '../journal/callback-id.js';
import type { Outcome } from '../journal/journal-entry.js';
import type {
  CallbackFilters,
  CallbackListQuery,
  CallbacksAfterQuery,
  Position,
} from './callbacks-query.js';

/** A callback without its body. */
export interface CallbackRow {
  readonly id: string;
  readonly command: string | null;
  readonly groupId: string | null;
  readonly outcome: Outcome;
  readonly query: string;
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
  readonly bodyBytes: number;
  readonly position: number;
}

export interface CallbackPage {
  readonly epoch: string;
  readonly callbacks: readonly CallbackRow[];
  /** The last that was examined, where there may be more after it. */
  readonly last: Position | null;
  /** Every callback that a later statement can find anew lies after it. */
  readonly head: Position;
}

type PageRow = { [Column in keyof CallbackRow]: CallbackRow[Column] | null } & {
  readonly epoch: string;
  readonly headPosition: number;
  readonly examinedId: string | null;
  readonly examinedPosition: number | null;
  readonly isIn: boolean | null;
};

// No index serves every filter: a page examines this many callbacks at most.
const MAX_EXAMINED = 10_000;
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
// Of the partial index callbacks_outcome.
const INDEXED_OUTCOMES: ReadonlySet<string> = new Set<Outcome>([
  'unchanged',
  'stale',
  'unknown',
  'invalid',
]);

const ROW = Prisma.sql`
  c.id::text as id, c.command, c.group_id as "groupId", c.outcome, c.query,
  c.first_seq::float8 as "firstSeq", c.last_seq::float8 as "lastSeq",
  octet_length(c.body) as "bodyBytes", c.position::float8 as position`;

const OCTETS = octets({
  texts: [Prisma.sql`c.command`, Prisma.sql`c.group_id`, Prisma.sql`c.query`],
  json: [],
});

interface Walk {
  /** Of the index that leads to the rows. */
  readonly conditions: readonly Prisma.Sql[];
  /** On each row that it leads to. */
  readonly filters: readonly Prisma.Sql[];
  readonly order: Prisma.Sql;
  readonly limit: number;
}

/** All SQL that reads the journal for the query API. Of the primary: an entry that was announced is there. */
@Injectable()
export class CallbacksRepository {
  constructor(private readonly database: Database) {}

  /** Newest arrival first. */
  list({ limit, filters, before }: CallbackListQuery): Promise<CallbackPage> {
    const { leading, others } = divided(filters);
    return this.page({
      conditions: [
        ...(before === null ? [] : [Prisma.sql`c.id < ${before}::uuid`]),
        ...arrivalConditions(filters),
        ...leading,
      ],
      filters: others,
      order: Prisma.sql`c.id desc`,
      limit,
    });
  }

  /** In the order of commits. */
  after({ limit, filters, after }: CallbacksAfterQuery): Promise<CallbackPage> {
    const { leading, others } = divided(filters);
    return this.page({
      conditions: [Prisma.sql`(c.position, c.id) > (${after.position}::bigint, ${after.id}::uuid)`],
      filters: [...arrivalConditions(filters), ...leading, ...others],
      order: Prisma.sql`c.position, c.id`,
      limit,
    });
  }

  /** One callback with its body, or `null`. */
  async one(id: string): Promise<(CallbackRow & { readonly body: Buffer }) | null> {
    const [row] = await this.database.primary.query<CallbackRow & { body: Buffer }>(
      Prisma.sql`select ${ROW}, c.body from callbacks c where c.id = ${id}::uuid`,
      'callback',
    );
    return row ?? null;
  }

  private async page({ conditions, filters, order, limit }: Walk): Promise<CallbackPage> {
    const examinedRows = filters.length === 0 ? limit + 1 : MAX_EXAMINED;
    const rows = await this.database.primary.query<PageRow>(Prisma.sql`
      with examined as materialized (
        select c.id, c.position, c.command, c.group_id, c.outcome
          from callbacks c
         where ${all(conditions)}
         order by ${order}
         limit ${examinedRows}
      ), matching as materialized (
        select c.id from examined c where ${all(filters)} limit ${limit + 1}
      ), last as (
        select c.id, c.position from examined c offset ${examinedRows - 1} limit 1
      )
      select e.epoch::text as epoch, s.journal_position::float8 as "headPosition", found.*,
             (select id::text from last) as "examinedId",
             (select position::float8 from last) as "examinedPosition"
        from sequencer s
        join epoch e on e.id = s.id
        left join lateral (
          select ${ROW}, c.bytes_before < ${MAX_PAGE_BYTES} and c.n <= ${limit} as "isIn", c.n
            from (select c.*, row_number() over () as n, ${sumBefore(OCTETS)} as bytes_before
                    from (select c.*
                            from matching m
                            join callbacks c on c.id = m.id
                           order by ${order}) c) c
        ) found on true
       where s.id = 1
       order by found.n`);
    const [first] = rows;
    if (!first) throw new Error('the table sequencer has lost its row');
    return toPage(rows, first, filters.length > 0);
  }
}

function toPage(rows: readonly PageRow[], first: PageRow, isFiltered: boolean): CallbackPage {
  const found = rows.filter(isFound);
  const callbacks = found.filter(({ isIn }) => isIn).map(toRow);
  const isCut = callbacks.length < found.length;
  const { examinedId: id, examinedPosition: position, headPosition, epoch } = first;
  const examined = isFiltered && id !== null && position !== null ? { id, position } : null;
  return {
    epoch,
    callbacks,
    last: isCut ? (callbacks.at(-1) ?? null) : examined,
    head: { position: headPosition, id: LAST_ID },
  };
}

function isFound(row: PageRow): row is PageRow & CallbackRow {
  return row.id !== null;
}

function toRow(row: CallbackRow): CallbackRow {
  const { id, command, groupId, outcome, query, firstSeq, lastSeq, bodyBytes, position } = row;
  return { id, command, groupId, outcome, query, firstSeq, lastSeq, bodyBytes, position };
}

/** The condition that an index serves, and the others. */
function divided({ command, outcome, groupId }: CallbackFilters) {
  const leading: Prisma.Sql[] = [];
  const others: Prisma.Sql[] = [];
  const add = (indexed: Prisma.Sql | null, plain: Prisma.Sql): void => {
    if (indexed !== null && leading.length === 0) leading.push(indexed);
    else others.push(plain);
  };
  if (groupId !== undefined) {
    add(Prisma.sql`c.group_id collate "C" = ${groupId}`, Prisma.sql`c.group_id = ${groupId}`);
  }
  if (outcome !== undefined) {
    const condition = Prisma.sql`c.outcome = ${Prisma.raw(`'${outcome}'`)}`;
    add(INDEXED_OUTCOMES.has(outcome) ? condition : null, condition);
  }
  if (command !== undefined) {
    const condition = Prisma.sql`c.command = ${command}`;
    // The index holds the beginning: a whole one may be too long for it.
    add(
      Prisma.sql`left(c.command, 128) collate "C" = left(${command}, 128) and ${condition}`,
      condition,
    );
  }
  return { leading, others };
}

/** Ids begin with the time of arrival. */
function arrivalConditions({ since, until }: CallbackFilters): Prisma.Sql[] {
  const idAt = (instant: string) => earliestId(Date.parse(instant) * 1000);
  return [
    ...(since === undefined ? [] : [Prisma.sql`c.id >= ${idAt(since)}::uuid`]),
    ...(until === undefined ? [] : [Prisma.sql`c.id < ${idAt(until)}::uuid`]),
  ];
}

function all(conditions: readonly Prisma.Sql[]): Prisma.Sql {
  return conditions.length === 0 ? Prisma.sql`true` : Prisma.join([...conditions], ' and ');
}
