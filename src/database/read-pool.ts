import type pg from 'pg';
import { type PoolUse, useOf } from './pool.js';
import { DatabaseUnavailableError, isAwayState, isRecoveryConflict, sqlState } from './errors.js';

/** A statement with its parameters apart, as `Prisma.sql` makes it. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * The connections of the query API, apart from those of the writer: many readers cannot keep a
 * callback waiting. Straight on the driver, since most answers are one text that PostgreSQL has
 * composed. Nothing is set on the session, so a transaction pooler may stand between.
 */
export class ReadPool {
  private pool: pg.Pool;

  constructor(
    private readonly create: () => pg.Pool,
    /** Whether a connection may keep what it has prepared. */
    private readonly prepares: boolean,
    /** How often a statement is repeated after a conflict with another transaction. */
    private readonly conflictRetries = 0,
  ) {
    this.pool = this.open();
  }

  get use(): PoolUse {
    return useOf(this.pool);
  }

  /**
   * The rows of one statement that only reads. After a broken connection it is repeated once.
   * @param name of a statement whose text is always the same: each connection plans it only once,
   *   and planning costs about as much as answering
   * @throws DatabaseUnavailableError when PostgreSQL does not answer.
   */
  async query<Row extends pg.QueryResultRow>(
    { text, values }: Statement,
    name?: string,
  ): Promise<Row[]> {
    for (let retries = 0; ; retries += 1) {
      try {
        return await this.ask<Row>({ text, values }, name);
      } catch (error) {
        if (!isRecoveryConflict(error)) throw error;
        // The connection is as good as before.
        if (retries === this.conflictRetries) throw new DatabaseUnavailableError(error);
      }
    }
  }

  end(): Promise<void> {
    return this.pool.end();
  }

  private async ask<Row extends pg.QueryResultRow>(
    { text, values }: Statement,
    name?: string,
  ): Promise<Row[]> {
    const query = { text, values: [...values], name: this.prepares ? name : undefined };
    const pool = this.pool;
    try {
      return (await pool.query<Row>(query)).rows;
    } catch (error) {
      if (isFull(error)) throw new DatabaseUnavailableError(error);
      if (isRecoveryConflict(error) || !isBroken(error)) throw error;
    }
    // The other idle connections have most likely broken with it.
    if (this.pool === pool) {
      this.pool = this.open();
      void pool.end();
    }
    try {
      return (await this.pool.query<Row>(query)).rows;
    } catch (error) {
      throw isBroken(error) ? new DatabaseUnavailableError(error) : error;
    }
  }

  private open(): pg.Pool {
    const pool = this.create();
    // An idle connection that breaks is replaced; without a listener it would end the process.
    pool.on('error', () => undefined);
    return pool;
  }
}

/** Whether no connection became free in time. Another pool would only run more statements beside those of this one. */
function isFull(error: unknown): boolean {
  return error instanceof Error && error.message === 'timeout exceeded when trying to connect';
}

/** Whether a connection or its server gave up; an error without a state is one of the network. */
function isBroken(error: unknown): boolean {
  const state = sqlState(error);
  return state === null || isAwayState(state);
}
