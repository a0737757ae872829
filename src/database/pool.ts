import type { Socket } from 'node:net';
import pg from 'pg';

/** A client of pg, with what its types leave out. */
interface ClientInside {
  readonly connection: { readonly stream: Socket };
  /** Whether it has nothing to wait for. */
  readonly readyForQuery: boolean;
}

export interface PoolOptions {
  readonly url: string;
  readonly max: number;
  readonly connectTimeoutMs: number;
  /** How long a connection may stay silent while an answer is due. */
  readonly silenceTimeoutMs: number;
  /** Looks at each connection before it is used first; one that it rejects is closed. */
  readonly verify?: (client: pg.PoolClient) => Promise<void>;
}

/**
 * Connections that end when the server falls silent. The driver would wait for ever on a stalled
 * network, and its own `query_timeout` gives up the query but keeps the connection, on which the
 * next query waits as well; `statement_timeout` covers neither a frozen server nor a commit.
 */
export function createPool({
  url,
  max,
  connectTimeoutMs,
  silenceTimeoutMs,
  verify,
}: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: 'topic-mirror',
    verify: verify && ((client, done) => void guarded(client, verify).then(() => done(), done)),
  });
  pool.on('connect', (client) => {
    const inside = client as unknown as ClientInside;
    const { stream } = inside.connection;
    stream.setTimeout(silenceTimeoutMs);
    stream.on('timeout', () => {
      if (!inside.readyForQuery) stream.destroy();
    });
  });
  return pool;
}

/** Calls `work` with a connection that a pool has given out: if it breaks, `work` is told, and nobody else. */
export async function guarded<T>(
  client: pg.PoolClient,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  // Without a listener it would end the process.
  const ignore = (): void => undefined;
  client.on('error', ignore);
  try {
    return await work(client);
  } finally {
    client.off('error', ignore);
  }
}

/** What the connections of a pool do now. */
export interface PoolUse {
  readonly used: number;
  readonly idle: number;
  /** Statements that wait for a connection. */
  readonly waiting: number;
  readonly max: number;
}

export function useOf({ totalCount, idleCount, waitingCount, options }: pg.Pool): PoolUse {
  return {
    used: totalCount - idleCount,
    idle: idleCount,
    waiting: waitingCount,
    max: options.max,
  };
}
