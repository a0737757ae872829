import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { DatabaseUnavailableError, isDataFault } from '../database/errors.js';
import { GroupCommit } from '../database/group-commit.js';
import type { Applied, ChangeSet } from './change.js';
import { fold } from './fold.js';
import { TopicsStore } from './topics.store.js';

// Large enough to share a commit among all callers of a busy moment, small enough that a batch
// stays in the milliseconds.
const MAX_BATCH = 512;
const MAX_QUEUE = 10_000;

/** The only writer of groups and topics. */
@Injectable()
export class TopicsService {
  private readonly commits = new GroupCommit<ChangeSet, Applied>({
    commit: (sets) => this.commit(sets),
    isItemFault: isDataFault,
    maxBatch: MAX_BATCH,
    maxQueue: MAX_QUEUE,
  });

  constructor(
    private readonly database: Database,
    private readonly store: TopicsStore,
  ) {}

  /**
   * Applies what one callback or one answer said, all of it or nothing, and resolves after the
   * commit. Calls that wait at the same time are committed together, in the order of the calls.
   * @throws QueueFullError when too many wait; nothing was kept.
   * @throws DatabaseUnavailableError when PostgreSQL did not answer; it may have been kept, and
   *   applying it again is safe.
   */
  async apply(set: ChangeSet): Promise<Applied> {
    return this.commits.submit(set);
  }

  private async commit(sets: readonly ChangeSet[]): Promise<readonly Applied[]> {
    try {
      return await this.database.transaction(async (tx) => {
        await this.store.lock(tx);
        const { snapshot, now } = await this.store.read(tx, sets);
        const folded = fold(sets, snapshot, now);
        await this.store.write(tx, folded);
        return folded.applied;
      });
    } catch (error) {
      throw isDataFault(error) ? error : new DatabaseUnavailableError(error);
    }
  }
}
