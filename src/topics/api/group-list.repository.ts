// The statement of a page of groups, by any order and filter.
import { Prisma } from '../../database/generated/client.js';
import { MAX_PAGE_BYTES, sumBefore } from '../../database/page-bytes.js';
import type { GroupPlace, GroupSortField } from './list-parameters.js';
import type { GroupListQuery } from './list-query.js';
import { EPOCH, GROUP_COLUMNS, GROUP_OCTETS } from './projection.repository.js';
import { containing, direction, MAX_LOOKED_THROUGH, toText } from './topic-page.repository.js';
import type { SelectedGroup, SyncState } from './responses.js';

/** A row for each group of the page, and for one more where there is one; one without a group where there is none. */
export type GroupListRow = {
  readonly epoch: string;
  readonly n: number | null;
  readonly row: (SelectedGroup & { readonly [Name in (typeof HELPERS)[number]]: unknown }) | null;
  readonly place: GroupPlace | null;
  /** Of the last group that was examined, where there may be more. */
  readonly examined: GroupPlace | null;
};

interface SortKey {
  readonly column: Prisma.Sql;
  readonly asText: Prisma.Sql;
  readonly type: Prisma.Sql;
}

const NAME = Prisma.sql`coalesce(left(g.name, 256), chr(1114111)) collate "C"`;
// A name as its index has it; seq and the last callback have none.
const SORT_KEYS = {
  groupId: null,
  name: { column: NAME, asText: NAME, type: Prisma.sql`text` },
  lastCallbackAt: {
    column: Prisma.sql`coalesce(g.last_callback_at, timestamptz '-infinity')`,
    asText: Prisma.sql`coalesce(${toText(Prisma.sql`g.last_callback_at`)}, '-infinity')`,
    type: Prisma.sql`timestamptz`,
  },
  seq: { column: Prisma.sql`g.seq`, asText: Prisma.sql`g.seq::text`, type: Prisma.sql`bigint` },
} satisfies Record<GroupSortField, SortKey | null>;

// As `stateOf` of responses.ts, and as the index has it.
const STATE = Prisma.sql`
  (case when g.destroyed_at is not null then 'destroyed' when g.stale_since is not null then 'stale'
        when g.verified_at is null then 'hooked' else 'verified' end collate "C")`;

/** Columns of a row beside those of the group. */
const HELPERS = ['place', 'n', 'before'] as const;

/** The group of a row. */
export function groupOf({ row }: GroupListRow): SelectedGroup[] {
  if (row === null) return [];
  const { place: _place, n: _n, before: _before, ...group } = row;
  return [group];
}

export function groupList({ limit, order, filters, after }: GroupListQuery): Prisma.Sql {
  const { state, q } = filters;
  const { field, isDescending } = direction<GroupSortField>(order, Object.keys(SORT_KEYS));
  const key = SORT_KEYS[field];
  const way = isDescending ? Prisma.sql`desc` : Prisma.sql`asc`;
  const columns = [...(key ? [key.column] : []), Prisma.sql`g.group_id`];
  const examinedRows = q === undefined ? limit + 1 : MAX_LOOKED_THROUGH;
  return Prisma.sql`
    with examined as materialized (
      select ${GROUP_COLUMNS}, array[${key?.asText ?? Prisma.sql`''`}, g.group_id] as place
        from groups g
       where ${Prisma.join([stateIs(state), after === null ? TRUE : beyond(after, key, isDescending)], ' and ')}
       order by ${Prisma.join(columns.map((column) => Prisma.sql`${column} ${way}`))}
       limit ${examinedRows}
    ), matching as materialized (
      select g.*, row_number() over () as n, ${sumBefore(GROUP_OCTETS)} as before
        from (select * from examined g where ${q === undefined ? TRUE : contains(q)} limit ${limit + 1}) g
    )
    select ${EPOCH}, g.n::float8 as n,
           case when g.n <= ${limit} and g.before < ${MAX_PAGE_BYTES} then to_json(g) end as row,
           array_to_json(g.place) as place,
           (select array_to_json(place) from examined offset ${examinedRows - 1} limit 1) as examined
      from (select) one
      left join matching g on true
     order by g.n`;
}

const TRUE = Prisma.sql`true`;

function stateIs(state: SyncState | undefined): Prisma.Sql {
  return state === undefined ? TRUE : Prisma.sql`${STATE} = ${state}`;
}

function contains(q: string): Prisma.Sql {
  const pattern = containing(q);
  return Prisma.sql`(lower(g.group_id) like lower(${pattern}) or lower(g.name) like lower(${pattern}))`;
}

/** What comes after a place in the order of the list. */
function beyond(
  [value, groupId]: GroupPlace,
  key: SortKey | null,
  isDescending: boolean,
): Prisma.Sql {
  const sign = isDescending ? Prisma.sql`<` : Prisma.sql`>`;
  if (key === null) return Prisma.sql`g.group_id ${sign} ${groupId}`;
  return Prisma.sql`(${key.column}, g.group_id) ${sign} (${value}::${key.type}, ${groupId})`;
}
