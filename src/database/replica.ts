import { Logger } from '@nestjs/common';
import type pg from 'pg';
import { isDataFault, isRecoveryConflict } from './errors.js';
import { neededMigrations } from './migrations.js';
import type { ReadPool, Statement } from './read-pool.js';

// Intervals of the checks whether it is available again, and whether it is still a replica.
const CHECK_MS = { up: 2_000, away: 1_000 } as const;

/** Reads for the replica that the primary answered, since the start. */
export interface Fallbacks {
  away: number;
  conflict: number;
}

/** The replica answers, but must not be read. */
class UnfitError extends Error {}

/**
 * A streaming replica. It replays commits in their order, so it shows an earlier state of the primary. The primary
 * answers what the replica cannot, and everything while the replica is unavailable.
 */
export class Replica {
  readonly fallbacks: Fallbacks = { away: 0, conflict: 0 };
  private readonly logger = new Logger('Database');
  private state: 'unknown' | 'up' | 'away' = 'unknown';
  private timer: NodeJS.Timeout | undefined;
  private checking: Promise<void> = Promise.resolve();
  private isStopped = false;
  private needed: readonly string[] | null = null;

  constructor(
    readonly pool: ReadPool,
    private readonly primary: ReadPool,
    /** The epoch of the primary, as far as it is known. */
    private readonly epoch: () => string | null,
  ) {}

  /** Whether the replica is read now. */
  get isUp(): boolean {
    return this.state === 'up';
  }

  /** The same for a read that follows; counts a fallback otherwise. */
  isThere(): boolean {
    if (!this.isUp) this.fallbacks.away += 1;
    return this.isUp;
  }

  /** Begins the checks: before the first one the replica is not read. */
  watch(): void {
    this.scheduleCheck(0);
  }

  /** Like ReadPool.query; falls back to the primary. */
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

  /** Checks the replica now. @returns why it must not be read, or `null`. */
  async obstacle(): Promise<unknown> {
    try {
      await this.requireUsable();
      return null;
    } catch (error) {
      return error;
    }
  }

  async end(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.checking;
    await this.pool.end();
  }

  private lose(error: unknown): void {
    if (this.state !== 'away') {
      this.logger.warn({ msg: 'the replica is away, the primary is read instead', err: error });
      // Sooner than scheduled.
      if (this.state === 'up') this.scheduleCheck(CHECK_MS.away);
    }
    this.state = 'away';
  }

  private scheduleCheck(delayMs: number): void {
    clearTimeout(this.timer);
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.checking = this.check().finally(() =>
        this.scheduleCheck(this.isUp ? CHECK_MS.up : CHECK_MS.away),
      );
    }, delayMs);
    this.timer.unref();
  }

  private async check(): Promise<void> {
    const obstacle = await this.obstacle();
    if (obstacle !== null) return this.lose(obstacle);
    if (this.state !== 'up') this.logger.log('the replica is there, answers are read from it');
    this.state = 'up';
  }

  /** @throws UnfitError for a server that is no replica, one of another database, or one that lacks migrations. */
  private async requireUsable(): Promise<void> {
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
    if (shown?.epoch !== this.epoch()) await this.requireEpoch(shown?.epoch);
  }

  /** Another process may have begun an epoch that is unknown here. @throws UnfitError if none has. */
  private async requireEpoch(shown: string | undefined): Promise<void> {
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
// Unique among all databases.
const EPOCH: Statement = {
  text: 'select epoch::text as epoch from epoch where id = 1',
  values: [],
};
