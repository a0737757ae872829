import { Prisma } from '../../database/generated/client.js';
import { octets, sumBefore } from '../../database/page-bytes.js';
import {
  type FieldDeclaration,
  type FieldType,
  GROUP_FIELDS,
  TOPIC_FIELDS,
  type TopicField,
} from '../domain/fields.js';
import type { ResponseField } from './responses.js';

/** The columns of a SelectedGroup. */
export const GROUP_COLUMNS = Prisma.sql`
  g.group_id, ${mirroredGroupColumns()}, g.topic_count, g.seq, g.stale_since, g.verified_at,
  g.last_callback_at, g.destroyed_at, g.registers ->> 'r' as stale_reason, (select e.epoch from epoch e where e.id = 1) as epoch`;

/** The epoch of the database, for a statement without a group. */
export const EPOCH = Prisma.sql`(select e.epoch::text from epoch e where e.id = 1) as epoch`;

/** Of rows of GROUP_COLUMNS. */
export const GROUP_OCTETS = octets({
  texts: Object.keys(GROUP_FIELDS).map((name) => Prisma.raw(`g."${name}"`)),
  json: [],
});

const DECLARATIONS: Readonly<Record<TopicField, FieldDeclaration>> = TOPIC_FIELDS;
const MIRRORED = Object.entries(DECLARATIONS);

export const TOPIC_COLUMNS = Prisma.sql`
  t.group_id, t.topic_id, ${Prisma.join(MIRRORED.map(([, { column }]) => Prisma.raw(`t.${column}`)))},
  t.created_at, t.updated_at, t.deleted_at, t.seq`;

const PROJECTIONS: ReadonlyMap<string, Prisma.Sql> = new Map<ResponseField, Prisma.Sql>([
  ['groupId', Prisma.sql`t.group_id`],
  ['topicId', Prisma.sql`t.topic_id`],
  ...(Object.keys(TOPIC_FIELDS) as TopicField[]).map((name): [TopicField, Prisma.Sql] => [
    name,
    project(DECLARATIONS[name]),
  ]),
  ['createdAt', utc(Prisma.sql`t.created_at`)],
  ['updatedAt', utc(Prisma.sql`t.updated_at`)],
  ['deletedAt', utc(Prisma.sql`t.deleted_at`)],
  ['seq', Prisma.sql`t.seq`],
]);

function mirroredGroupColumns(): Prisma.Sql {
  const columns = Object.entries(GROUP_FIELDS);
  return Prisma.join(columns.map(([name, { column }]) => Prisma.raw(`g.${column} as "${name}"`)));
}

function project({ column, type }: FieldDeclaration): Prisma.Sql {
  const value = Prisma.raw(`t.${column}`);
  if (type !== 'customFields') return value;
  return Prisma.sql`
    case when ${value} is not null then
      (select coalesce(json_agg(json_build_object('key', item -> 'Key', 'value', item -> 'Value')), '[]')
         from jsonb_array_elements(${value}) item)
    end`;
}

/** How many bytes the fields of a topic take, at least: see `octets`. */
export function topicOctets(fields: readonly string[]): Prisma.Sql {
  const columnsOf = (...types: FieldType[]) =>
    MIRRORED.filter(([name, { type }]) => fields.includes(name) && types.includes(type)).map(
      ([, { column }]) => Prisma.raw(`t.${column}`),
    );
  return octets({ texts: columnsOf('text', 'groupType'), json: columnsOf('customFields') });
}

/**
 * The lines of a page, of rows `t` in their order, of which one more than `limit` may be there: `n` from 1, the JSON
 * as `line`, and whether it is in the page. After that JSON is not even made.
 */
export function pageLines(
  rows: Prisma.Sql,
  page: {
    readonly fields: readonly string[];
    readonly limit: Prisma.Sql;
    readonly maxBytes: Prisma.Sql;
  },
): Prisma.Sql {
  const { fields, limit, maxBytes } = page;
  return Prisma.sql`
    select p.*,
           p.n <= ${limit} and p.line is not null
             and ${sumBefore(Prisma.sql`coalesce(octet_length(p.line), 0)`)} < ${maxBytes} as is_in
      from (select t.*,
                   case when t.n <= ${limit} and t.octets_before < ${maxBytes}
                        then (select row_to_json(topic)::text from (select ${projection(fields)}) topic) end as line
              from (select t.*, row_number() over () as n,
                           ${sumBefore(topicOctets(fields))} as octets_before
                      from ${rows} t) t
            -- Or the JSON would be made anew for each mention.
            offset 0) p`;
}

/** The fields of a topic as columns, by their names in the query API. */
export function projection(fields: readonly string[]): Prisma.Sql {
  const columns = [...PROJECTIONS].filter(([field]) => fields.includes(field));
  return Prisma.join(
    columns.map(([field, sql]) => Prisma.sql`${sql} as ${Prisma.raw(`"${field}"`)}`),
  );
}

function utc(column: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
