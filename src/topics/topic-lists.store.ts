import { Injectable } from '@nestjs/common';
import { Database, type Server } from '../database/database.js';
import { Prisma } from '../database/generated/client.js';
import type { Filters, Order, Place, SortField, TopicListQuery } from './list-query.js';
import { type ToldGroup, TOPIC_FIELDS, type TopicField } from './views.js';

const GROUP_COLUMNS = Prisma.sql`
  g.group_id, g.name, g.type, g.owner_account, g.topic_count, g.seq, g.doubted_at, g.verified_at,
  g.last_callback_at, g.destroyed_at`;

const TOPIC_COLUMNS = Prisma.sql`
  t.group_id, t.topic_id, t.name, t.type, t.owner_account, t.operator_account, t.introduction,
  t.notification, t.face_url, t.custom_string, t.mute_all_member, t.user_defined_data_list,
  t.created_at, t.updated_at, t.deleted_at, t.seq`;

/** How each field of a topic is told, in the words of the query API. */
const TOLD = {
  groupId: Prisma.sql`t.group_id`,
  topicId: Prisma.sql`t.topic_id`,
  name: Prisma.sql`t.name`,
  type: Prisma.sql`t.type`,
  ownerAccount: Prisma.sql`t.owner_account`,
  operatorAccount: Prisma.sql`t.operator_account`,
  introduction: Prisma.sql`t.introduction`,
  notification: Prisma.sql`t.notification`,
  faceUrl: Prisma.sql`t.face_url`,
  customString: Prisma.sql`t.custom_string`,
  muteAllMember: Prisma.sql`t.mute_all_member`,
  // What is not of the vendor's form { Key, Value } is kept in the row but not told.
  userDefinedDataList: Prisma.sql`
    case when t.user_defined_data_list is not null then
      (select coalesce(json_agg(json_build_object('key', item ->> 'Key',
                                                  'value', coalesce(item ->> 'Value', ''))), '[]')
         from jsonb_array_elements(t.user_defined_data_list) item
        where item ->> 'Key' is not null)
    end`,
  createdAt: utc(Prisma.sql`t.created_at`),
  updatedAt: utc(Prisma.sql`t.updated_at`),
  deletedAt: utc(Prisma.sql`t.deleted_at`),
  seq: Prisma.sql`t.seq`,
} satisfies Record<TopicField, Prisma.Sql>;

// The sort keys, as the indexes of the migration `lists` have them: never null, so that one
// comparison of rows serves any page; what is not known is larger than everything that is.
const NAME_KEY = Prisma.sql`coalesce(left(t.name, 256), chr(1114111)) collate "C"`;
const SORT_KEYS = {
  topicId: null,
  name: NAME_KEY,
  createdAt: Prisma.sql`coalesce(t.created_at, timestamptz 'infinity')`,
  updatedAt: Prisma.sql`t.updated_at`,
} satisfies Record<SortField, Prisma.Sql | null>;

// No index serves a part of a name over all groups: a page looks at this many topics at most.
const MAX_LOOKED_THROUGH = 10_000;

const KEYED_BY_TEXT: ReadonlySet<SortField> = new Set(['topicId', 'name']);

/** A page of topics: their JSON, comma-separated, and the place where the next page begins. */
export interface TopicPage {
  readonly data: string;
  readonly next: Place | null;
}

interface FoundPage {
  readonly data: string | null;
  readonly next: Place | null;
}

/** All SQL that reads groups and topics for the query API. */
@Injectable()
export class TopicListsStore {
  private secret: Promise<string> | null = null;

  constructor(private readonly database: Database) {}

  /** What cursors are signed with: the same for every process on this database. */
  cursorSecret(): Promise<string> {
    this.secret ??= this.database
      .reads(this.database.nearest())
      .query<{ secret: string }>(Prisma.sql`select secret::text from cursor_secret where id = 1`)
      .then(
        ([row]) => {
          if (!row) throw new Error('the table cursor_secret has lost its row');
          return row.secret;
        },
        (error: unknown) => {
          this.secret = null;
          throw error;
        },
      );
    return this.secret;
  }

  /** Groups in the byte order of ids. */
  async groups(after: string, count: number, from: Server): Promise<readonly ToldGroup[]> {
    const rows = await this.database.reads(from).query<{ row: ToldGroup }>(Prisma.sql`
      select to_json(g) as row
        from (select ${GROUP_COLUMNS}
                from groups g
               where g.group_id > ${after}
               order by g.group_id
               limit ${count}) g`);
    return rows.map(({ row }) => row);
  }

