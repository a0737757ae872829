import { randomBytes } from 'node:crypto';
import { escapeIdentifier } from 'pg';
import { adaptSession, cancelled, disconnectedAdapter } from './adapter.mjs';
import {
  UserFacingError,
  openSchemaSession,
  openSession,
  openShadowMaintenanceSession,
  withDatabase,
} from './database.mjs';

/**
 * @import { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
 * @import pg from 'pg'
 * @import { Target } from './database.mjs'
 * @typedef {{ session: pg.Client, close: () => Promise<unknown> }} Connection
 */

const SHADOW_PREFIX = 'prisma_migrate_shadow_db_';
const ABANDONED_AFTER_MS = 3_600_000;

/**
 * The sessions of one engine: opens them, makes and drops shadow databases, and closes what is left.
 * @implements {SqlMigrationAwareDriverAdapterFactory}
 */
export class AdapterFactory {
  provider = /** @type {const} */ ('postgres');
  adapterName = '@prisma/adapter-pg';

  /**
   * Why the running request fails: the engine replaces errors that are not the server's by a number.
   * @type {UserFacingError | undefined}
   */
  failure;

  /** @type {Set<Connection>} */
  #connections = new Set();
  #isCancelled = false;

  /**
   * @param {object} options
   * @param {Target} [options.target]
   * @param {Target} [options.shadowTarget] an existing database that may be emptied, instead of a new one each time
   * @param {boolean} options.isDisconnected for requests that look at no database but, maybe, a shadow
   */
  constructor({ target, shadowTarget, isDisconnected }) {
    this.target = target;
    this.shadowTarget = shadowTarget;
    this.isDisconnected = isDisconnected;
  }

  /** @returns {Promise<SqlDriverAdapter>} */
  connect() {
    return this.#remember(async () => {
      if (this.isDisconnected) return disconnectedAdapter(this.target?.schema);
      const target = this.#requireTarget();
      const session = await openSchemaSession(target);
      return this.#register(session, { target, isShadow: false, release: () => session.end() });
    });
  }

  /** @returns {Promise<SqlDriverAdapter>} */
  connectToShadowDb() {
    return this.#remember(() => {
      if (this.#isCancelled) throw cancelled();
      return this.shadowTarget ? this.#emptyShadow(this.shadowTarget) : this.#createShadow();
    });
  }

  /** Stops what the sessions are doing, lest the server completes a statement nobody waits for any more. */
  async cancel() {
    this.#isCancelled = true;
    const processIds = [...this.#connections].map(({ session }) => processIdOf(session));
    if (processIds.length === 0 || !this.target) return;
    const session = await openShadowMaintenanceSession(this.target);
    await session.query('select pg_cancel_backend(pid) from unnest($1::int[]) pid', [processIds]);
    await session.end();
  }

  /** Ends every session and drops the shadow databases. */
  async close() {
    await Promise.allSettled([...this.#connections].map((connection) => connection.close()));
  }

  /** @param {() => Promise<SqlDriverAdapter>} open */
  async #remember(open) {
    try {
      return await open();
    } catch (error) {
      if (error instanceof UserFacingError) this.failure = error;
      throw error;
    }
  }

  /**
   * @param {pg.Client} session
   * @param {{ target: Target, isShadow: boolean, release: () => Promise<unknown> }} options
   */
  #register(session, { target, isShadow, release }) {
    /** @type {Promise<unknown> | undefined} */
    let closing;
    const connection = {
      session,
      close: () => (closing ??= release().finally(() => this.#connections.delete(connection))),
    };
    this.#connections.add(connection);
    return adaptSession(session, {
      schema: target.schema,
      isShadow,
      isCancelled: () => this.#isCancelled,
      release: async () => void (await connection.close()),
      onFailure: (failure) => (this.failure = failure),
    });
  }

  #requireTarget() {
    if (this.target) return this.target;
    const message = 'The `datasource.url` property is missing in the Prisma config file.';
    throw new UserFacingError('', message);
  }

  async #createShadow() {
    const target = this.#requireTarget();
    const maintenance = await openShadowMaintenanceSession(target);
    const database = `${SHADOW_PREFIX}${Date.now()}_${randomBytes(6).toString('hex')}`;
    const drop = () =>
      maintenance
        .query(`drop database if exists ${database} with (force)`)
        .finally(() => maintenance.end());
    try {
      await dropAbandonedShadows(maintenance);
      await maintenance.query(`create database ${database}`);
    } catch (error) {
      await maintenance.end();
      throw shadowCreationFailed(error);
    }
    try {
      const shadow = withDatabase(target, database);
      const session = await openSchemaSession(shadow);
      const release = () => session.end().finally(drop);
      return await this.#register(session, { target: shadow, isShadow: true, release });
    } catch (error) {
      await drop();
      throw error;
    }
  }

  /** @param {Target} shadow */
  async #emptyShadow(shadow) {
    if (this.target?.location === shadow.location && this.target.database === shadow.database) {
      const message =
        'The shadow database you configured appears to be the same as the main database. Please specify another shadow database.';
      throw new UserFacingError('', message);
    }
    const session = await openSession(shadow);
    try {
      const { rows } = await session.query(
        `select nspname as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'`,
      );
      for (const { name } of rows) {
        await session.query(`drop schema ${escapeIdentifier(String(name))} cascade`);
      }
    } finally {
      await session.end();
    }
    const emptied = await openSchemaSession(shadow);
    const release = () => emptied.end();
    return this.#register(emptied, { target: shadow, isShadow: true, release });
  }
}

/**
 * Drops what a killed engine left behind: of our name, of some age, and used by nobody.
 * @param {pg.Client} maintenance
 */
async function dropAbandonedShadows(maintenance) {
  const { rows } = await maintenance.query(
    `select datname as name from pg_database
      where datname ~ ('^' || $1 || '\\d{13}_[0-9a-f]{12}$')
        and substring(datname from '\\d{13}')::bigint < $2
        and pg_has_role(datdba, 'member')
        and not exists (select from pg_stat_activity where datid = pg_database.oid)`,
    [SHADOW_PREFIX, Date.now() - ABANDONED_AFTER_MS],
  );
  for (const { name } of rows) {
    // Another engine may be dropping the same one.
    await maintenance.query(`drop database if exists ${String(name)}`).catch(() => undefined);
  }
}

/** @param {unknown} cause */
function shadowCreationFailed(cause) {
  return new UserFacingError(
    'P3014',
    `Prisma Migrate could not create the shadow database. Please make sure the database user has permission to create databases. Read more about the shadow database (and workarounds) at https://pris.ly/d/migrate-shadow\n\nOriginal error: ${cause instanceof Error ? cause.message : String(cause)}`,
    cause,
  );
}

/** @param {pg.Client & { processID?: number }} session */
function processIdOf({ processID }) {
  return processID ?? 0;
}
