import type { TestDatabase } from './database.js';

export interface GroupSeed {
  readonly group_id: string;
  readonly seq?: number;
  readonly verified_at?: string;
  readonly topic_count?: number;
}

/** A row of `topics`; what is left out is null, or has a default. */
export interface TopicSeed {
  readonly group_id: string;
  readonly topic_id: string;
  readonly name?: string | null;
  readonly owner_account?: string | null;
  readonly operator_account?: string | null;
  readonly user_defined_data_list?: readonly { Key: string; Value: unknown }[] | null;
  readonly created_at?: string | null;
  readonly updated_at?: string;
  readonly deleted_at?: string | null;
  readonly seq?: number;
}

/** Puts groups and topics into the tables as they are, past the writer. */
export async function seed(
  database: TestDatabase,
  groups: readonly GroupSeed[],
  topics: readonly TopicSeed[] = [],
): Promise<void> {
  await database.query(
    `insert into groups (group_id, seq, verified_at, topic_count)
     select group_id, coalesce(seq, 1), verified_at, coalesce(topic_count, 0)
       from json_populate_recordset(null::groups, $1)`,
    [JSON.stringify(groups)],
  );
  await database.query(
    `insert into topics (group_id, topic_id, name, owner_account, operator_account,
                         user_defined_data_list, created_at, updated_at, deleted_at, seq)
     select group_id, topic_id, name, owner_account, operator_account, user_defined_data_list,
            created_at, coalesce(updated_at, '2026-01-01Z'), deleted_at, coalesce(seq, 1)
       from json_populate_recordset(null::topics, $1)`,
    [JSON.stringify(topics)],
  );
}
