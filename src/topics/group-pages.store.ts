// The statement that is asked most: pages of the topics of groups, all fields in the order of ids,
// without the deleted ones. One statement reads pages of many groups.
import { Prisma } from '../database/generated/client.js';
import type { TopicListQuery } from './list-query.js';
import { GROUP_COLUMNS, told, TOPIC_COLUMNS } from './told.store.js';
import { type ToldGroup, TOPIC_FIELDS } from './views.js';

/** A page of a group that is asked for. */
export interface GroupPage {
  readonly groupId: string;
  /** The topic after which it begins; the empty text is smaller than every id. */
  readonly after: string;
  readonly limit: number;
}

/** One row for each group that is known. */
export interface GroupPageRow {
  /** Which of the questions it answers, from 1. */
  readonly n: number;
  readonly group: ToldGroup;
  /** The JSON of each topic on a line of its own, of one topic more than the page holds. */
  readonly lines: string | null;
  readonly found: number;
  /** The last topic of a full page. */
  readonly last: string | null;
}

const BETWEEN_LINES = ',\n';

const STATEMENT = Prisma.sql`
  select asked.n::int as n, to_json(g) as "group", page.*
    from unnest($1::text[], $2::text[], $3::int[]) with ordinality as asked (group_id, after, count, n)
   cross join lateral (select ${GROUP_COLUMNS} from groups g where g.group_id = asked.group_id) g
   cross join lateral (
     select string_agg((select row_to_json(told)::text from (select ${told(TOPIC_FIELDS)}) told), e',\n') as lines,
            count(*)::int as found,
            (array_agg(t.topic_id))[asked.count] as last
       from (select ${TOPIC_COLUMNS}
               from topics t
              where t.group_id = asked.group_id and t.topic_id > asked.after and t.deleted_at is null
              order by t.topic_id
              limit asked.count + 1) t) page`.text;

/** The statement for these pages; its text is always the same. */
export function groupPages(asked: readonly GroupPage[]): {
  readonly text: string;
  readonly values: readonly unknown[];
} {
  return {
    text: STATEMENT,
    values: [
      asked.map(({ groupId }) => groupId),
      asked.map(({ after }) => after),
      asked.map(({ limit }) => limit),
    ],
  };
}

/** The JSON of the topics of a page, comma-separated. */
export function topicsOnPage({ lines, found }: GroupPageRow, limit: number): string {
  if (lines === null) return '';
  return found > limit ? lines.slice(0, lines.lastIndexOf(BETWEEN_LINES)) : lines;
}

/** Whether a list asks for such a page. */
export function isPlain({ order, fields, filters }: TopicListQuery): boolean {
  const { deleted, ...others } = filters;
  const isNarrowed =
    deleted !== 'exclude' || Object.values(others).some((value) => value !== undefined);
  return order === 'topicId' && fields === TOPIC_FIELDS && !isNarrowed;
}