  /** Of the groups named, those that are known. */
  async groupsById(groupIds: readonly string[], from: Server): Promise<readonly ToldGroup[]> {
    const rows = await this.database.reads(from).query<{ row: ToldGroup }>(
      Prisma.sql`
      select to_json(g) as row
        from (select ${GROUP_COLUMNS} from groups g where g.group_id = any (${groupIds})) g`,
      'groups by id',
    );
    return rows.map(({ row }) => row);
  }

  /** A page of the topics of a group, with the group at the same moment. */
  async topicsOf(
    groupId: string,
    query: TopicListQuery,
    from: Server,
  ): Promise<{ readonly group: ToldGroup; readonly page: TopicPage } | undefined> {
    const [row] = await this.database.reads(from).query<FoundPage & { group: ToldGroup }>(
      Prisma.sql`
      ${page(query, groupId)}
      select to_json(g) as "group", ${pageColumns(query)}
        from (select ${GROUP_COLUMNS} from groups g where g.group_id = ${groupId}) g`,
      isPlain(query)
        ? `topics of a group ${query.after === null ? 'from the start' : 'on'}`
        : undefined,
    );
    return row && { group: row.group, page: { data: row.data ?? '', next: row.next } };
  }

  /** A page of the topics of all groups. */
  async topics(query: TopicListQuery, from: Server): Promise<TopicPage> {
    const [row] = await this.database.reads(from).query<FoundPage>(Prisma.sql`
      ${page(query, null)}
      select ${pageColumns(query)}`);
    return { data: row?.data ?? '', next: row?.next ?? null };
  }

  /** One topic as JSON; `null` where the group has no such topic, `undefined` where there is no such group. */
  async topic(
    groupId: string,
    topicId: string,
    from: Server,
  ): Promise<{ readonly group: ToldGroup; readonly topic: string | null } | undefined> {
    const [row] = await this.database.reads(from).query<{ group: ToldGroup; topic: string | null }>(
      Prisma.sql`
      select to_json(g) as "group",
             (select row_to_json(told)::text
                from (select ${told(Object.keys(TOLD))}
                        from topics t
                       where t.group_id = ${groupId} and t.topic_id = ${topicId}) told) as topic
        from (select ${GROUP_COLUMNS} from groups g where g.group_id = ${groupId}) g`,
      'topic',
    );
    return row;
  }

  /** The last `seq` that was given to a change, and who told it. */
  async lastSeq(from: Server): Promise<{ readonly seq: number; readonly server: Server }> {
    const [row] = await this.database.reads(from).query<{ seq: number; isStandby: boolean }>(
      Prisma.sql`
      select seq::float8 as seq, pg_is_in_recovery() as "isStandby" from sequencer where id = 1`,
      'last seq',
    );
    return { seq: row?.seq ?? 0, server: row?.isStandby ? 'replica' : 'primary' };
  }
}

/**
 * `examined`: the rows that indexes lead to, in order, from the cursor on; one more than the page
 * holds tells whether there is a next one. Read only as far as it is needed.
 */
function page(
  { limit, order, filters, after }: TopicListQuery,
  groupId: string | null,
): Prisma.Sql {
  const { q } = filters;
  const { field, isDescending } = direction(order);
  const places = placeColumns(field, groupId);
  const way = isDescending ? Prisma.sql`desc` : Prisma.sql`asc`;
  return Prisma.sql`
    with examined as materialized (
      select ${TOPIC_COLUMNS}, array[${SORT_KEYS[field] ?? Prisma.sql`''`}::text, t.topic_id, t.group_id] as place
        from topics t
       where ${Prisma.join(conditions(filters, groupId), ' and ')}
         ${after === null ? Prisma.empty : Prisma.sql`and ${beyond(after, places, isDescending)}`}
       order by ${Prisma.join(places.map(({ column }) => Prisma.sql`${column} ${way}`))}
       limit ${q === undefined ? limit + 1 : MAX_LOOKED_THROUGH}
    )${q === undefined ? Prisma.empty : matching(q, limit)}`;
}

/** Of the rows examined those whose name contains a text; without one the page is what was examined. */
function matching(q: string, limit: number): Prisma.Sql {
  return Prisma.sql`,
    matching as materialized (
      select * from examined t where lower(t.name) like lower(${containing(q)}) limit ${limit + 1}
    )`;
}

