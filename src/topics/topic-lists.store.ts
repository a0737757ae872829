import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Prisma } from '../database/generated/client.js';
import type { ToldGroup, ToldTopic } from './views.js';

const GROUP_COLUMNS = Prisma.sql`
  g.group_id, g.name, g.type, g.owner_account, g.topic_count, g.seq, g.doubted_at, g.verified_at,
  g.last_callback_at, g.destroyed_at`;

const TOPIC_COLUMNS = Prisma.sql`
  t.group_id, t.topic_id, t.name, t.type, t.owner_account, t.operator_account, t.introduction,
  t.notification, t.face_url, t.custom_string, t.mute_all_member, t.user_defined_data_list,
  t.created_at, t.updated_at, t.deleted_at, t.seq`;

/** What follows a key in the byte order of ids, at most `count` rows. */
interface After {
  readonly key: string;
  readonly count: number;
}

/** All SQL that reads groups and topics for the query API. Rows come as JSON of one snapshot. */
@Injectable()
export class TopicListsStore {
  constructor(private readonly database: Database) {}

  async groups(after: After): Promise<readonly ToldGroup[]> {
    const rows = await this.database.connection.$queryRaw<{ row: ToldGroup }[]>`
      select to_json(g) as row
        from (select ${GROUP_COLUMNS}
                from groups g
               where g.group_id > ${after.key}
               order by g.group_id
               limit ${after.count}) g`;
    return rows.map(({ row }) => row);
  }

  async group(groupId: string): Promise<ToldGroup | undefined> {
    const rows = await this.database.connection.$queryRaw<{ row: ToldGroup }[]>`
      select to_json(g) as row
        from (select ${GROUP_COLUMNS} from groups g where g.group_id = ${groupId}) g`;
    return rows[0]?.row;
  }

  /** A group with its living topics, both of the same moment. */
  async topicsOf(
    groupId: string,
    after: After,
  ): Promise<{ group: ToldGroup; topics: readonly ToldTopic[] } | undefined> {
    const rows = await this.database.connection.$queryRaw<
      { group: ToldGroup; topics: readonly ToldTopic[] }[]
    >`
      select to_json(g) as group,
             (select coalesce(json_agg(t), '[]')
                from (select ${TOPIC_COLUMNS}
                        from topics t
                       where t.group_id = ${groupId}
                         and t.topic_id > ${after.key}
                         and t.deleted_at is null
                       order by t.topic_id
                       limit ${after.count}) t) as topics
        from (select ${GROUP_COLUMNS} from groups g where g.group_id = ${groupId}) g`;
    return rows[0];
  }

  async topic(groupId: string, topicId: string): Promise<ToldTopic | undefined> {
    const rows = await this.database.connection.$queryRaw<{ row: ToldTopic }[]>`
      select to_json(t) as row
        from (select ${TOPIC_COLUMNS}
                from topics t
               where t.group_id = ${groupId} and t.topic_id = ${topicId}) t`;
    return rows[0]?.row;
  }
}
