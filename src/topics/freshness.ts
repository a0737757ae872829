import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Database, type Server } from '../database/database.js';
import { Problem } from '../http/problem.js';
import { TopicListsStore } from './topic-lists.store.js';

// How long a reader waits for the `seq` it has seen elsewhere, and how often it looks.
const PATIENCE_MS = 1_000;
const INTERVAL_MS = 50;
// The part of it that a replica gets to catch up; then the primary is asked.
const REPLICA_PATIENCE_MS = 250;

/** From which state on an answer is wanted. */
export interface Wanted {
  readonly minSeq?: number | undefined;
  /** What the asker has been told: a replica without it would go back in time. */
  readonly seen?: number | null;
}

/** Decides which server answers a question, so that a replica that lags tells nothing wrong. */
@Injectable()
export class Freshness {
  constructor(
    private readonly store: TopicListsStore,
    private readonly database: Database,
  ) {}

  /**
   * A server that has come as far as is wanted; waits for it.
   * @throws Problem 503 when that takes too long, 410 when it cannot come.
   */
  async reach({ minSeq = 0, seen = 0 }: Wanted): Promise<Server> {
    let server = this.database.nearest();
    const startedAt = performance.now();
    for (;;) {
      const needed = server === 'primary' ? minSeq : Math.max(minSeq, seen ?? 0);
      if (needed === 0) return server;
      const last = await this.store.lastSeq(server, minSeq);
      if (last.isLost) throw lost(minSeq);
      // The primary may have answered for the replica; then it has to go on.
      server = last.server;
      if (last.seq >= needed) return server;
      const waitedMs = performance.now() - startedAt;
      if (waitedMs > PATIENCE_MS) throw notYet(minSeq);
      if (server === 'replica' && waitedMs > REPLICA_PATIENCE_MS) server = 'primary';
      else await sleep(INTERVAL_MS);
    }
  }

  /**
   * What `read` finds on such a server. Left to the primary is what a replica cannot know: that there is
   * no such thing, and whether what an asker has is older or newer than its own, for which `read`
   * returns `null`.
   */
  async answer<T>(wanted: Wanted, read: (from: Server) => Promise<T | null>): Promise<T> {
    const server = await this.reach(wanted);
    try {
      const answer = await read(server);
      if (answer !== null) return answer;
    } catch (error) {
      if (server === 'primary' || !isAbsence(error)) throw error;
    }
    const answer = await read('primary');
    if (answer === null) throw new Error('the primary left an answer to another server');
    return answer;
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
