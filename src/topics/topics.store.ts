import { Injectable } from '@nestjs/common';
import type { BatchQuery } from '../database/batch-query.js';
import { type Connection, Database } from '../database/database.js';
import { blamingItems, ItemFaultError } from '../database/errors.js';
import { Prisma } from '../database/generated/client.js';
import type { ChangeSet } from './change.js';
import type { Read, Turn } from './drafts.js';
import { isOfWholeGroup, topicsNamedBy } from './pieces.js';
import type { Folded, Snapshot } from './snapshot.js';
import {
  callbackColumns,
  changeColumns,
  groupColumns,
  type Stored,
  toGroupRow,
  topicColumns,
  toTopicRow,
} from './rows.js';

// In rows and KiB of what a batch reads: what it takes from the others while it is worked on.
const MAX_WEIGHT = 4_096;
// No JSON, so never what was read.
const TOO_MUCH = 'too much';

/** The sets touch more than may be worked on at once. Fewer of them, or a part of one, may be applied. */
export class TooMuchAtOnceError extends ItemFaultError {
  constructor() {
    super(new Error('it touches too many topics at once'));
  }
}

/** All SQL that writes; the functions it calls are in the migrations. */
@Injectable()
export class TopicsStore {
  constructor(private readonly database: Database) {}

  /** Keeps all other writers out until the transaction ends. */
  async lock(tx: Connection): Promise<void> {
    await tx.$queryRaw`select mirror_lock_v2()::text`;
  }

  /**
   * Reads every row that the change sets may touch, at one moment.
   * @throws TooMuchAtOnceError where these are more than a batch may touch.
   */
  async read(
    query: BatchQuery,
    sets: readonly ChangeSet[],
    bound: 'bounded' | 'unbounded' = 'bounded',
  ): Promise<Read> {
    const wanted = blamingItems(() => wantedBy(sets));
    const isBounded = bound === 'bounded' && !wanted.isIndivisible;
    const [row] = await query<Answer>(Prisma.sql`
        select case when mirror_weight_v1(${wanted.topicGroups}, ${wanted.topics}, ${wanted.wholeGroups})
                           <= ${isBounded ? MAX_WEIGHT : Number.MAX_SAFE_INTEGER}::bigint
                    then mirror_read_v2(${wanted.groups}, ${wanted.topicGroups}, ${wanted.topics},
                                        ${wanted.wholeGroups})
                    else ${TOO_MUCH}
               end as "stored"`);
    if (row?.stored === TOO_MUCH) throw new TooMuchAtOnceError();
    return toRead(row);
  }

  /** Ids of topics of a group in their order, the first after `after`; the empty text is before all. */
  async topicIds(
    groupId: string,
    { after, count, isLive }: { after: string; count: number; isLive: boolean },
  ): Promise<readonly string[]> {
    const rows = await this.database.writer<{ id: string }>(Prisma.sql`
        select topic_id as "id"
          from topics
         where group_id = ${groupId} and topic_id > ${after}
           and (deleted_at is null or not ${isLive}::boolean)
         order by topic_id
         limit ${count}::int`);
    return rows.map(({ id }) => id);
  }

  /** Reads groups with all their topics, at one moment. */
  async readGroups(query: BatchQuery, groupIds: readonly string[]): Promise<Snapshot> {
    const none: string[] = [];
    const [row] = await query<Answer>(Prisma.sql`
        select mirror_read_v2(${groupIds}, ${none}, ${none}, ${groupIds}) as "stored"`);
    return toRead(row).snapshot;
  }

  /**
   * Writes what a batch changed, if it is still its turn. One statement: it waits for a writer that runs, then
   * looks again.
   * @returns `false` when it is not; then nothing is written.
   */
  async write(
    query: BatchQuery,
    sets: readonly ChangeSet[],
    folded: Folded,
    { after, afterMark, mark }: Turn,
  ): Promise<boolean> {
    const columns = blamingItems(() => [
      ...groupColumns(folded.groups),
      ...topicColumns(folded.topics),
      ...changeColumns(folded.changes),
      ...callbackColumns(sets, folded.applied),
    ]);
    const [row] = await query<{ isWritten: boolean }>(Prisma.sql`
        select case when mirror_follow_v1(${after}::bigint, ${afterMark}::text, ${mark}::text)
                    then mirror_write_v2(${mark === null ? null : after}::bigint, ${folded.seq}::bigint,
                                         ${folded.now.getTime() * 1000}::float8, ${Prisma.join(columns)})
                    else false
               end as "isWritten"`);
    if (!row) throw new Error('the database did not say whether it wrote the batch');
    return row.isWritten;
  }
}

interface Answer {
  readonly stored: string | null;
}

function toRead(row: Answer | undefined): Read {
  if (!row?.stored) throw new Error('the sequencer has no row');
  const text = row.stored;
  return blamingItems(() => {
    // The function above made it, and nothing else does.
    const stored = JSON.parse(text) as Stored;
    return {
      now: new Date(stored.now_us / 1000),
      snapshot: {
        seq: stored.seq,
        batch: stored.batch,
        groups: (stored.groups ?? []).map(toGroupRow),
        topics: (stored.topics ?? []).map(toTopicRow),
      },
    };
  });
}

/** The keys of the rows that the sets may touch. */
function wantedBy(sets: readonly ChangeSet[]) {
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
