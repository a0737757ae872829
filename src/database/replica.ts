import { Logger } from '@nestjs/common';
import type pg from 'pg';
import { isDataFault, isRecoveryConflict } from './errors.js';
import { neededMigrations } from './migrations.js';
import type { ReadPool, Statement } from './read-pool.js';

// How soon it is seen that it is there again, and that it is no replica any more.
const LOOK_AGAIN_MS = { up: 2_000, away: 1_000 } as const;

/** Reads that were meant for the replica and were answered by the primary, since the start. */
export interface Fallbacks {
  away: number;
  conflict: number;
}

/** It answers, but reads must not go there. */
class UnfitError extends Error {}

/**
 * A streaming replica. It replays commits in their order, so it shows the primary as that was some
 * time ago. What it cannot answer is asked of the primary, and while it is away everything is.
 */
export class Replica {
  readonly fallbacks: Fallbacks = { away: 0, conflict: 0 };
  private readonly logger = new Logger('Database');
  private state: 'unknown' | 'up' | 'away' = 'unknown';
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private isStopped = false;
  private needed: readonly string[] | null = null;

  constructor(
    readonly pool: ReadPool,
    private readonly primary: ReadPool,
    /** The epoch of the primary, as far as it is known. */
    private readonly epoch: () => string | null,
  ) {}

  /** Whether reads go there now. */
  get isUp(): boolean {
    return this.state === 'up';
  }

  /** The same for a read that is about to be made. */
  isThere(): boolean {
    if (!this.isUp) this.fallbacks.away += 1;
    return this.isUp;
  }

  /** Looks after it from now on: before the first look nothing is asked of it. */
  watch(): void {
    this.lookIn(0);
  }

  /** Like ReadPool.query, of the primary where need be. */
  async query<Row extends pg.QueryResultRow>(statement: Statement, name?: string): Promise<Row[]> {
    if (this.isUp) {
      try {
        return await this.pool.query<Row>(statement, name);
      } catch (error) {
        if (isDataFault(error)) throw error;
        if (isRecoveryConflict(error)) this.fallbacks.conflict += 1;
        else {
          this.fallbacks.away += 1;
          this.lose(error);
        }
      }
    }
    return this.primary.query<Row>(statement, name);
  }

  /** Looks at it now. @returns why it must not be read, or `null`. */
  async obstacle(): Promise<unknown> {
    try {
      await this.judge();
      return null;
    } catch (error) {
      return error;
    }
  }

  async end(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.looking;
    await this.pool.end();
  }

  private lose(error: unknown): void {
    if (this.state !== 'away') {
      this.logger.warn({ msg: 'the replica is away, the primary is read instead', err: error });
      // Sooner than it was going to be.
      if (this.state === 'up') this.lookIn(LOOK_AGAIN_MS.away);
    }
    this.state = 'away';
  }

  private lookIn(delayMs: number): void {
    clearTimeout(this.timer);
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.looking = this.look().finally(() =>
        this.lookIn(this.isUp ? LOOK_AGAIN_MS.up : LOOK_AGAIN_MS.away),
      );
    }, delayMs);
    this.timer.unref();
  }

  private async look(): Promise<void> {
    const obstacle = await this.obstacle();
    if (obstacle !== null) return this.lose(obstacle);
    if (this.state !== 'up') this.logger.log('the replica is there, answers are read from it');
    this.state = 'up';
  }

  /** @throws UnfitError where it is no replica, one of another database, or not far enough for this build. */
  private async judge(): Promise<void> {
    const [server] = await this.pool.query<{ isStandby: boolean }>(IS_STANDBY);
    if (!server?.isStandby) {
      throw new UnfitError('DATABASE_REPLICA_URL names a server that is no replica, or no longer');
    }
    const [seen] = await this.pool.query<{ migrations: readonly string[] | null }>(MIGRATIONS);
    this.needed ??= await neededMigrations();
    const missing = this.needed.filter((name) => !seen?.migrations?.includes(name));
    if (missing.length > 0) {
      throw new UnfitError(
        `the replica has not replayed the migration(s) ${missing.join(', ')} yet`,
      );
    }
    const [shown] = await this.pool.query<{ epoch: string }>(EPOCH);
    if (shown?.epoch !== this.epoch()) await this.compare(shown?.epoch);
  }

  /** Another process may have begun an epoch that is not known here. @throws UnfitError where none has. */
  private async compare(shown: string | undefined): Promise<void> {
    const [latest] = await this.primary.query<{ epoch: string }>(EPOCH);
    if (shown === latest?.epoch) return;
    throw new UnfitError(
      'DATABASE_REPLICA_URL names a replica of another database, or one that has not followed a restore',
    );
  }
}

const IS_STANDBY: Statement = { text: `select pg_is_in_recovery() as "isStandby"`, values: [] };
const MIGRATIONS: Statement = {
  text: `select array_agg(migration_name::text) as migrations
           from _prisma_migrations
          where finished_at is not null`,
  values: [],
};
// No two databases have the same.
const EPOCH: Statement = {
  text: 'select epoch::text as epoch from epoch where id = 1',
  values: [],
};
