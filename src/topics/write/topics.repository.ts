import { Injectable } from '@nestjs/common';
import { type BatchQuery, inTransaction } from '../../database/batch-query.js';
import { LOCK_COUNTER, LOCK_TIMEOUT } from '../../database/counter-lock.js';
import { Database } from '../../database/database.js';
import { blamingItems, ItemFaultError } from '../../database/errors.js';
import { CALLBACKS } from '../../journal/journal-row.js';
import type { ChangeSet } from '../domain/change.js';
import { isOfWholeGroup, topicsNamedBy } from '../domain/pieces.js';
import { type Reduced, isJournalOnly, type Snapshot } from '../domain/rows.js';
import { arrayLiteral } from '../../database/batch-table.js';
import {
  CHANGES,
  GROUPS,
  journalRows,
  type StoredRow,
  toGroupRow,
  TOPIC_JSON,
  TOPIC_TEXTS,
  TOPICS,
  toTopicRow,
  writtenGroups,
} from './tables.js';

// In rows and KiB of what a batch reads: what it takes from the others while it is worked on.
const MAX_WEIGHT = 4_096;

// A large value is fetched neither for the length of a text, which stands beside the place where it is stored, nor for
// that of JSON, unless it was compressed.
const OCTETS = [
  ...TOPIC_TEXTS.map((column) => `coalesce(octet_length(${column}), 0)`),
  ...TOPIC_JSON.map(
    (column) => `case when pg_column_compression(${column}) is null
                      then coalesce(pg_column_size(${column}), 0)
                      else octet_length(${column}::text)
                 end`,
  ),
].join(' + ');

// Reads the counter, and every row that a batch may touch, at one moment. As it is prepared, one plan serves for any
// number of keys: each row is looked up by its primary key, one by one (`limit 1`, which keeps a lateral subquery from
// becoming a join of whole tables), and the parameters stand in a materialized query, where the planner sees no few keys
// for which it would plan anew each time.
const READ = `
  with wanted as materialized (
    select $1::text[] as groups, $2::text[] as topic_groups, $3::text[] as topics, $4::text[] as whole_groups
  ), stored_groups as materialized (
    select stored.*
      from wanted
           cross join unnest(wanted.groups) as key(group_id)
           cross join lateral (
             select ${GROUPS.stored('g')} from groups g where g.group_id = key.group_id limit 1
           ) stored
  ), stored_topics as materialized (
    select stored.*
      from wanted
           cross join unnest(wanted.topic_groups, wanted.topics) as key(group_id, topic_id)
           cross join lateral (
             select ${TOPICS.stored('t')}
               from topics t
              where t.group_id = key.group_id and t.topic_id = key.topic_id
              limit 1
           ) stored
    union all
    select stored.*
      from wanted
           cross join unnest(wanted.whole_groups) as key(group_id)
           cross join lateral (
             select ${TOPICS.stored('t')}
               from topics t
              where t.group_id = key.group_id
              order by t.topic_id
              limit $5::bigint + 1
           ) stored
  ), weight as materialized (
    select count(*) + coalesce(sum(${OCTETS}), 0) / 1024 <= $5::bigint as "isBearable"
      from stored_topics
  )
  select s.seq::text as "seq",
         s.batch::text as "batch",
         (date_part('epoch', clock_timestamp()) * 1000000)::bigint::text as "nowMicros",
         weight."isBearable",
         case when weight."isBearable" then (select json_agg(g) from stored_groups g)::text end as "groups",
         case when weight."isBearable" then (select json_agg(t) from stored_topics t)::text end as "topics"
    from sequencer s cross join weight
   where s.id = 1`;

// Adds entries to the journal. One that is there already stays, unless this one says for the first time what it changed.
const insertCallbacks = (first: number) => `
    insert into callbacks (${CALLBACKS.names}, position)
    select ${CALLBACKS.values}, counter.journal_position
      from counter cross join ${CALLBACKS.batch(first)}
    on conflict (id) do update
       set ${CALLBACKS.replaced('id', 'command', 'group_id', 'query', 'body')}
     where callbacks.first_seq is null and excluded.first_seq is not null`;

const LIMITS = `limits as materialized (
    select set_config('lock_timeout', '${LOCK_TIMEOUT}', true)
  )`;

