import { Injectable } from '@nestjs/common';
import { CollectedReads } from '../database/collected-reads.js';
import { Database, type Server } from '../database/database.js';
import { Prisma } from '../database/generated/client.js';
import type { Place, TopicListQuery } from './list-query.js';
import {
  type GroupPage,
  type GroupPageRow,
  isPlain,
  pageOf,
  pageOfAll,
  type PageRow,
  pagesOfGroups,
} from './plain-pages.store.js';
import { MAX_PAGE_BYTES, sumBefore } from '../database/page-bytes.js';
import { EPOCH, GROUP_COLUMNS, GROUP_OCTETS, told } from './told.store.js';
import { page, pageColumns } from './topic-page.store.js';
import { type ToldGroup, TOPIC_FIELDS } from './views.js';

const MAX_GROUPS_AT_ONCE = 500;
const MAX_PAGES_AT_ONCE = 8;

/** A page of topics: their JSON, comma-separated, and the place where the next page begins. */
export interface TopicPage {
  readonly data: string;
  readonly next: Place | null;
}

/** A page of the topics of a group. */
export interface GroupTopics {
  readonly group: ToldGroup;
  readonly page: TopicPage;
}

/** Groups, and the epoch in which they were read. */
export interface GroupList {
  readonly epoch: string;
  readonly groups: readonly ToldGroup[];
  readonly isMore: boolean;
}

export interface LastSeq {
  readonly seq: number;
  readonly server: Server;
  /** `minSeq` was given in a timeline that a restore has ended. */
  readonly isLost: boolean;
}

interface FoundPage {
  readonly data: string | null;
  readonly next: Place | null;
}

/** All SQL that reads groups and topics for the query API. */
@Injectable()
export class TopicListsStore {
  private secret: Promise<string> | null = null;
  /** The epoch in which the secret was read: another database has another. */
  private secretOf: string | null = null;
  private readonly groupReads;
  private readonly pageReads;

  constructor(private readonly database: Database) {
    this.groupReads = onEach((from) => this.collectGroups(from));
    this.pageReads = onEach((from) => this.collectPages(from));
  }

  /** What cursors are signed with: the same for every process on this database. */
  cursorSecret(): Promise<string> {
    const { current } = this.database.epochs;
    if (this.secretOf !== current) this.secret = null;
    this.secretOf = current;
    this.secret ??= this.database
      .reads(this.database.nearest())
      .query<{ secret: string }>(Prisma.sql`select secret::text from cursor_secret where id = 1`)
      .then(
        ([row]) => {
          if (!row) throw new Error('the table cursor_secret has lost its row');
          return row.secret;
        },
        (error: unknown) => {
          this.secret = null;
          throw error;
        },
      );
    return this.secret;
  }

  /** Groups in the byte order of ids, and whether there are more. */
  async groups(after: string, limit: number, from: Server): Promise<GroupList> {
    const rows = await this.database.reads(from).query<{
      epoch: string;
      n: number | null;
      row: ToldGroup | null;
    }>(Prisma.sql`
      select e.epoch::text as epoch, found.n::float8 as n, found.row
        from epoch e
        left join lateral (
      select g.n, case when g.n <= ${limit} and g.before < ${MAX_PAGE_BYTES} then g.row end as row
        from (select to_json(g) as row, row_number() over () as n, ${sumBefore(GROUP_OCTETS)} as before
                from (select ${GROUP_COLUMNS}
                        from groups g
                       where g.group_id > ${after}
                       order by g.group_id
                       limit ${limit + 1}) g) g
        ) found on true
       where e.id = 1
       order by found.n`);
    const found = rows.filter(({ n }) => n !== null);
    const groups = found.flatMap(({ row }) => row ?? []);
    return { epoch: rows[0]?.epoch ?? '', groups, isMore: groups.length < found.length };
  }

  /** One group, or `null` where it is not known. */
  group(groupId: string, from: Server): Promise<ToldGroup | null> {
    return this.groupReads[from].ask(groupId);
  }

