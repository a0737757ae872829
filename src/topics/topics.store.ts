import { Injectable } from '@nestjs/common';
import type { BatchQuery } from '../database/batch-query.js';
import type { Connection } from '../database/database.js';
import { blamingItems } from '../database/errors.js';
import { Prisma } from '../database/generated/client.js';
import type { ChangeSet, GroupChange } from './change.js';
import type { Read, Turn } from './drafts.js';
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

/** All SQL that writes; the functions it calls are in the migrations. */
@Injectable()
export class TopicsStore {
  /** Keeps all other writers out until the transaction ends. */
  async lock(tx: Connection): Promise<void> {
    await tx.$queryRaw`select mirror_lock_v2()::text`;
  }

  /** Reads every row that the change sets may touch, at one moment. */
  async read(query: BatchQuery, sets: readonly ChangeSet[]): Promise<Read> {
    const wanted = blamingItems(() => wantedBy(sets));
    return toRead(
      await query<Answer>(Prisma.sql`
          select mirror_read_v2(${wanted.groups}, ${wanted.topicGroups}, ${wanted.topics},
                                ${wanted.wholeGroups}) as "stored"`),
    );
  }

  /** Reads groups with all their topics, at one moment. */
  async readGroups(query: BatchQuery, groupIds: readonly string[]): Promise<Snapshot> {
    const none: string[] = [];
    return toRead(
      await query<Answer>(Prisma.sql`
          select mirror_read_v2(${groupIds}, ${none}, ${none}, ${groupIds}) as "stored"`),
    ).snapshot;
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

function toRead([row]: readonly Answer[]): Read {
  if (!row?.stored) throw new Error('the sequencer has no row');
  const text = row.stored;
  return blamingItems(() => {
    // The function above made it, and nothing else does.
    const stored = JSON.parse(text) as Stored;
    return {
      now: new Date(stored.now_us / 1000),
      batch: stored.batch,
      snapshot: {
        seq: stored.seq,
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
    if (change.subject === 'topic') {
      topicGroups.push(change.groupId);
      topics.push(change.topicId);
    } else if (change.subject === 'verification' || touchesTopics(change)) {
      wholeGroups.add(change.groupId);
    }
  }
  return { groups: [...groups], wholeGroups: [...wholeGroups], topicGroups, topics };
}

/** The end of a group is the end of its topics, and its new owner is theirs. */
function touchesTopics({ kind, fields }: GroupChange): boolean {
  return kind === 'destroyed' || (kind === 'updated' && 'ownerAccount' in fields);
}
