import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { HistoryRepository } from '../../changes/history.repository.js';
import { Database, type Reads } from '../../database/database.js';
import { Problem } from '../../http/problem.js';
import type { Answer } from '../../http/read-request.js';
import { TopicsQueryRepository } from './topics-query.repository.js';

// How long a reader waits for the `seq` it has seen elsewhere, and the interval of the checks.
const PATIENCE_MS = 1_000;
const INTERVAL_MS = 50;
// The part of it that a replica gets to catch up; then the primary is read.
const REPLICA_PATIENCE_MS = 250;

/** The state that a reader needs. */
export interface Wanted {
  readonly minSeq?: number | undefined;
  /** What the reader has seen: a replica without it would go back in time. */
  readonly seen?: number | null;
  /** Whether the reader has a state: a replica does not know if that is older or newer than its own. */
  readonly isConditional?: boolean;
}

/** Repositories that read from one server. */
export interface Repositories {
  readonly topics: TopicsQueryRepository;
  readonly history: HistoryRepository;
}

/** Chooses the server of each answer, so that a replica that lags never answers wrong. */
@Injectable()
export class ReadYourWrites {
  readonly primary: Repositories;
  private readonly replica: Repositories;

  constructor(private readonly database: Database) {
    const repositories = (reads: Reads): Repositories => ({
      topics: new TopicsQueryRepository(reads, database.readConnections),
      history: new HistoryRepository(reads),
    });
    this.primary = repositories(database.primary);
    this.replica = repositories(database.replica);
  }

  /**
   * What `read` finds in the wanted state. What a replica cannot know is read from the primary: that something does not
   * exist, and what a reader needs who has a state already.
   * @throws Problem 503 when the state is not reached in time, 410 when it cannot be reached.
   */
  async answer(wanted: Wanted, read: (from: Repositories) => Promise<Answer>): Promise<Answer> {
    const repositories = await this.reach(wanted);
    if (repositories === this.primary) return read(this.primary);
    try {
      const answer = await read(repositories);
      if (!wanted.isConditional || answer.json === null) return answer;
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
    return read(this.primary);
  }

  private async reach({ minSeq = 0, seen = 0 }: Wanted): Promise<Repositories> {
    const { primary, replica, database } = this;
    let current = database.nearest === database.primary ? primary : replica;
    const startedAt = performance.now();
    for (;;) {
      const needed = current === primary ? minSeq : Math.max(minSeq, seen ?? 0);
      if (needed === 0) return current;
      const last = await current.topics.lastSeq(minSeq);
      if (last.isLost) throw lost(minSeq);
      // The primary may have answered for the replica; then it has to go on.
      if (!last.isStandby) current = primary;
      if (last.seq >= needed) return current;
      const waitedMs = performance.now() - startedAt;
      if (waitedMs > PATIENCE_MS) throw notYet(minSeq);
      if (current === replica && waitedMs > REPLICA_PATIENCE_MS) current = primary;
      else await sleep(INTERVAL_MS);
    }
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof Problem && [404, 410].includes(error.getStatus());
}

function lost(minSeq: number): Problem {
  return new Problem(
    410,
    'SEQ_GONE',
    `The seq ${minSeq} is of a time before a restore, and what had it then may be lost. Ask without minSeq.`,
  );
}

function notYet(minSeq: number): Problem {
  return new Problem(503, 'SEQ_NOT_REACHED', `The mirror has not come to seq ${minSeq} yet.`, {
    retryAfterSeconds: 1,
  });
}