/** The columns that tell a page: see TopicPage. */
function pageColumns({ limit, fields, filters }: TopicListQuery): Prisma.Sql {
  const isMatched = filters.q !== undefined;
  const source = isMatched ? Prisma.sql`matching` : Prisma.sql`examined`;
  const examinedAll = Prisma.sql`else (select array_to_json(place) from examined offset ${MAX_LOOKED_THROUGH - 1} limit 1)`;
  return Prisma.sql`
    (select string_agg(row_to_json(told)::text, ',')
       from (select ${told(fields)} from ${source} t limit ${limit}) told) as data,
    case when (select count(*) from ${source}) > ${limit}
         then (select array_to_json(place) from ${source} offset ${limit - 1} limit 1)
         ${isMatched ? examinedAll : Prisma.empty}
    end as next`;
}

/** Whether the statement is the one that is asked most: its text is then always the same. */
function isPlain({ order, fields, filters }: TopicListQuery): boolean {
  const { deleted, ...others } = filters;
  const isNarrowed =
    deleted !== 'exclude' || Object.values(others).some((value) => value !== undefined);
  return order === 'topicId' && fields === TOPIC_FIELDS && !isNarrowed;
}

function told(fields: readonly string[]): Prisma.Sql {
  const columns = Object.entries(TOLD).filter(([field]) => fields.includes(field));
  return Prisma.join(
    columns.map(([field, sql]) => Prisma.sql`${sql} as ${Prisma.raw(`"${field}"`)}`),
  );
}

function conditions(filters: Filters, groupId: string | null): Prisma.Sql[] {
  const { name, ownerAccount, operatorAccount, updatedSince, deleted, custom = [] } = filters;
  const found = [Prisma.sql`true`];
  if (groupId !== null) found.push(Prisma.sql`t.group_id = ${groupId}`);
  // The indexes hold the beginning of a text: a whole one may be too long for them.
  if (name !== undefined)
    found.push(Prisma.sql`${NAME_KEY} = left(${name}, 256) and t.name = ${name}`);
  if (ownerAccount !== undefined) {
    found.push(
      Prisma.sql`left(t.owner_account, 256) = left(${ownerAccount}, 256) and t.owner_account = ${ownerAccount}`,
    );
  }
  if (operatorAccount !== undefined) {
    found.push(
      Prisma.sql`left(t.operator_account, 256) = left(${operatorAccount}, 256) and t.operator_account = ${operatorAccount}`,
    );
  }
  if (updatedSince !== undefined)
    found.push(Prisma.sql`t.updated_at >= ${updatedSince}::timestamptz`);
  if (deleted !== 'include') {
    found.push(
      deleted === 'only' ? Prisma.sql`t.deleted_at is not null` : Prisma.sql`t.deleted_at is null`,
    );
  }
  for (const [Key, Value] of custom) {
    found.push(Prisma.sql`t.user_defined_data_list @> ${JSON.stringify([{ Key, Value }])}::jsonb`);
  }
  return found;
}

interface PlaceColumn {
  readonly column: Prisma.Sql;
  /** Its value in a place, of the column's type. */
  readonly valueOf: (place: Place) => Prisma.Sql;
}

/** The columns a list is ordered by. Inside a group its id would say nothing. */
function placeColumns(field: SortField, groupId: string | null): PlaceColumn[] {
  const key = SORT_KEYS[field];
  const columns: PlaceColumn[] = [];
  if (key !== null) {
    columns.push({
      column: key,
      valueOf: ([value]) =>
        KEYED_BY_TEXT.has(field) ? Prisma.sql`${value}` : Prisma.sql`${value}::timestamptz`,
    });
  }
  columns.push({
    column: Prisma.sql`t.topic_id`,
    valueOf: ([, topicId]) => Prisma.sql`${topicId}`,
  });
  if (groupId === null) {
    columns.push({
      column: Prisma.sql`t.group_id`,
      valueOf: ([, , group]) => Prisma.sql`${group}`,
    });
  }
  return columns;
}

/** What comes after a place in the order of the list. */
function beyond(after: Place, places: readonly PlaceColumn[], isDescending: boolean): Prisma.Sql {
  return Prisma.sql`
    (${Prisma.join(places.map(({ column }) => column))})
    ${isDescending ? Prisma.sql`<` : Prisma.sql`>`}
    (${Prisma.join(places.map(({ valueOf }) => valueOf(after)))})`;
}

function direction(order: Order): { field: SortField; isDescending: boolean } {
  const isDescending = order.startsWith('-');
  const name = isDescending ? order.slice(1) : order;
  const field = (Object.keys(SORT_KEYS) as SortField[]).find((candidate) => candidate === name);
  if (field === undefined) throw new Error(`there is no order ${order}`);
  return { field, isDescending };
}

/** A pattern of LIKE for texts that contain `text`. */
function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, (character) => `\\${character}`)}%`;
}

function utc(column: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
