import { connect, type Socket } from 'node:net';
import pg from 'pg';

/** A client of pg, with what its types leave out. */
interface ClientInside {
  readonly connection: { readonly stream: Socket };
  readonly host: string;
  readonly port: number;
  readonly processID: number | null;
  readonly secretKey: number | null;
  /** Whether no answer is due. */
  readonly readyForQuery: boolean;
}

export interface PoolOptions {
  readonly url: string;
  readonly max: number;
  readonly connectTimeoutMs: number;
  /** How long a connection may stay silent while an answer is due. */
  readonly silenceTimeoutMs: number;
  /** Whether the server is to end a statement that this side has given up: one that only reads. */
  readonly isCancelling?: boolean;
  /** Checks each connection before its first use; a rejected one is closed. */
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
  isCancelling = false,
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
      if (inside.readyForQuery) return;
      if (isCancelling) cancel(inside, connectTimeoutMs);
      stream.destroy();
    });
  });
  return pool;
}

const CANCEL_REQUEST = 80_877_102;

/**
 * Asks the server to cancel what a connection runs; there is no answer. Otherwise it would go on to the end, beside
 * those of the connections that follow. Source: documentation of PostgreSQL, 54.7, CancelRequest.
 */
function cancel(client: ClientInside, timeoutMs: number): void {
  const { host, port, processID, secretKey } = client;
  if (processID === null || secretKey === null) return;
  const message = Buffer.alloc(16);
  [message.length, CANCEL_REQUEST, processID, secretKey].forEach((word, index) =>
    message.writeInt32BE(word, 4 * index),
  );
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  socket.on('error', () => undefined).setTimeout(timeoutMs, () => socket.destroy());
  socket.end(message);
}

/** Calls `work` with a connection of a pool. If the connection breaks, only `work` fails. */
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

/** Use of the connections of a pool. */
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
