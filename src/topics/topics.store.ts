import { Injectable } from '@nestjs/common';
import type { Connection } from '../database/database.js';
import { Prisma } from '../database/generated/client.js';
import type { ChangeSet, GroupChange } from './change.js';
import type { Folded, Snapshot } from './fold.js';
import {
  callbackColumns,
  changeColumns,
  groupColumns,
  type ReadRow,
  toGroupRow,
  topicColumns,
  toTopicRow,
} from './rows.js';

/** The rows a batch needs, and the state of the database they belong to. */
export interface Read {
  readonly snapshot: Snapshot;
  /** By the database's clock. */
  readonly now: Date;
  /** How many batches were committed before. */
  readonly batch: number;
}

/** All SQL that writes; the functions it calls are in the migrations. */
@Injectable()
export class TopicsStore {
  /** Keeps all other writers out until the transaction ends. */
  async lock(tx: Connection): Promise<void> {
    await tx.$queryRaw`select mirror_lock_v1()::text`;
  }

  /** Reads every row that the change sets may touch, at one moment. */
  async read(tx: Connection, sets: readonly ChangeSet[]): Promise<Read> {
    const wanted = wantedBy(sets);
    const rows = await tx.$queryRaw<ReadRow[]>`
      select * from mirror_read_v1(${wanted.groups}, ${wanted.topicGroups}, ${wanted.topics},
                                   ${wanted.wholeGroups})`;
    return toRead(rows);
  }

  /** Reads groups with all their topics, at one moment. */
  async readGroups(tx: Connection, groupIds: readonly string[]): Promise<Snapshot> {
    const none: string[] = [];
    return toRead(
      await tx.$queryRaw<ReadRow[]>`
        select * from mirror_read_v1(${groupIds}, ${none}, ${none}, ${groupIds})`,
    ).snapshot;
  }

  /**
   * Writes what a batch changed, if no other batch was committed since `after` batches.
   * One statement: it waits for a writer that runs, then looks at the counter again.
   * @returns `false` when another was faster; then nothing is written.
   */
  async write(
    tx: Connection,
    sets: readonly ChangeSet[],
    folded: Folded,
    after: number,
  ): Promise<boolean> {
    const isJournalOnly = folded.groups.length === 0 && folded.topics.length === 0;
    const columns = [
      ...groupColumns(folded.groups),
      ...topicColumns(folded.topics),
      ...changeColumns(folded.changes),
      ...callbackColumns(sets, folded.applied),
    ];
    const [row] = await tx.$queryRaw<{ isWritten: boolean }[]>`
      select mirror_write_v1(${isJournalOnly ? null : after}::bigint, ${folded.seq}::bigint,
                             ${folded.now}::timestamptz, ${Prisma.join(columns)}) as "isWritten"`;
    if (!row) throw new Error('the database did not say whether it wrote the batch');
    return row.isWritten;
  }
}

function toRead(rows: readonly ReadRow[]): Read {
  const state = rows.find((row) => row.kind === 's');
  if (!state) throw new Error('the sequencer has no row');
  return {
    now: new Date(state.updated_us / 1000),
    batch: state.count,
    snapshot: {
      seq: state.seq,
      groups: rows.filter((row) => row.kind === 'g').map(toGroupRow),
      topics: rows.filter((row) => row.kind === 't').map(toTopicRow),
    },
  };
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
