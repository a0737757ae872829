import { BatchingLoader } from '../../database/batching-loader.js';
import type { Reads } from '../../database/database.js';
import { Prisma } from '../../database/generated/client.js';
import type { Place } from './list-cursors.js';
import { groupList, type GroupListRow, groupOf } from './group-list.repository.js';
import type { GroupPlace } from './list-parameters.js';
import type { GroupListQuery, TopicListQuery } from './list-query.js';
import {
  type GroupPage,
  type GroupPageRow,
  isPlain,
  pageOf,
  pageOfAll,
  type PageRow,
  pagesOfGroups,
} from './plain-pages.repository.js';
import { EPOCH, GROUP_COLUMNS, projection } from './projection.repository.js';
import { page, pageColumns } from './topic-page.repository.js';
import { type SelectedGroup, RESPONSE_FIELDS } from './responses.js';

const MAX_GROUPS_AT_ONCE = 500;
const MAX_PAGES_AT_ONCE = 8;

/** A page of topics: their JSON, comma-separated, and the place where the next page begins. */
export interface TopicPage {
  readonly data: string;
  readonly next: Place | null;
}

/** A page of the topics of a group. */
export interface GroupTopics {
  readonly group: SelectedGroup;
  readonly page: TopicPage;
}

/** Groups, and the epoch in which they were read. */
export interface GroupList {
  readonly epoch: string;
  readonly groups: readonly SelectedGroup[];
  /** The place where the next page begins. */
  readonly next: GroupPlace | null;
}

export interface LastSeq {
  readonly seq: number;
  readonly isStandby: boolean;
  /** `minSeq` was given in a timeline that a restore has ended. */
  readonly isLost: boolean;
}

interface FoundPage {
  readonly data: string | null;
  readonly next: Place | null;
}

/** All SQL that reads groups and topics for the query API, of one server. */
export class TopicsQueryRepository {
  private readonly groupLoader = new BatchingLoader({
    keyOf: (groupId: string) => groupId,
    loadBatch: (groupIds) => this.readGroups(groupIds),
    maxBatch: MAX_GROUPS_AT_ONCE,
    maxRunning: 1,
  });
  private readonly pageLoader;

  /** @param connections how many statements can run at a time */
  constructor(
    private readonly reads: Reads,
    connections: number,
  ) {
    this.pageLoader = new BatchingLoader({
      keyOf: (requested: GroupPage) => JSON.stringify(requested),
      loadBatch: (requested) => this.readPages(requested),
      maxBatch: MAX_PAGES_AT_ONCE,
      maxRunning: connections,
    });
  }

  /** A page of groups. */
  async groups(query: GroupListQuery): Promise<GroupList> {
    const rows = await this.reads.query<GroupListRow>(groupList(query));
    const found = rows.filter(({ n }) => n !== null);
    const paged = found.filter(({ row }) => row !== null);
    const isCut = paged.length < found.length;
    return {
      epoch: rows[0]?.epoch ?? '',
      groups: paged.flatMap(groupOf),
      next: (isCut ? paged.at(-1)?.place : query.filters.q && rows[0]?.examined) || null,
    };
  }

  /** One group, or `null` where it is not known. */
  group(groupId: string): Promise<SelectedGroup | null> {
    return this.groupLoader.load(groupId);
  }

  /** A page of the topics of a group, with the group at the same moment; `null` where it is not known. */
  async topicsOf(groupId: string, query: TopicListQuery): Promise<GroupTopics | null> {
    if (isPlain(query)) {
      const after = query.after?.[1] ?? '';
      return this.pageLoader.load({ groupId, after, limit: query.limit });
    }
    const [row] = await this.reads.query<FoundPage & { group: SelectedGroup }>(Prisma.sql`
      ${page(query, groupId)}
      select to_json(g) as "group", ${pageColumns(query)}
        from (select ${GROUP_COLUMNS} from groups g where g.group_id = ${groupId}) g`);
    return row ? { group: row.group, page: { data: row.data ?? '', next: row.next } } : null;
  }

  /** A page of the topics of all groups. */
  async topics(query: TopicListQuery): Promise<TopicPage & { readonly epoch: string }> {
    if (isPlain(query)) {
      const [row] = await this.reads.query<PageRow>(pageOfAll(query), 'page of all topics');
      if (!row) throw new Error('an aggregate without a row');
      return { ...pageOf(row, row.lastGroup), epoch: row.epoch };
    }
    const [row] = await this.reads.query<FoundPage & { epoch: string }>(Prisma.sql`
      ${page(query, null)}
      select ${pageColumns(query)}, ${EPOCH}`);
    return { data: row?.data ?? '', next: row?.next ?? null, epoch: row?.epoch ?? '' };
  }

  /** One topic as JSON; `null` where the group has no such topic, `undefined` where there is no such group. */
  async topic(
    groupId: string,
    topicId: string,
  ): Promise<{ readonly group: SelectedGroup; readonly topic: string | null } | undefined> {
    const [row] = await this.reads.query<{ group: SelectedGroup; topic: string | null }>(
      Prisma.sql`
      select to_json(g) as "group",
             (select row_to_json(topic)::text
                from (select ${projection(RESPONSE_FIELDS)}
                        from topics t
                       where t.group_id = ${groupId} and t.topic_id = ${topicId}) topic) as topic
        from (select ${GROUP_COLUMNS} from groups g where g.group_id = ${groupId}) g`,
      'topic',
    );
    return row;
  }

  /** The last `seq` that was given to a change, whether a standby answered, and whether it can be after `minSeq` at all. */
  async lastSeq(minSeq: number): Promise<LastSeq> {
    const [row] = await this.reads.query<{
      seq: number;
      isStandby: boolean;
      isLost: boolean;
    }>(
      Prisma.sql`
      select s.seq::float8 as seq, pg_is_in_recovery() as "isStandby", e.lost @> ${minSeq}::bigint as "isLost"
        from sequencer s
        join epoch e on e.id = s.id
       where s.id = 1`,
      'last seq',
    );
    const { seq = 0, isStandby = false, isLost = false } = row ?? {};
    return { seq, isStandby, isLost };
  }

  private async readGroups(groupIds: readonly string[]): Promise<(SelectedGroup | null)[]> {
    const rows = await this.reads.query<{ row: SelectedGroup }>(
      Prisma.sql`
      select to_json(g) as row
        from (select ${GROUP_COLUMNS} from groups g where g.group_id = any (${groupIds})) g`,
      'groups by id',
    );
    const known = new Map(rows.map(({ row }) => [row.group_id, row]));
    return groupIds.map((groupId) => known.get(groupId) ?? null);
  }

  private async readPages(requested: readonly GroupPage[]): Promise<(GroupTopics | null)[]> {
    const rows = await this.reads.query<GroupPageRow>(pagesOfGroups(requested), 'pages of groups');
    const found = new Map(rows.map((row) => [row.n, row]));
    return requested.map(({ groupId }, index) => {
      const row = found.get(index + 1);
      return row ? { group: row.group, page: pageOf(row, groupId) } : null;
    });
  }
}
