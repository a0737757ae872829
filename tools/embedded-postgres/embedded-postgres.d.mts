/** A running server and the right to use it. */
export interface Lease {
  /** `postgresql://` URL of its database `topic_mirror`, on the loopback. */
  readonly url: string;
  /** Resolves when the server has stopped, if this was the last lease, else at once. */
  readonly release: () => Promise<void>;
}

/** The embedded server cannot be used; the message names the next step. */
export class EmbeddedPostgresError extends Error {
  readonly code: string;
}

/**
 * Makes sure that the PostgreSQL of a data directory runs. Processes that ask for the same
 * directory share one server.
 * @throws EmbeddedPostgresError
 */
export function acquireServer(options: { dataDir: string }): Promise<Lease>;
