import { Prisma } from '../database/generated/client.js';
import { octets, sumBefore } from '../database/page-bytes.js';
import type { TopicField } from './views.js';

/** The columns of a group that are told: see ToldGroup. */
export const GROUP_COLUMNS = Prisma.sql`
  g.group_id, g.name, g.type, g.owner_account, g.topic_count, g.seq, g.doubted_at, g.verified_at,
  g.last_callback_at, g.destroyed_at, g.registers ->> 'r' as stale_reason, (select e.epoch from epoch e where e.id = 1) as epoch`;

/** The epoch of the database, for a statement that tells no group. */
export const EPOCH = Prisma.sql`(select e.epoch::text from epoch e where e.id = 1) as epoch`;

export const GROUP_OCTETS = octets({
  texts: [Prisma.sql`g.name`, Prisma.sql`g.type`, Prisma.sql`g.owner_account`],
  json: [],
});

export const TOPIC_COLUMNS = Prisma.sql`
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
  userDefinedDataList: Prisma.sql`
    case when t.user_defined_data_list is not null then
      (select coalesce(json_agg(json_build_object('key', item -> 'Key', 'value', item -> 'Value')), '[]')
         from jsonb_array_elements(t.user_defined_data_list) item)
    end`,
  createdAt: utc(Prisma.sql`t.created_at`),
  updatedAt: utc(Prisma.sql`t.updated_at`),
  deletedAt: utc(Prisma.sql`t.deleted_at`),
  seq: Prisma.sql`t.seq`,
} satisfies Record<TopicField, Prisma.Sql>;

const LONG_TEXTS = [
  'name',
  'type',
  'ownerAccount',
  'operatorAccount',
  'introduction',
  'notification',
  'faceUrl',
  'customString',
] as const satisfies readonly TopicField[];

/** How many bytes the fields of a topic take, at least: see `octets`. */
export function topicOctets(fields: readonly string[]): Prisma.Sql {
  return octets({
    texts: LONG_TEXTS.filter((field) => fields.includes(field)).map((field) => TOLD[field]),
    json: fields.includes('userDefinedDataList') ? [Prisma.sql`t.user_defined_data_list`] : [],
  });
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
                        then (select row_to_json(told)::text from (select ${told(fields)}) told) end as line
              from (select t.*, row_number() over () as n,
                           ${sumBefore(topicOctets(fields))} as octets_before
                      from ${rows} t) t
            -- Or the JSON would be made anew for each mention.
            offset 0) p`;
}

/** The columns of a topic that are told, by their names in the query API. */
export function told(fields: readonly string[]): Prisma.Sql {
  const columns = Object.entries(TOLD).filter(([field]) => fields.includes(field));
  return Prisma.join(
    columns.map(([field, sql]) => Prisma.sql`${sql} as ${Prisma.raw(`"${field}"`)}`),
  );
}

function utc(column: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
