import { Client, DatabaseError, escapeIdentifier } from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';

/**
 * @import pg from 'pg'
 * @typedef {{ config: pg.ClientConfig, database: string, location: string, schema: string }} Target
 */

const DEFAULT_CONNECT_TIMEOUT_S = 5;
// "postgres" is the usual one, "template1" always exists, "defaultdb" is what some hosts offer instead.
const MAINTENANCE_DATABASES = ['postgres', 'template1', 'defaultdb'];
const DATABASE_MISSING = '3D000';
const ACCESS_DENIED = new Set(['28000', '42501']);
const ALREADY_EXISTS = new Set(['42P04', '42P06', '23505']);

/**
 * An error of Prisma's catalogue (https://www.prisma.io/docs/orm/reference/error-reference), shown
 * to the user as it stands. The code is empty for what the catalogue does not know.
 */
export class UserFacingError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {unknown} [cause]
   */
  constructor(code, message, cause) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * Reads a connection URL with the parser of `pg`, so that the engine and the application agree on it.
 * Throws a `UserFacingError` (P1013) that repeats nothing of the URL.
 * @param {string} url
 * @returns {Target}
 */
export function parseDatabaseUrl(url) {
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw invalidUrl('It must start with the protocol `postgresql://` or `postgres://`.');
  }
  try {
    const parsed = parseIntoClientConfig(url);
    const options = new Map(Object.entries(parsed));
    const timeoutS = Number(options.get('connect_timeout') || DEFAULT_CONNECT_TIMEOUT_S);
    const config = {
      ...parsed,
      fallback_application_name: 'prisma-schema-engine',
      connectionTimeoutMillis: (timeoutS >= 0 ? timeoutS : DEFAULT_CONNECT_TIMEOUT_S) * 1000,
    };
    const { database, host, port } = new Client(config);
    return {
      config,
      database: database ?? '',
      location: host.startsWith('/') ? host : `${host}:${port}`,
      schema: String(options.get('schema') || 'public'),
    };
  } catch (error) {
    throw invalidUrl(
      'Special characters in its parts must be percent-encoded, and the files it names must be readable.',
      error,
    );
  }
}

/**
 * @param {string} details
 * @param {unknown} [cause]
 */
function invalidUrl(details, cause) {
  return new UserFacingError('P1013', `The provided database string is invalid. ${details}`, cause);
}

/**
 * @param {Target} target
 * @param {string} database
 * @returns {Target}
 */
export function withDatabase(target, database) {
  return { ...target, config: { ...target.config, database }, database };
}

/**
 * Opens one session; rejects with a `UserFacingError` when the server cannot be used.
 * @param {Target} target
 */
export async function openSession(target) {
  const session = new Client(target.config);
  // Without a listener a connection that breaks while idle ends the process; the next query reports it.
  session.on('error', () => undefined);
  try {
    await session.connect();
    return session;
  } catch (error) {
    session.end().catch(() => undefined);
    throw explainConnectError(error, target);
  }
}

/**
 * Opens a session that finds unqualified names in the schema of the URL, which it makes when missing.
 * @param {Target} target
 */
export async function openSchemaSession(target) {
  const session = await openSession(target);
  const schema = escapeIdentifier(target.schema);
  try {
    const found = await session.query('select 1 from pg_namespace where nspname = $1', [
      target.schema,
    ]);
    // "if not exists" does not help against a concurrent creator: one of the two violates the unique index.
    if (found.rowCount === 0) {
      await session.query(`create schema if not exists ${schema}`).catch(ignoreAlreadyExists);
    }
    await session.query(`set search_path = ${schema}`);
    return session;
  } catch (error) {
    await session.end();
    throw explainConnectError(error, target);
  }
}

/**
 * A session from which databases can be created and dropped.
 * @param {Target} target
 * @param {string[]} [databases] the candidates, best first
 */
