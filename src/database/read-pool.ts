import type pg from 'pg';
import { type PoolUse, useOf } from './pool.js';
import { DatabaseUnavailableError, isAwayState, sqlState } from './errors.js';

/** A statement with its parameters apart, as `Prisma.sql` makes it. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * The connections of the query API, apart from those of the writer: many readers cannot keep a
 * callback waiting. Straight on the driver, since most answers are one text that PostgreSQL has
 * composed. Statements are unnamed and nothing is set on the session, so a transaction pooler may
 * stand between.
 */
export class ReadPool {
  private pool: pg.Pool;

  constructor(private readonly create: () => pg.Pool) {
    this.pool = this.open();
  }

  get use(): PoolUse {
    return useOf(this.pool);
  }

  /**
   * The rows of one statement that only reads. On a connection that broke it is asked once more.
   * @throws DatabaseUnavailableError when PostgreSQL does not answer.
   */
  async query<Row extends pg.QueryResultRow>(statement: Statement): Promise<Row[]> {
    const pool = this.pool;
    try {
      return await ask<Row>(pool, statement);
    } catch (error) {
      if (!isBroken(error)) throw error;
    }
    // The other idle connections have most likely broken with it.
    if (this.pool === pool) {
      this.pool = this.open();
      void pool.end();
    }
    try {
      return await ask<Row>(this.pool, statement);
    } catch (error) {
      throw isBroken(error) ? new DatabaseUnavailableError(error) : error;
    }
  }

  end(): Promise<void> {
    return this.pool.end();
  }

  private open(): pg.Pool {
    const pool = this.create();
    // An idle connection that breaks is replaced; without a listener it would end the process.
    pool.on('error', () => undefined);
    return pool;
  }
}

async function ask<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  { text, values }: Statement,
): Promise<Row[]> {
  const { rows } = await pool.query<Row>(text, [...values]);
  return rows;
}

/** Whether a connection or its server gave up; an error without a state is one of the network. */
function isBroken(error: unknown): boolean {
  const state = sqlState(error);
  return state === null || isAwayState(state);
}