// Writes a batch if the counter is still what was read ($1): every insert takes its rows only beside that of `counter`.
// Waits for a writer that runs, then compares again. PostgreSQL runs the inserts from the last to the first: what it
// refuses of a topic, it refuses before it has written the journal.
const GROUPS_FIRST = 5;
const TOPICS_FIRST = GROUPS_FIRST + GROUPS.width;
const CHANGES_FIRST = TOPICS_FIRST + TOPICS.width;
const CALLBACKS_FIRST = CHANGES_FIRST + CHANGES.width;
const WRITE = `
  with ${LIMITS}, counter as (
    update sequencer s
       set seq = $2::bigint, batch = s.batch + 1, journal_position = s.journal_position + 1
      from limits
     where s.id = 1 and s.batch = $1::bigint
    returning s.seq, s.journal_position
  ), written_callbacks as (${insertCallbacks(CALLBACKS_FIRST)}
  ), written_changes as (
    insert into changes (${CHANGES.names}, at)
    select ${CHANGES.values}, to_timestamp($3::float8 / 1000000)
      from counter cross join ${CHANGES.batch(CHANGES_FIRST)}
  ), written_topics as (
    insert into topics (${TOPICS.names})
    select ${TOPICS.values} from counter cross join ${TOPICS.batch(TOPICS_FIRST)}
    on conflict (group_id, topic_id) do update set ${TOPICS.replaced('group_id', 'topic_id')}
  ), written_groups as (
    insert into groups (${GROUPS.names})
    select ${GROUPS.values} from counter cross join ${GROUPS.batch(GROUPS_FIRST)}
    on conflict (group_id) do update set ${GROUPS.replaced('group_id')}
  )
  -- A hint for readers of the feed, once per batch: NOTIFY takes a lock over the whole server.
  select case when $4::boolean then pg_notify('topic_mirror', counter.seq::text)::text end as "notified"
    from counter`;

// Leaves `batch` as it is, so that no snapshot of another batch conflicts with it.
const WRITE_JOURNAL = `
  with ${LIMITS}, counter as (
    update sequencer s
       set journal_position = s.journal_position + 1
      from limits
     where s.id = 1
    returning s.journal_position
  )${insertCallbacks(1)}`;

const TOPIC_IDS = `
  select topic_id as "id"
    from topics
   where group_id = $1 and topic_id > $2 and (deleted_at is null or not $4::boolean)
   order by topic_id
   limit $3::integer`;

// Over tables that were vacuumed while they were empty no index is used, and PostgreSQL keeps that plan until it has
// analyzed them again, a minute later: the text is another one whenever the rows that were written have doubled.
const readAfter = (rows: number) => `${READ}
  -- after ${2 ** Math.floor(Math.log2(rows + 1))} rows`;

/** The sets touch more than may be worked on at once. Fewer of them, or a part of one, may be applied. */
export class TooMuchAtOnceError extends ItemFaultError {
  constructor() {
    super(new Error('it touches too many topics at once'));
  }
}

/** What a batch reads. */
export interface BatchRead {
  readonly snapshot: Snapshot;
  /** By the database's clock. */
  readonly now: Date;
}

/** All SQL that reads and writes batches of groups, topics, changes and callbacks. */
@Injectable()
export class TopicsRepository {
  /** Rows of groups and topics that were written. */
  private written = 0;

  constructor(private readonly database: Database) {}

  /** Runs `work` in a transaction in which no other process can commit a batch. */
  async underLock<T>(work: (query: BatchQuery) => Promise<T>): Promise<T> {
    return this.database.transaction(async (tx) => {
      const query = inTransaction(tx);
      await query({ text: LOCK_COUNTER, values: [] });
      return work(query);
    });
  }

  /**
   * Reads every row that the change sets may touch, at one moment.
   * @throws TooMuchAtOnceError where these are more than a batch may touch.
   */
  async read(
    query: BatchQuery,
    sets: readonly ChangeSet[],
    bound: 'bounded' | 'unbounded' = 'bounded',
  ): Promise<BatchRead> {
    const keys = blamingItems(() => keysOf(sets));
    const isBounded = bound === 'bounded' && !keys.isIndivisible;
    return this.readKeys(query, keys, isBounded ? MAX_WEIGHT : Number.MAX_SAFE_INTEGER);
  }

