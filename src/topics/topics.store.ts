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

// A writer that waits longer gives up, so that a stuck process cannot collect all the others.
const LOCK_TIMEOUT = '4s';
// A process that stops in the middle of a transaction must not keep the lock.
const IDLE_TIMEOUT = '5s';

interface StoredSnapshot {
  readonly now: Date;
  readonly seq: number;
  readonly batch: number;
  readonly groups: readonly StoredGroup[];
  readonly topics: readonly StoredTopic[];
}

/** The rows a batch needs, and the state of the database they belong to. */
export interface Read {
  readonly snapshot: Snapshot;
  /** By the database's clock. */
  readonly now: Date;
  /** How many batches were committed before. */
  readonly batch: number;
}

/** All SQL that writes groups and topics. */
@Injectable()
export class TopicsStore {
  /** Keeps all other writers out until the transaction ends. */
  async lock(tx: Connection): Promise<void> {
    await tx.$queryRaw`
      select set_config('lock_timeout', ${LOCK_TIMEOUT}, true),
             set_config('idle_in_transaction_session_timeout', ${IDLE_TIMEOUT}, true)`;
    await tx.$queryRaw`select id from sequencer where id = 1 for update`;
  }

  /** Reads every row that the change sets may touch, at one moment. */
  async read(tx: Connection, sets: readonly ChangeSet[]): Promise<Read> {
    const changes = sets.flatMap((set) => set.changes);
    const topics = changes.filter((change) => change.subject === 'topic');
    const ends = changes.filter((change) => change.kind === 'destroyed');
    const groupIds = [...new Set(changes.map((change) => change.groupId))];
    const rows = await tx.$queryRaw<StoredSnapshot[]>`
      select clock_timestamp() as now,
             s.seq::float8 as seq,
             s.batch::float8 as batch,
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
                       where t.group_id = any (${ends.map((end) => end.groupId)})) t) as topics
        from sequencer s
       where s.id = 1`;
    const [stored] = rows;
    if (!stored) throw new Error('the snapshot of a batch came back without a row');
    return {
      now: stored.now,
      batch: stored.batch,
      snapshot: {
        seq: stored.seq,
        groups: stored.groups.map(toGroupRow),
        topics: stored.topics.map(toTopicRow),
      },
    };
  }

  /**
   * Writes what a batch changed, if no other batch was committed since `after` batches.
   * One statement: it waits for a writer that runs, then looks at the counter again.
   * @returns `false` when another was faster; then nothing is written.
   */
  async write(tx: Connection, folded: Folded, after: number): Promise<boolean> {
    const groups = folded.groups.map(fromGroupRow);
    const topics = folded.topics.map(fromTopicRow);
    const [kept] = await tx.$queryRaw<{ turns: number; groups: number; topics: number }[]>`
      with
      patience as (
        select set_config('lock_timeout', ${LOCK_TIMEOUT}, true)
      ),
      turn as (
        update sequencer
           set seq = ${folded.seq}::bigint, batch = batch + 1
         where id = 1 and batch = ${after}::bigint and exists (select from patience)
        returning 1
      ),
      kept_groups as (
        insert into groups (group_id, name, type, owner_account, topic_count, seq, stale_since,
                            verified_at, last_callback_at, destroyed_at, registers)
        select group_id, name, type, owner_account, topic_count, seq, stale_since,
               verified_at, last_callback_at, destroyed_at, registers
          from json_populate_recordset(null::groups, ${JSON.stringify(groups)}::json)
         where exists (select from turn)
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
         where exists (select from turn)
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
      select (select count(*) from turn)::int as turns,
             (select count(*) from kept_groups)::int as groups,
             (select count(*) from kept_topics)::int as topics`;
    if (kept?.turns === 0) return false;
    if (kept?.groups !== groups.length || kept.topics !== topics.length) {
      throw new Error('the database kept other rows than it was given');
    }
    return true;
  }
}
