import { Semaphore } from '../../changes/semaphore.js';
import { DatabaseUnavailableError } from '../../database/errors.js';
import type { Applied, Change, ChangeSet } from '../domain/change.js';
import { otherwise } from '../domain/reducer.js';
import { earliest } from '../domain/event-time.js';
import {
  consequence,
  isOfWholeGroup,
  PIECE,
  pieces,
  topicsNamedBy,
  type WholeGroupChange,
} from '../domain/pieces.js';
import { TooMuchAtOnceError, type TopicsRepository } from './topics.repository.js';

/**
 * Applies sets that touch more topics than may be worked on at once, piece by piece, with others in between. Each
 * piece may be repeated. The entry of the journal is written last: a set without it was not answered, or is in the
 * spool, and comes again.
 */
export class LargeSets {
  // Each waits with all that it names; two at a time would only be slower.
  private readonly semaphore = new Semaphore(1);
  private readonly withdrawn = new WeakSet<ChangeSet>();
  private isStopped = false;

  constructor(
    private readonly submit: (set: ChangeSet) => Promise<Applied>,
    private readonly repository: TopicsRepository,
  ) {}

  /** Leaves undone what has not been done of a set. */
  withdraw(set: ChangeSet): void {
    this.withdrawn.add(set);
  }

  /** Leaves undone what has not been done of any: it comes again, from the spool. */
  stop(): void {
    this.isStopped = true;
  }

  /**
   * @throws DatabaseUnavailableError when it is given up.
   * @returns `seqs` from the first to the last of its changes; others may lie between.
   */
  apply(set: ChangeSet): Promise<Applied> {
    return this.semaphore.run(async () => {
      const { entry, ...rest } = set;
      const sum = new Sum();
      for await (const change of this.changesOf(set)) {
        await this.applyPart({ ...rest, changes: [change] }, set, { count: PIECE, sum });
      }
      const { seqs, secondLookAt } = sum;
      const outcome = seqs === null ? otherwise(set) : 'applied';
      if (entry)
        await this.submit({ ...rest, changes: [], entry: { ...entry, otherwise: outcome } });
      return { outcome, seqs, secondLookAt };
    });
  }

  /** Applies a part of a set, in halves where it is still too much. */
  private async applyPart(
    part: ChangeSet,
    set: ChangeSet,
    { count, sum }: { count: number; sum: Sum },
  ): Promise<void> {
    for (const piece of pieces(part.changes, count)) {
      if (this.isStopped || this.withdrawn.has(set)) {
        throw new DatabaseUnavailableError(new Error('the rest of a large set is given up'));
      }
      const changes = [piece];
      try {
        sum.add(await this.submit({ ...part, changes }));
      } catch (error) {
        if (!(error instanceof TooMuchAtOnceError) || count === 1) throw error;
        await this.applyPart({ ...part, changes }, set, { count: Math.ceil(count / 2), sum });
      }
    }
  }

  /** The changes of a set; after that of a whole group, what follows from it for each of its topics. */
  private async *changesOf(set: ChangeSet): AsyncGenerator<Change> {
    for (const change of set.changes) {
      if (!isOfWholeGroup(change)) yield change;
      else {
        // First, so that topics which are created in between are created in the group as it is then.
        if (change.subject === 'group') yield { ...change, isSettled: true };
        for await (const topicIds of this.topicIdsOf(change)) yield consequence(change, topicIds);
      }
    }
  }

  /** The ids of the topics for which something follows from a change of their group, in portions. */
  private async *topicIdsOf(change: WholeGroupChange): AsyncGenerator<readonly string[]> {
    const isSnapshot = change.subject === 'snapshot';
    const named = new Set(topicsNamedBy(change));
    let after: string | undefined = '';
    while (after !== undefined) {
      // A snapshot changes no deleted topic that it does not list.
      const page = { after, count: PIECE, isLive: isSnapshot };
      const ids = await this.repository.topicIds(change.groupId, page);
      for (const id of ids) named.delete(id);
      if (ids.length > 0) yield ids;
      after = ids.at(-1);
    }
    // Of the group as well, though none of its topics is known.
    if (isSnapshot) yield [...named];
  }
}

/** What became of the pieces together. */
class Sum {
  seqs: Applied['seqs'] = null;
  secondLookAt: number | null = null;

  add({ seqs, secondLookAt = null }: Applied): void {
    if (seqs) this.seqs = [this.seqs?.[0] ?? seqs[0], seqs[1]];
    this.secondLookAt = earliest(this.secondLookAt, secondLookAt);
  }
}
