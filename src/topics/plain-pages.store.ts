// The statements that are asked most: pages of topics with all fields, in the order of ids, without
// the deleted ones. Their texts are always the same, so that a connection plans them once.
import { Prisma } from '../database/generated/client.js';
import type { Place, TopicListQuery } from './list-query.js';
import { GROUP_COLUMNS, told, TOPIC_COLUMNS } from './told.store.js';
import { type ToldGroup, TOPIC_FIELDS } from './views.js';

/** A page of the topics of a group that is asked for. */
export interface GroupPage {
  readonly groupId: string;
  /** The topic after which it begins; the empty text is smaller than every id. */
  readonly after: string;
  readonly limit: number;
}

interface Lines {
  /** The JSON of each topic on a line of its own, of one topic more than the page holds. */
  readonly lines: string | null;
  readonly found: number;
  /** The last topic of a full page. */
  readonly last: string | null;
}

/** One row for each group that is known. */
export interface GroupPageRow extends Lines {
  /** Which of the questions it answers, from 1. */
  readonly n: number;
  readonly group: ToldGroup;
}

/** The one row of a page over all groups. */
export interface PageRow extends Lines {
  readonly lastGroup: string | null;
}

interface Asked {
  readonly text: string;
  readonly values: readonly unknown[];
}

const BETWEEN_LINES = ',\n';
const LINES = Prisma.sql`
  string_agg((select row_to_json(told)::text from (select ${told(TOPIC_FIELDS)}) told), e',\n') as lines,
  count(*)::int as found`;

// The arrays stand in queries of their own, or a plan for arrays of their very length would look
// cheaper than the one that is kept.
const PAGES_OF_GROUPS = Prisma.sql`
  select asked.n::int as n, to_json(g) as "group", page.*
    from unnest((select $1::text[]), (select $2::text[]), (select $3::int[]))
           with ordinality as asked (group_id, after, count, n)
   cross join lateral (select ${GROUP_COLUMNS} from groups g where g.group_id = asked.group_id) g
   cross join lateral (
     select ${LINES}, (array_agg(t.topic_id))[asked.count] as last
       from (select ${TOPIC_COLUMNS}
               from topics t
              where t.group_id = asked.group_id and t.topic_id > asked.after and t.deleted_at is null
              order by t.topic_id
              limit asked.count + 1) t) page`.text;

const PAGE_OF_ALL = Prisma.sql`
  select ${LINES},
         (array_agg(t.topic_id))[$3::int] as last,
         (array_agg(t.group_id))[$3::int] as "lastGroup"
    from (select ${TOPIC_COLUMNS}
            from topics t
           where (t.topic_id, t.group_id) > ($1, $2) and t.deleted_at is null
           order by t.topic_id, t.group_id
           limit $3::int + 1) t`.text;

/** Whether a list asks for such a page. */
export function isPlain({ order, fields, filters }: TopicListQuery): boolean {
  const { deleted, ...others } = filters;
  const isNarrowed =
    deleted !== 'exclude' || Object.values(others).some((value) => value !== undefined);
  return order === 'topicId' && fields === TOPIC_FIELDS && !isNarrowed;
}

/** Asks for pages of several groups at once. */
export function pagesOfGroups(asked: readonly GroupPage[]): Asked {
  return {
    text: PAGES_OF_GROUPS,
    values: [
      asked.map(({ groupId }) => groupId),
      asked.map(({ after }) => after),
      asked.map(({ limit }) => limit),
    ],
  };
}

/** Asks for a page over all groups. */
export function pageOfAll({ after, limit }: TopicListQuery): Asked {
  const [, topicId, groupId] = after ?? ['', '', ''];
  return { text: PAGE_OF_ALL, values: [topicId, groupId, limit] };
}

/** The topics of a page as JSON, comma-separated, and the place where the next page begins. */
export function pageOf({ lines, found, last }: Lines, limit: number, groupId: string | null) {
  const data = lines ?? '';
  const isMore = found > limit && last !== null && groupId !== null;
  if (!isMore) return { data, next: null };
  const next: Place = ['', last, groupId];
  return { data: data.slice(0, data.lastIndexOf(BETWEEN_LINES)), next };
}
