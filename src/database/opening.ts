import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { isUnreachable } from './errors.js';

const RETRY_MS = 500;

/**
 * The way to a database that may be used: its schema is checked, or brought, at the start or, where
 * no server answers then, as soon as one does.
 */
export class Opening {
  /**
   * `true` once the database may be used, `false` when that was given up by `stop`; rejects with
   * what no waiting mends.
   */
  readonly done: Promise<boolean>;

  private readonly logger = new Logger('Database');
  private readonly stopping = new AbortController();
  private isOver = false;

  private constructor(
    private readonly prepare: () => Promise<void>,
    /** Why there was nothing to prepare at the start. */
    readonly obstacle: unknown,
  ) {
    if (obstacle === null) {
      this.isOver = true;
      this.done = Promise.resolve(true);
    } else {
      this.done = this.repeat();
      // Told to whoever asks; an unheard rejection would end the process.
      this.done.catch(() => undefined);
    }
  }

  /** @throws what no waiting mends. */
  static async begin(prepare: () => Promise<void>): Promise<Opening> {
    try {
      await prepare();
      return new Opening(prepare, null);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      return new Opening(prepare, error);
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
    let isTold = false;
    for (;;) {
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return false;
      try {
        await this.prepare();
        this.isOver = true;
        this.logger.log('PostgreSQL answers, and its schema is current');
        return true;
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        if (!isTold) {
          this.logger.error({
            msg: 'PostgreSQL does not answer, it is asked until it does',
            err: error,
          });
        }
        isTold = true;
      }
    }
  }
}
