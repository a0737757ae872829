import { Prisma } from '../database/generated/client.js';
import type { TopicField } from './views.js';

/** The columns of a group that are told: see ToldGroup. */
export const GROUP_COLUMNS = Prisma.sql`
  g.group_id, g.name, g.type, g.owner_account, g.topic_count, g.seq, g.doubted_at, g.verified_at,
  g.last_callback_at, g.destroyed_at`;

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
