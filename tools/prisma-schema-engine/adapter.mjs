import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum, DriverAdapterError } from '@prisma/driver-adapter-utils';
import { DatabaseError, Pool, types } from 'pg';
import { UserFacingError } from './database.mjs';

/**
 * @import { SqlDriverAdapter } from '@prisma/driver-adapter-utils'
 * @import pg from 'pg'
 * @typedef {object} AdapterOptions
 * @property {string} schema
 * @property {boolean} isShadow
 * @property {() => boolean} isCancelled no migration is begun any more
 * @property {() => Promise<void>} release called when the engine is done with the session
 * @property {(failure: UserFacingError) => void} onFailure called with what the engine could not report in Prisma's words
 */

const CHAR_OID = 18;
const LOCK_STATEMENT = 'SELECT pg_advisory_lock(72707369)';
// Below the 10 s of the engine, which on its own time-out would leave the session waiting for the lock.
const LOCK_TIMEOUT_MS = 9_500;
const LOCK_NOT_AVAILABLE = '55P03';
const BEGIN_STATEMENT = 'INSERT INTO "_prisma_migrations"';
const LOGS_STATEMENT = 'UPDATE "_prisma_migrations" SET "logs" = ';
const CONTEXT_LINES = 5;

/**
 * Hands a session to the engine by way of `@prisma/adapter-pg`, with what that lacks for this use:
 * it keeps to one session (a pool ends a session, and with it the migration lock, when a query fails),
 * runs scripts whole instead of cut at every semicolon, and knows PostgreSQL's internal type `"char"`.
 * @param {pg.Client} session
 * @param {AdapterOptions} options
 * @returns {Promise<SqlDriverAdapter>}
 */
export async function adaptSession(session, options) {
  const { schema, isShadow, isCancelled, release, onFailure } = options;
  /** @type {WeakMap<unknown[], boolean[]>} */
  const charColumns = new WeakMap();
  let scriptLogs = '';

  /** @param {pg.QueryArrayConfig} query */
  const run = async (query) => {
    try {
      const result = await session.query(query);
      maskCharColumns(result, charColumns);
      return result;
    } catch (error) {
      if (!(error instanceof DatabaseError)) onFailure(connectionClosed(error));
      throw error;
    }
  };
  const pool = Object.assign(new Pool(), { query: run });
  const adapter = await new PrismaPg(pool, { schema }).connect();

  return {
    provider: adapter.provider,
    adapterName: adapter.adapterName,
    async queryRaw(query) {
      if (isCancelled() && query.sql.startsWith(BEGIN_STATEMENT)) throw cancelled();
      const isLogging = scriptLogs !== '' && query.sql.startsWith(LOGS_STATEMENT);
      const result = await adapter.queryRaw(
        isLogging ? { ...query, args: [scriptLogs, ...query.args.slice(1)] } : query,
      );
      const isChar = charColumns.get(result.rows);
      if (!isChar) return result;
      const columnTypes = result.columnTypes.map((type, i) =>
        isChar[i] ? ColumnTypeEnum.Character : type,
      );
      return { ...result, columnTypes };
    },
    async executeRaw(query) {
      if (query.sql !== LOCK_STATEMENT) return adapter.executeRaw(query);
      if (!isLockDisabled()) await lockMigrations(session, onFailure);
      return 0;
    },
    async executeScript(script) {
      if (isCancelled() && isShadow) throw cancelled();
      try {
        await session.query(script);
      } catch (error) {
        // A script that opened a transaction itself leaves it aborted; the engine goes on in this session.
        await session.query('rollback').catch(() => undefined);
        const failure = await explainScriptError(session, { script, error, isShadow });
        if (failure.code === 'P3018') scriptLogs = failure.message;
        if (failure.code !== '') onFailure(failure);
        throw asDriverError(error, failure);
      }
    },
    startTransaction: () => Promise.reject(new Error('The schema engine needs no transactions.')),
    getConnectionInfo: () => adapter.getConnectionInfo(),
    dispose: release,
  };
}

/**
 * The adapter for requests that look at no database.
 * @param {string | undefined} schemaName what the names of the Prisma schema are taken to belong to
 * @returns {SqlDriverAdapter}
 */
export function disconnectedAdapter(schemaName) {
  return {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    // The query that the engine always sends: does the schema exist, and which server is it?
    queryRaw: ({ sql }) =>
      sql.includes('server_version_num')
        ? Promise.resolve({
            columnNames: ['exists', 'version', 'numeric_version'],
            columnTypes: [ColumnTypeEnum.Boolean, ColumnTypeEnum.Text, ColumnTypeEnum.Int32],
            rows: [[true, 'PostgreSQL 14.0', 140_000]],
          })
        : refuse(),
    executeRaw: refuse,
    executeScript: refuse,
    startTransaction: refuse,
    getConnectionInfo: () => ({ schemaName, supportsRelationJoins: true }),
    dispose: () => Promise.resolve(),
  };
}