  /** A page of the topics of a group, with the group at the same moment; `null` where it is not known. */
  async topicsOf(
    groupId: string,
    query: TopicListQuery,
    from: Server,
  ): Promise<GroupTopics | null> {
    if (isPlain(query)) {
      const after = query.after?.[1] ?? '';
      return this.pageReads[from].ask({ groupId, after, limit: query.limit });
    }
    const [row] = await this.database.reads(from).query<
      FoundPage & { group: ToldGroup }
    >(Prisma.sql`
      ${page(query, groupId)}
      select to_json(g) as "group", ${pageColumns(query)}
        from (select ${GROUP_COLUMNS} from groups g where g.group_id = ${groupId}) g`);
    return row ? { group: row.group, page: { data: row.data ?? '', next: row.next } } : null;
  }

  /** A page of the topics of all groups. */
  async topics(
    query: TopicListQuery,
    from: Server,
  ): Promise<TopicPage & { readonly epoch: string }> {
    if (isPlain(query)) {
      const [row] = await this.database
        .reads(from)
        .query<PageRow>(pageOfAll(query), 'page of all topics');
      if (!row) throw new Error('an aggregate without a row');
      return { ...pageOf(row, row.lastGroup), epoch: row.epoch };
    }
    const [row] = await this.database.reads(from).query<FoundPage & { epoch: string }>(Prisma.sql`
      ${page(query, null)}
      select ${pageColumns(query)}, ${EPOCH}`);
    return { data: row?.data ?? '', next: row?.next ?? null, epoch: row?.epoch ?? '' };
  }

  /** One topic as JSON; `null` where the group has no such topic, `undefined` where there is no such group. */
  async topic(
    groupId: string,
    topicId: string,
    from: Server,
  ): Promise<{ readonly group: ToldGroup; readonly topic: string | null } | undefined> {
    const [row] = await this.database.reads(from).query<{ group: ToldGroup; topic: string | null }>(
      Prisma.sql`
      select to_json(g) as "group",
             (select row_to_json(told)::text
                from (select ${told(TOPIC_FIELDS)}
                        from topics t
                       where t.group_id = ${groupId} and t.topic_id = ${topicId}) told) as topic
        from (select ${GROUP_COLUMNS} from groups g where g.group_id = ${groupId}) g`,
      'topic',
    );
    return row;
  }

  /** The last `seq` that was given to a change, who told it, and whether it can be after `minSeq` at all. */
  async lastSeq(from: Server, minSeq: number): Promise<LastSeq> {
    const [row] = await this.database.reads(from).query<{
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
    return { seq, server: isStandby ? 'replica' : 'primary', isLost };
  }

  private collectGroups(from: Server) {
    return new CollectedReads({
      keyOf: (groupId: string) => groupId,
      read: (groupIds) => this.readGroups(groupIds, from),
      maxBatch: MAX_GROUPS_AT_ONCE,
      maxRunning: 1,
    });
  }

  private collectPages(from: Server) {
    return new CollectedReads({
      keyOf: (asked: GroupPage) => JSON.stringify(asked),
      read: (asked) => this.readPages(asked, from),
      maxBatch: MAX_PAGES_AT_ONCE,
      maxRunning: this.database.readConnections,
    });
  }

  private async readGroups(
    groupIds: readonly string[],
    from: Server,
  ): Promise<(ToldGroup | null)[]> {
    const rows = await this.database.reads(from).query<{ row: ToldGroup }>(
      Prisma.sql`
      select to_json(g) as row
        from (select ${GROUP_COLUMNS} from groups g where g.group_id = any (${groupIds})) g`,
      'groups by id',
    );
    const known = new Map(rows.map(({ row }) => [row.group_id, row]));
    return groupIds.map((groupId) => known.get(groupId) ?? null);
  }

  private async readPages(
    asked: readonly GroupPage[],
    from: Server,
  ): Promise<(GroupTopics | null)[]> {
    const rows = await this.database
      .reads(from)
      .query<GroupPageRow>(pagesOfGroups(asked), 'pages of groups');
    const found = new Map(rows.map((row) => [row.n, row]));
    return asked.map(({ groupId }, index) => {
      const row = found.get(index + 1);
      return row ? { group: row.group, page: pageOf(row, groupId) } : null;
    });
  }
}

function onEach<T>(make: (from: Server) => T): Readonly<Record<Server, T>> {
  return { primary: make('primary'), replica: make('replica') };
}
