import { Injectable } from '@nestjs/common';
import type { Connection } from '../database/database.js';
import type { ChangeSet } from './change.js';
import type { Folded, Snapshot } from './fold.js';
import {
  fromGroupRow,
  fromTopicRow,
  type StoredGroup,
  type StoredTopic,
  toGroupRow,
  toTopicRow,
} from './rows.js';

// Any constant does, as long as nothing else in the database takes the same advisory lock.
const WRITER_LOCK = 7_201_408_332;
const LOCK_TIMEOUT_MS = 4_000;

interface StoredSnapshot {
  readonly now: Date;
  readonly seq: number;
  readonly groups: readonly StoredGroup[];
  readonly topics: readonly StoredTopic[];
}

/** All SQL that writes groups and topics. Every method takes the transaction of the batch. */
@Injectable()
export class TopicsStore {
  /** Makes this transaction the only writer over all processes until it ends. */
  async lock(tx: Connection): Promise<void> {
    await tx.$queryRaw`
      select set_config('lock_timeout', ${`${LOCK_TIMEOUT_MS}ms`}, true),
             pg_advisory_xact_lock(${WRITER_LOCK}::bigint)::text`;
  }

  /** Reads every row that the change sets may touch, under the lock, and the database's clock. */
  async read(
    tx: Connection,
    sets: readonly ChangeSet[],
  ): Promise<{ snapshot: Snapshot; now: Date }> {
    const changes = sets.flatMap((set) => set.changes);
    const topics = changes.filter((change) => change.subject === 'topic');
    const ends = changes.filter((change) => change.kind === 'destroyed');
    const groupIds = [...new Set(changes.map((change) => change.groupId))];
    const rows = await tx.$queryRaw<StoredSnapshot[]>`
      select clock_timestamp() as now,
             (select seq::float8 from sequencer where id = 1) as seq,
             (select coalesce(json_agg(g), '[]')
                from groups g
               where g.group_id = any (${groupIds})) as groups,
             (select coalesce(json_agg(t), '[]')
                from (select t.*
                        from unnest(${topics.map((topic) => topic.groupId)}::text[],
                                    ${topics.map((topic) => topic.topicId)}::text[])
                             as wanted (group_id, topic_id)
                        join topics t using (group_id, topic_id)
                       union all
                      select t.*
                        from topics t
                       where t.group_id = any (${ends.map((end) => end.groupId)})) t) as topics`;
    const [stored] = rows;
    if (!stored) throw new Error('the snapshot of a batch came back without a row');
    return {
      now: stored.now,
      snapshot: {
        seq: stored.seq,
        groups: stored.groups.map(toGroupRow),
        topics: stored.topics.map(toTopicRow),
      },
    };
  }

  /** Writes what a batch changed. Nothing is kept unless this statement says how much it kept. */
  async write(tx: Connection, folded: Folded): Promise<void> {
    const groups = folded.groups.map(fromGroupRow);
    const topics = folded.topics.map(fromTopicRow);
    const kept = await tx.$queryRaw<{ groups: number; topics: number }[]>`
      with
      next_seq as (
        update sequencer set seq = ${folded.seq}::bigint where id = 1
      ),
      kept_groups as (
        insert into groups (group_id, name, type, owner_account, topic_count, seq, stale_since,
                            verified_at, last_callback_at, destroyed_at, registers)
        select group_id, name, type, owner_account, topic_count, seq, stale_since,
               verified_at, last_callback_at, destroyed_at, registers
          from json_populate_recordset(null::groups, ${JSON.stringify(groups)}::json)
            on conflict (group_id) do update
           set name = excluded.name,
               type = excluded.type,
               owner_account = excluded.owner_account,
               topic_count = excluded.topic_count,
               seq = excluded.seq,
               stale_since = excluded.stale_since,
               verified_at = excluded.verified_at,
               last_callback_at = excluded.last_callback_at,
               destroyed_at = excluded.destroyed_at,
               registers = excluded.registers
        returning 1
      ),
      kept_topics as (
        insert into topics (group_id, topic_id, name, type, owner_account, operator_account,
                            introduction, notification, face_url, custom_string, mute_all_member,
                            user_defined_data_list, created_at, updated_at, deleted_at, seq, registers)
        select group_id, topic_id, name, type, owner_account, operator_account,
               introduction, notification, face_url, custom_string, mute_all_member,
               user_defined_data_list, created_at, updated_at, deleted_at, seq, registers
          from json_populate_recordset(null::topics, ${JSON.stringify(topics)}::json)
            on conflict (group_id, topic_id) do update
           set name = excluded.name,
               type = excluded.type,
               owner_account = excluded.owner_account,
               operator_account = excluded.operator_account,
               introduction = excluded.introduction,
               notification = excluded.notification,
               face_url = excluded.face_url,
               custom_string = excluded.custom_string,
               mute_all_member = excluded.mute_all_member,
               user_defined_data_list = excluded.user_defined_data_list,
               created_at = excluded.created_at,
               updated_at = excluded.updated_at,
               deleted_at = excluded.deleted_at,
               seq = excluded.seq,
               registers = excluded.registers
        returning 1
      )
      select (select count(*) from kept_groups)::int as groups,
             (select count(*) from kept_topics)::int as topics`;
    if (kept[0]?.groups !== groups.length || kept[0].topics !== topics.length) {
      throw new Error('the database kept other rows than it was given');
    }
  }
}
