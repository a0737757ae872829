import type { TestDatabase } from './database.js';

export interface ChangeSeed {
  readonly group_id: string;
  readonly topic_id?: string;
  readonly kind?: string;
  readonly at?: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Appends changes to the log as one commit of a writer does, and notifies. */
export async function appendChanges(
  database: Pick<TestDatabase, 'query'>,
  changes: readonly ChangeSeed[],
  notify = true,
): Promise<number> {
  const [row] = await database.query<{ seq: string }>(
    `with turn as (
       update sequencer set seq = seq + $1::int where id = 1 returning seq
     ),
     kept as (
       insert into changes (group_id, seq, topic_id, kind, origin, at, before, after)
       select c.group_id, turn.seq - $1::int + c.ordinality, coalesce(c.topic_id, 't'), coalesce(c.kind, 'updated'),
              'callback', coalesce(c.at, clock_timestamp()), coalesce(c.before, '{}'), coalesce(c.after, '{}')
         from turn, rows from (json_to_recordset($2) as (group_id text, topic_id text, kind text,
                                                         at timestamptz, before json, after json))
                    with ordinality as c
     )
     select seq from turn`,
    [changes.length, JSON.stringify(changes)],
  );
  if (notify) await database.query(`select pg_notify('topic_mirror', $1)`, [row?.seq]);
  return Number(row?.seq);
}