export async function openMaintenanceSession(target, databases = MAINTENANCE_DATABASES) {
  for (const database of databases) {
    try {
      return await openSession(withDatabase(target, database));
    } catch (error) {
      const code = databaseErrorOf(error)?.code ?? '';
      if (code !== DATABASE_MISSING && !ACCESS_DENIED.has(code)) throw error;
    }
  }
  throw new UserFacingError(
    'P3000',
    `Failed to create database: Prisma could not connect to a default database (\`${databases.join('`, `')}\`), it cannot create the specified database.`,
  );
}

/**
 * A session that can make a shadow database; it works from the database of the URL when there is one,
 * for a user may be admitted to that one only.
 * @param {Target} target
 */
export function openShadowMaintenanceSession(target) {
  return openMaintenanceSession(target, [target.database, ...MAINTENANCE_DATABASES]);
}

/**
 * Creates the database and the schema of the URL. Losing the race against another creator counts as success.
 * @param {Target} target
 */
export async function createDatabase(target) {
  const maintenance = await openMaintenanceSession(target);
  try {
    const create = `create database ${escapeIdentifier(target.database)}`;
    await maintenance.query(create).catch(ignoreAlreadyExists);
  } catch (error) {
    throw explainConnectError(error, target);
  } finally {
    await maintenance.end();
  }
  const session = await openSchemaSession(target);
  await session.end();
}

/** @param {unknown} error */
function ignoreAlreadyExists(error) {
  if (!ALREADY_EXISTS.has(databaseErrorOf(error)?.code ?? '')) throw error;
}

/**
 * The error of the server itself, be it thrown as such or the cause of a `UserFacingError`.
 * @param {unknown} error
 * @returns {pg.DatabaseError | undefined}
 */
export function databaseErrorOf(error) {
  if (error instanceof DatabaseError) return error;
  return error instanceof UserFacingError ? databaseErrorOf(error.cause) : undefined;
}

/**
 * @param {unknown} error
 * @param {Target} target
 * @returns {UserFacingError}
 */
function explainConnectError(error, target) {
  if (error instanceof UserFacingError) return error;
  if (error instanceof DatabaseError) return explainRefusal(error, target);
  const message = error instanceof Error ? error.message : String(error);
  if (message.startsWith('SASL')) return authenticationFailed(target, error);
  // TLS errors of Node carry a code but, unlike those of sockets, no system call.
  const isTls =
    /SSL|TLS/.test(message) || ('code' in Object(error) && !('syscall' in Object(error)));
  // Several addresses, all of which failed, make an error without a system call of its own.
  return isTls && !(error instanceof AggregateError)
    ? new UserFacingError('P1011', `Error opening a TLS connection: ${message}`, error)
    : notReachable(target, error);
}

/**
 * @param {pg.DatabaseError} error
 * @param {Target} target
 */
function explainRefusal(error, target) {
  const code = error.code ?? '';
  if (code === '28P01') return authenticationFailed(target, error);
  if (code === DATABASE_MISSING) {
    return new UserFacingError('P1003', `Database \`${target.database}\` does not exist`, error);
  }
  if (ACCESS_DENIED.has(code)) {
    const message = `User was denied access on the database \`${target.database}\`\n\n${error.message}`;
    return new UserFacingError('P1010', message, error);
  }
  // 57P03: the server is there but still starting up.
  if (code === '57P03') return notReachable(target, error);
  return new UserFacingError('', `${error.severity}: ${error.message}`, error);
}

/**
 * @param {Target} target
 * @param {unknown} cause
 */
function authenticationFailed(target, cause) {
  return new UserFacingError(
    'P1000',
    `Authentication failed against database server, the provided database credentials for \`${target.config.user ?? ''}\` are not valid.\n\nPlease make sure to provide valid database credentials for the database server at the configured address.`,
    cause,
  );
}

/**
 * @param {Target} target
 * @param {unknown} cause
 */
function notReachable({ location }, cause) {
  return new UserFacingError(
    'P1001',
    `Can't reach database server at \`${location}\`\n\nPlease make sure your database server is running at \`${location}\`.`,
    cause,
  );
}
