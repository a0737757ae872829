import { Logger } from '@nestjs/common';
import { isUnreachable } from './errors.js';
import { pause } from './pause.js';

const RETRY_MS = 500;

/**
 * Prepares the database at the start or, without an answer then, as soon as a server answers: its schema is checked or
 * migrated.
 */
export class DatabaseStartup {
  /**
   * `true` once the database may be used, `false` after `stop`; rejects with a failure that waiting does not resolve.
   */
  readonly done: Promise<boolean>;

  private readonly logger = new Logger('Database');
  private readonly stopping = new AbortController();
  private isOver = false;

  private constructor(
    private readonly prepare: () => Promise<void>,
    /** Why no server could be prepared at the start. */
    readonly obstacle: unknown,
  ) {
    if (obstacle === null) {
      this.isOver = true;
      this.done = Promise.resolve(true);
    } else {
      this.done = this.repeat();
      // Handled where `done` is awaited; an unhandled rejection would end the process.
      this.done.catch(() => undefined);
    }
  }

  /** @throws a failure that waiting does not resolve. */
  static async begin(prepare: () => Promise<void>): Promise<DatabaseStartup> {
    try {
      await prepare();
      return new DatabaseStartup(prepare, null);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      return new DatabaseStartup(prepare, error);
    }
  }

  get isDone(): boolean {
    return this.isOver;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.done.catch(() => undefined);
  }

  private async repeat(): Promise<boolean> {
    const { signal } = this.stopping;
    let isLogged = false;
    for (;;) {
      await pause(RETRY_MS, signal);
      if (signal.aborted) return false;
      try {
        await this.prepare();
        this.isOver = true;
        this.logger.log('PostgreSQL answers, and its schema is current');
        return true;
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        if (!isLogged) {
          this.logger.error({
            msg: 'PostgreSQL does not answer, retrying until it does',
            err: error,
          });
        }
        isLogged = true;
      }
    }
  }
}
