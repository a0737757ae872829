// The statement of a page of topics, by any order and filter.
import { Prisma } from '../../database/generated/client.js';
import type { Place } from './list-cursors.js';
import type { Filters, SortField } from './list-parameters.js';
import type { TopicListQuery } from './list-query.js';
import { MAX_PAGE_BYTES } from '../../database/page-bytes.js';
import { pageLines, TOPIC_COLUMNS } from './projection.repository.js';

// The sort keys, as the indexes of the migration `lists` have them: never null, so that one
// comparison of rows serves any page; what is not known is larger than everything that is.
const NAME_KEY = Prisma.sql`coalesce(left(t.name, 256), chr(1114111)) collate "C"`;
const SORT_KEYS = {
  topicId: null,
  name: NAME_KEY,
  createdAt: Prisma.sql`coalesce(t.created_at, timestamptz 'infinity')`,
  updatedAt: Prisma.sql`t.updated_at`,
} satisfies Record<SortField, Prisma.Sql | null>;

// The same as texts for a place, which are read the same whatever `DateStyle` and time zone are set.
const KEY_TEXTS = {
  topicId: Prisma.sql`''::text`,
  name: NAME_KEY,
  createdAt: Prisma.sql`coalesce(${toText(Prisma.sql`t.created_at`)}, 'infinity')`,
  updatedAt: toText(Prisma.sql`t.updated_at`),
} satisfies Record<SortField, Prisma.Sql>;

// No index serves a part of a name over all groups: a page looks at this many topics at most.
export const MAX_LOOKED_THROUGH = 10_000;

const KEYED_BY_TEXT: ReadonlySet<SortField> = new Set(['topicId', 'name']);

/**
 * `examined`: the rows that indexes lead to, in order, from the cursor on; one more than the page
 * holds shows whether there is a next one. Read only as far as it is needed.
 */
export function page(
  { limit, order, fields, filters, after }: TopicListQuery,
  groupId: string | null,
): Prisma.Sql {
  const { q } = filters;
  const { field, isDescending } = direction<SortField>(order, Object.keys(SORT_KEYS));
  const places = placeColumns(field, groupId);
  const way = isDescending ? Prisma.sql`desc` : Prisma.sql`asc`;
  return Prisma.sql`
    with examined as materialized (
      select ${TOPIC_COLUMNS}, array[${KEY_TEXTS[field]}, t.topic_id, t.group_id] as place
        from topics t
       where ${Prisma.join(conditions(filters, groupId), ' and ')}
         ${after === null ? Prisma.empty : Prisma.sql`and ${beyond(after, places, isDescending)}`}
       order by ${Prisma.join(places.map(({ column }) => Prisma.sql`${column} ${way}`))}
       limit ${q === undefined ? limit + 1 : MAX_LOOKED_THROUGH}
    )${q === undefined ? Prisma.empty : matching(q, limit)},
    paged as materialized (${pageLines(
      q === undefined ? Prisma.sql`examined` : Prisma.sql`matching`,
      {
        fields,
        limit: Prisma.sql`${limit}::int`,
        maxBytes: Prisma.sql`${MAX_PAGE_BYTES}::bigint`,
      },
    )})`;
}

/** Of the rows examined those whose name contains a text; without one the page is what was examined. */
function matching(q: string, limit: number): Prisma.Sql {
  return Prisma.sql`,
    matching as materialized (
      select * from examined t where lower(t.name) like lower(${containing(q)}) limit ${limit + 1}
    )`;
}

/** The columns that tell a page: its JSON, and the place where the next one begins. */
export function pageColumns({ filters }: TopicListQuery): Prisma.Sql {
  const examinedAll = Prisma.sql`else (select array_to_json(place) from examined offset ${MAX_LOOKED_THROUGH - 1} limit 1)`;
  return Prisma.sql`
    (select string_agg(p.line, ',' order by p.n) from paged p where p.is_in) as data,
    case when exists (select from paged p where not p.is_in)
         then (select array_to_json(p.place) from paged p where p.is_in order by p.n desc limit 1)
         ${filters.q === undefined ? Prisma.empty : examinedAll}
    end as next`;
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

export function toText(column: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z" BC')`;
}

export function direction<Field extends string>(
  order: string,
  fields: readonly string[],
): { field: Field; isDescending: boolean } {
  const isDescending = order.startsWith('-');
  const name = isDescending ? order.slice(1) : order;
  const field = fields.find((candidate): candidate is Field => candidate === name);
  if (field === undefined) throw new Error(`there is no order ${order}`);
  return { field, isDescending };
}

/** A pattern of LIKE for texts that contain `text`. */
export function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, (character) => `\\${character}`)}%`;
}
