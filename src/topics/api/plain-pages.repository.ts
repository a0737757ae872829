// The most frequent statements: pages of topics with all fields, in the order of ids, without
// the deleted ones. Their texts are always the same, so that a connection plans them once.
import { Prisma } from '../../database/generated/client.js';
import type { Place } from './list-cursors.js';
import type { TopicListQuery } from './list-query.js';
import { MAX_PAGE_BYTES } from '../../database/page-bytes.js';
import { EPOCH, GROUP_COLUMNS, pageLines, TOPIC_COLUMNS } from './projection.repository.js';
import { type SelectedGroup, RESPONSE_FIELDS } from './responses.js';

/** A request for a page of the topics of a group. */
export interface GroupPage {
  readonly groupId: string;
  /** The topic after which it begins; the empty text is smaller than every id. */
  readonly after: string;
  readonly limit: number;
}

interface Lines {
  /** The JSON of each topic on a line of its own. */
  readonly lines: string | null;
  /** Whether there are topics after it. */
  readonly isMore: boolean | null;
  readonly last: string | null;
}

/** One row for each group that is known. */
export interface GroupPageRow extends Lines {
  /** Which of the questions it answers, from 1. */
  readonly n: number;
  readonly group: SelectedGroup;
}

/** The one row of a page over all groups. */
export interface PageRow extends Lines {
  readonly lastGroup: string | null;
  readonly epoch: string;
}

interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

const LINES = Prisma.sql`
  string_agg(t.line, e',\\n' order by t.n) filter (where t.is_in) as lines,
  bool_or(not t.is_in) as "isMore",
  ${lastOf(Prisma.sql`t.topic_id`)} as last`;
const FIELDS = { fields: RESPONSE_FIELDS };

// The arrays stand in queries of their own, or a plan for arrays of their very length would look
// cheaper than the one that is kept.
const PAGES_OF_GROUPS = Prisma.sql`
  select requested.n::int as n, to_json(g) as "group", page.*
    from unnest((select $1::text[]), (select $2::text[]), (select $3::int[]))
           with ordinality as requested (group_id, after, count, n)
   cross join lateral (select ${GROUP_COLUMNS} from groups g where g.group_id = requested.group_id) g
   cross join lateral (
     select ${LINES}
       from (${pageLines(
         Prisma.sql`(select ${TOPIC_COLUMNS}
               from topics t
              where t.group_id = requested.group_id and t.topic_id > requested.after and t.deleted_at is null
              order by t.topic_id
              limit requested.count + 1)`,
         { ...FIELDS, limit: Prisma.sql`requested.count`, maxBytes: Prisma.raw('$4::bigint') },
       )}) t) page`.text;

const PAGE_OF_ALL = Prisma.sql`
  select ${LINES},
         ${lastOf(Prisma.sql`t.group_id`)} as "lastGroup",
         ${EPOCH}
    from (${pageLines(
      Prisma.sql`(select ${TOPIC_COLUMNS}
            from topics t
           where (t.topic_id, t.group_id) > ($1, $2) and t.deleted_at is null
           order by t.topic_id, t.group_id
           limit $3::int + 1)`,
      { ...FIELDS, limit: Prisma.raw('$3::int'), maxBytes: Prisma.raw('$4::bigint') },
    )}) t`.text;

/** Of the last topic of a page. One order for all that is gathered, so that it is sorted but once. */
function lastOf(column: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    (array_agg(${column} order by t.n) filter (where t.is_in))[(count(*) filter (where t.is_in))::int]`;
}

/** Whether a list is such a page. */
export function isPlain({ order, fields, filters }: TopicListQuery): boolean {
  const { deleted, ...others } = filters;
  const isNarrowed =
    deleted !== 'exclude' || Object.values(others).some((value) => value !== undefined);
  return order === 'topicId' && fields === RESPONSE_FIELDS && !isNarrowed;
}

/** Pages of several groups in one statement. */
export function pagesOfGroups(requested: readonly GroupPage[]): Statement {
  return {
    text: PAGES_OF_GROUPS,
    values: [
      requested.map(({ groupId }) => groupId),
      requested.map(({ after }) => after),
      requested.map(({ limit }) => limit),
      // All of them are held at once.
      Math.floor(MAX_PAGE_BYTES / requested.length),
    ],
  };
}

/** A page over all groups. */
export function pageOfAll({ after, limit }: TopicListQuery): Statement {
  const [, topicId, groupId] = after ?? ['', '', ''];
  return { text: PAGE_OF_ALL, values: [topicId, groupId, limit, MAX_PAGE_BYTES] };
}

/** The topics of a page as JSON, comma-separated, and the place where the next page begins. */
export function pageOf({ lines, isMore, last }: Lines, groupId: string | null) {
  const isFollowed = isMore === true && last !== null && groupId !== null;
  const next: Place | null = isFollowed ? ['', last, groupId] : null;
  return { data: lines ?? '', next };
}
