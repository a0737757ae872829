import pg from 'pg';

interface Line {
  readonly client: Promise<pg.PoolClient>;
  /** How many statements it has not answered. */
  outstanding: number;
}

/**
 * A pool whose statements go one behind the other on a single connection, each without waiting for the answer to
 * the one before, so that the server begins the next at once. They run in the order of the calls, each as a
 * transaction of its own; what fails does not touch those behind it, unless the connection breaks.
 */
export class PipelinedPool extends pg.Pool {
  private line: Line | null = null;

  constructor(config: pg.PoolConfig) {
    super({ ...config, max: 1, pipeline: true });
  }

  override query = (async (statement: pg.QueryConfig) => {
    const line = (this.line ??= { client: this.open(), outstanding: 0 });
    line.outstanding += 1;
    try {
      const client = await line.client;
      return await client.query(statement);
    } finally {
      line.outstanding -= 1;
      if (line.outstanding === 0) this.close(line);
    }
  }) as pg.Pool['query'];

  private async open(): Promise<pg.PoolClient> {
    const client = await this.connect();
    client.on('error', ignore);
    return client;
  }

  /** Leaves the connection to the pool, which ends it when it stays idle or is broken. */
  private close(line: Line): void {
    this.line = null;
    line.client.then(
      (client) => {
        client.off('error', ignore);
        client.release();
      },
      () => undefined,
    );
  }
}

/** Each statement is told of it as well. */
function ignore(): void {
  // Without a listener it would end the process.
}