  /** Reads groups with all their topics, at one moment. */
  async readGroups(query: BatchQuery, groupIds: readonly string[]): Promise<Snapshot> {
    const keys = { groups: groupIds, wholeGroups: groupIds, topicGroups: [], topics: [] };
    return (await this.readKeys(query, keys, Number.MAX_SAFE_INTEGER)).snapshot;
  }

  /** Ids of topics of a group in their order, the first after `after`; the empty text is before all. */
  async topicIds(
    groupId: string,
    { after, count, isLive }: { after: string; count: number; isLive: boolean },
  ): Promise<readonly string[]> {
    const values = [groupId, after, count, isLive];
    const rows = await this.database.writer<{ id: string }>({ text: TOPIC_IDS, values });
    return rows.map(({ id }) => id);
  }

  /**
   * Writes what a batch changed, if no other was committed since its snapshot was read. One that only fills the journal
   * is written in any case.
   * @returns `false` on a conflict; then nothing is written.
   */
  async write(
    query: BatchQuery,
    sets: readonly ChangeSet[],
    reduced: Reduced,
    { batch }: Snapshot,
  ): Promise<boolean> {
    const journal = blamingItems(() => CALLBACKS.parameters(journalRows(sets, reduced.applied)));
    if (isJournalOnly(reduced)) {
      await query({ text: WRITE_JOURNAL, values: journal });
      return true;
    }
    const values = blamingItems(() => [
      batch,
      reduced.seq,
      reduced.now.getTime() * 1000,
      reduced.changes.length > 0,
      ...GROUPS.parameters(writtenGroups(reduced.groups)),
      ...TOPICS.parameters(reduced.topics),
      ...CHANGES.parameters(reduced.changes),
      ...journal,
    ]);
    this.written += reduced.groups.length + reduced.topics.length;
    return (await query({ text: WRITE, values })).length > 0;
  }

  private async readKeys(
    query: BatchQuery,
    { groups, topicGroups, topics, wholeGroups }: Keys,
    maxWeight: number,
  ): Promise<BatchRead> {
    const keys = [groups, topicGroups, topics, wholeGroups].map(arrayLiteral);
    const text = readAfter(this.written);
    const [row] = await query<Answer>({ text, values: [...keys, maxWeight] });
    if (!row) throw new Error('the sequencer has no row');
    if (!row.isBearable) throw new TooMuchAtOnceError();
    return blamingItems(() => ({
      now: new Date(Number(row.nowMicros) / 1000),
      snapshot: {
        seq: Number(row.seq),
        batch: Number(row.batch),
        groups: rowsIn(row.groups).map(toGroupRow),
        topics: rowsIn(row.topics).map(toTopicRow),
      },
    }));
  }
}

/** A row of `READ`. Rows of tables come as one JSON text: to take the columns of each apart costs the driver more. */
interface Answer {
  readonly seq: string;
  readonly batch: string;
  readonly nowMicros: string;
  readonly isBearable: boolean;
  readonly groups: string | null;
  /** May contain duplicates. */
  readonly topics: string | null;
}

function rowsIn(json: string | null): readonly StoredRow[] {
  return json === null ? [] : (JSON.parse(json) as readonly StoredRow[]);
}

interface Keys {
  readonly groups: readonly string[];
  /** Whose topics are all read. */
  readonly wholeGroups: readonly string[];
  readonly topicGroups: readonly string[];
  readonly topics: readonly string[];
}

/** The keys of the rows that the sets may touch. */
function keysOf(sets: readonly ChangeSet[]): Keys & { readonly isIndivisible: boolean } {
  const groups = new Set<string>();
  const wholeGroups = new Set<string>();
  const topicGroups: string[] = [];
  const topics: string[] = [];
  for (const change of sets.flatMap((set) => set.changes)) {
    groups.add(change.groupId);
    for (const topicId of topicsNamedBy(change)) {
      topicGroups.push(change.groupId);
      topics.push(topicId);
    }
    if (isOfWholeGroup(change)) wholeGroups.add(change.groupId);
  }
  return {
    groups: [...groups],
    wholeGroups: [...wholeGroups],
    topicGroups,
    topics,
    isIndivisible: wholeGroups.size === 0 && topics.length <= 1,
  };
}