function refuse() {
  return Promise.reject(new Error('This request has no database connection.'));
}

/**
 * The adapter rejects the type that the engine requests as a character: let it pass as text, and remember where.
 * @param {Partial<pg.QueryArrayResult>} result an array of results, without fields, when there were several statements
 * @param {WeakMap<unknown[], boolean[]>} charColumns
 */
function maskCharColumns({ fields, rows }, charColumns) {
  const isChar = fields?.map((field) => field.dataTypeID === CHAR_OID);
  if (!fields || !rows || !isChar?.includes(true)) return;
  charColumns.set(rows, isChar);
  for (const field of fields) {
    if (field.dataTypeID === CHAR_OID) field.dataTypeID = types.builtins.TEXT;
  }
}

function isLockDisabled() {
  return ['1', 'true'].includes(process.env['PRISMA_SCHEMA_DISABLE_ADVISORY_LOCK'] ?? '');
}

/**
 * Waits for the lock that all of Prisma Migrate uses; it is held until the session ends.
 * @param {pg.Client} session
 * @param {AdapterOptions['onFailure']} onFailure
 */
async function lockMigrations(session, onFailure) {
  try {
    await session.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await session.query(LOCK_STATEMENT);
    await session.query('reset lock_timeout');
  } catch (error) {
    if (error instanceof DatabaseError && error.code === LOCK_NOT_AVAILABLE) {
      const message = `The database server was reached but timed out.\n\nPlease try again.\n\nPlease make sure your database server is running at the configured address.\n\nContext: Timed out trying to acquire a postgres advisory lock (${LOCK_STATEMENT}). Timeout: ${LOCK_TIMEOUT_MS}ms. See https://pris.ly/d/migrate-advisory-locking for details.`;
      onFailure(new UserFacingError('P1002', message, error));
    }
    throw error;
  }
}

export function cancelled() {
  return new UserFacingError('', 'Operation was cancelled');
}

/** @param {unknown} cause */
function connectionClosed(cause) {
  return new UserFacingError('P1017', 'Server has closed the connection.', cause);
}

/**
 * @param {pg.Client} session
 * @param {{ script: string, error: unknown, isShadow: boolean }} failed
 */
async function explainScriptError(session, { script, error, isShadow }) {
  if (!(error instanceof DatabaseError)) return connectionClosed(error);
  const details = [
    `${error.severity}: ${error.message}`,
    ...(error.detail ? [`DETAIL: ${error.detail}`] : []),
    ...(error.hint ? [`HINT: ${error.hint}`] : []),
    ...(error.where ? [`CONTEXT: ${error.where}`] : []),
  ].join('\n');
  const databaseError = details + showPosition(script, Number(error.position));
  if (isShadow) return new UserFacingError('', databaseError, error);
  // Under the lock there is but one migration that has started and not ended: this one.
  const open = await session
    .query(
      'select migration_name as name from _prisma_migrations where finished_at is null and rolled_back_at is null order by started_at desc limit 1',
    )
    .catch(() => ({ rows: [] }));
  const [migration] = open.rows;
  if (!migration) return new UserFacingError('', databaseError, error);
  return new UserFacingError(
    'P3018',
    `A migration failed to apply. New migrations cannot be applied before the error is recovered from. Read more about how to resolve migration issues in a production database: https://pris.ly/d/migrate-resolve\n\nMigration name: ${migration.name}\n\nDatabase error code: ${error.code}\n\nDatabase error:\n${databaseError}\n`,
    error,
  );
}

/**
 * @param {string} script
 * @param {number} position counted in characters from 1; `NaN` when the server gave none
 */
function showPosition(script, position) {
  if (!(position > 0)) return '';
  const lines = script.split('\n');
  const errorLine = [...script].slice(0, position - 1).filter((c) => c === '\n').length;
  const first = Math.max(0, errorLine - CONTEXT_LINES);
  const shown = lines.slice(first, errorLine + 1).map((line, i) => {
    const number = String(first + i + 1).padStart(3);
    return first + i === errorLine
      ? `\u001B[1m${number}\u001B[1;31m ${line}\u001B[0m`
      : `\u001B[1m${number}\u001B[0m ${line}`;
  });
  return `\n\nPosition:\n${shown.join('\n')}`;
}

/**
 * @param {unknown} error
 * @param {UserFacingError} failure
 */
function asDriverError(error, failure) {
  if (!(error instanceof DatabaseError)) {
    return new DriverAdapterError({ kind: 'ConnectionClosed' });
  }
  return new DriverAdapterError({
    kind: 'postgres',
    code: error.code ?? '',
    severity: error.severity ?? 'ERROR',
    // The engine puts the severity in front again.
    message: failure.code === '' ? failure.message.replace(/^[A-Z]+: /, '') : error.message,
    detail: undefined,
    column: error.column,
    hint: undefined,
  });
}
