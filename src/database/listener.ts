import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import pg from 'pg';
import { pause } from './pause.js';

const CONNECT_TIMEOUT_MS = 2_000;
const HEARTBEAT_MS = 30_000;
const HEARTBEAT_TIMEOUT_MS = 5_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * LISTEN on a connection of its own, renewed with growing pauses whenever it breaks. Notifications in between are lost:
 * they are only hints to poll earlier.
 */
export class Listener {
  private readonly logger = new Logger('Database');
  private readonly stopping = new AbortController();
  private running: Promise<void> | null = null;

  constructor(
    private readonly options: {
      readonly url: string;
      readonly channel: string;
      /** Receives the payload of a notification; an empty text after each connect. */
      readonly onHint: (payload: string) => void;
    },
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        await this.listen(() => (pauseMs = FIRST_PAUSE_MS));
      } catch (error) {
        if (signal.aborted) return;
        this.logger.warn({ msg: `not listening, again in ${pauseMs} ms`, err: error });
      }
      await pause(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Listens until the connection breaks or everything stops. */
  private async listen(onConnected: () => void): Promise<void> {
    const { signal } = this.stopping;
    const client = new pg.Client({
      connectionString: this.options.url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: HEARTBEAT_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'topic-mirror listen',
    });
    const broken = once(client, 'end', { signal });
    // `end` or the heartbeat report it; an unhandled 'error' would end the process.
    broken.catch(() => undefined);
    client.on('error', () => undefined);
    client.on('notification', ({ payload }) => this.options.onHint(payload ?? ''));
    try {
      await client.connect();
      await client.query(`listen ${client.escapeIdentifier(this.options.channel)}`);
      onConnected();
      // Notifications may have been lost before.
      this.options.onHint('');
      while (!signal.aborted) {
        const beat = sleep(HEARTBEAT_MS, 'beat', { signal });
        if ((await Promise.race([beat, broken])) !== 'beat') throw new Error('connection ended');
        await client.query('select 1');
      }
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
