// The connections of one process: the writer's through Prisma, and those that only read.
import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import type { Settings } from '../config/settings.js';
import { type BatchQuery, nameOf, onAdapter } from './batch-query.js';
import type { Epochs } from './epoch.js';
import { isConflict } from './errors.js';
import { PrismaClient } from './generated/client.js';
import { createPool, type PoolOptions } from './pool.js';
import { ReadPool } from './read-pool.js';
import { Replica } from './replica.js';

/** A transaction, or the client itself: whatever can run a statement. */
export type Connection = Pick<PrismaClient, '$queryRaw' | '$executeRaw'>;

/** The tables as Prisma's models. Not for instants: Prisma's driver expects every session to be in UTC. */
export type Models = Omit<RetryingClient, `$${string}`>;
type RetryingClient = ReturnType<typeof retrying>;

export interface Clients {
  readonly prisma: PrismaClient;
  /** Single statements, repeated after a conflict. */
  readonly single: RetryingClient;
  /** Single statements of batches. */
  readonly batches: BatchQuery;
  readonly pool: pg.Pool;
  readonly readers: ReadPool;
  readonly replica: Replica | null;
}

export const CONNECT_TIMEOUT_MS = 2_000;
export const SILENCE_TIMEOUT_MS = 5_000;
// The primary can answer instead.
const REPLICA_SILENCE_TIMEOUT_MS = 2_000;
// A single statement conflicts only under another default isolation than PostgreSQL's own.
const CONFLICT_RETRIES = 3;

export async function createClients(
  settings: Settings,
  url: string,
  epochs: Epochs,
): Promise<Clients> {
  const maxReaders = Math.floor(settings.databasePoolSize / 2);
  const isPreparing = settings.databasePrepare === 'on';
  const options = {
    url,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    silenceTimeoutMs: SILENCE_TIMEOUT_MS,
  };
  const pool = createPool({
    ...options,
    max: settings.databasePoolSize - maxReaders,
    verify: (client) => epochs.check(client),
  });
  const createReaders = (place: Partial<PoolOptions>, conflictRetries = 0) =>
    new ReadPool(
      () => createPool({ ...options, max: maxReaders, isCancelling: true, ...place }),
      isPreparing,
      conflictRetries,
    );
  const readers = createReaders({}, CONFLICT_RETRIES);
  const naming = isPreparing ? { statementNameGenerator: nameOf } : {};
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, { disposeExternalPool: true, ...naming }),
  });
  const replicaUrl = settings.databaseReplicaUrl;
  return {
    prisma,
    single: retrying(prisma),
    batches: onAdapter(await new PrismaPg(pool, naming).connect()),
    pool,
    readers,
    replica: replicaUrl
      ? new Replica(
          createReaders({ url: replicaUrl, silenceTimeoutMs: REPLICA_SILENCE_TIMEOUT_MS }),
          readers,
          () => epochs.current,
        )
      : null,
  };
}

function retrying(prisma: PrismaClient) {
  return prisma.$extends({
    query: { $allOperations: ({ args, query }) => repeatOnConflict(() => query(args)) },
  });
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
