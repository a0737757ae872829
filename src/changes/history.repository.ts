import type { Reads } from '../database/database.js';
import { Prisma } from '../database/generated/client.js';
import { sumBefore } from '../database/page-bytes.js';
import { OCTETS, UP_TO_BYTES, utc } from './change-columns.repository.js';

/** Changes of one topic, newest first. */
export interface HistoryPage {
  readonly epoch: string;
  readonly changes: readonly { readonly seq: number; readonly json: string }[];
  readonly isMore: boolean;
}

type HistoryRow = { epoch: string; seq: number | null; json: string | null };

/** What is known of a topic at an instant in the past. */
export interface TopicPast {
  /** The last change up to the instant. */
  readonly last: { readonly seq: number; readonly at: string } | null;
  /** Fields that have changed since, as they were. */
  readonly before: Readonly<Record<string, unknown>>;
  /** Whether the log begins with the first change of the topic; `null` without any change of it. */
  readonly isComplete: boolean | null;
}

/** All SQL that reads the changes of single topics, newest first, of one server. */
export class HistoryRepository {
  constructor(private readonly reads: Reads) {}

  /** At most `limit` changes before a `seq` (`null`: up to now) as JSON, and the epoch in which they are read. */
  async page(
    groupId: string,
    topicId: string,
    { before, limit }: { readonly before: number | null; readonly limit: number },
  ): Promise<HistoryPage> {
    const rows = await this.reads.query<HistoryRow>(
      Prisma.sql`
      select e.epoch::text as epoch, found.*
        from epoch e
        left join lateral (
          select c.seq::float8 as seq, ${UP_TO_BYTES} as json
            from (select c.*, ${sumBefore(OCTETS)} as bytes_before
                    from (select *
                            from changes c
                           where c.group_id = ${groupId}
                             and c.topic_id = ${topicId}
                             ${before === null ? Prisma.empty : Prisma.sql`and c.seq < ${before}::bigint`}
                           order by c.seq desc
                           limit ${limit + 1}) c) c
        ) found on true
       where e.id = 1
       order by found.seq desc`,
    );
    const found = rows.filter(({ seq }) => seq !== null);
    const changes = found
      .slice(0, limit)
      .flatMap(({ seq, json }) => (seq === null || json === null ? [] : [{ seq, json }]));
    return { epoch: rows[0]?.epoch ?? '', changes, isMore: changes.length < found.length };
  }

  /**
   * A topic at an instant, by the changes up to the `seq` it was read with. Of many changes only the fields that they
   * undo are held.
   */
  async past(
    topic: { readonly groupId: string; readonly topicId: string; readonly seq: number },
    instant: Date,
  ): Promise<TopicPast> {
    const { groupId, topicId, seq } = topic;
    const ofTopic = Prisma.sql`
      c.group_id = ${groupId} and c.topic_id = ${topicId} and c.seq <= ${seq}::bigint`;
    const [row] = await this.reads.query<TopicPast & { [key: string]: unknown }>(Prisma.sql`
      with last as (
        select c.seq, c.at
          from changes c
         where ${ofTopic} and c.at <= ${instant.toISOString()}::timestamptz
         order by c.seq desc
         limit 1
      ), changed as (
        select field.name, min(c.seq) as seq
          from changes c
               cross join lateral json_object_keys(c.before) as field(name)
         where ${ofTopic} and c.seq > coalesce((select seq from last), 0)
         group by field.name
      )
      select (select json_build_object('seq', seq, 'at', ${utc(Prisma.sql`at`)}) from last) as last,
             (select coalesce(json_object_agg(f.name, c.before -> f.name), '{}')
                from changed f
                join changes c on c.seq = f.seq and ${ofTopic}) as before,
             (select not exists (select from json_object_keys(c.before))
                from changes c
               where ${ofTopic}
               order by c.seq
               limit 1) as "isComplete"`);
    if (!row) throw new Error('a select without from has no row');
    return row;
  }
}
