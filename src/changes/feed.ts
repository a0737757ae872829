import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { Database } from '../database/database.js';
import { ChangesStore, type Stretch } from './changes.store.js';
import { RecentChanges } from './recent-changes.js';
import { Turnstile } from './turnstile.js';

const CHANNEL = 'topic_mirror';
// How long a change can stay unseen: with notifications only when one was lost.
const POLL_MS = { on: 1_000, off: 200 } as const;
// Commits follow each other in milliseconds: those of one moment are told together. Telling takes the
// longer the more follow, and the writers share the processor.
const GATHER_MS = 20;
const GATHER_MS_PER_FOLLOWER = 0.5;
const MAX_GATHER_MS = 500;
const TAIL_BATCH = 1_000;
const AFTER_ERROR_MS = 1_000;
// A replica shows a change a little after it was announced: how soon that is looked for again, then
// twice as late each time.
const FIRST_CATCH_UP_MS = 5;
// Readers that have fallen behind read from the database one after the other, and for a part of the
// time alone: the writers need it too.
const MAX_LATE_READERS = 1;
const REST_FACTOR = 2;
const MAX_REST_MS = 200;

/**
 * The log of changes, followed: one reader per process looks for new changes and keeps the latest in
 * memory for everybody who waits for them. It looks only while somebody follows.
 */
@Injectable()
export class Feed implements OnModuleDestroy {
  private readonly logger = new Logger('Feed');
  private readonly recent = new RecentChanges();
  private readonly late = new Turnstile(MAX_LATE_READERS);
  private readonly listener;
  private followers = 0;
  private tailing: Promise<void> | null = null;
  private hinted = false;
  private hint: () => void = () => undefined;
  /** The last `seq` that a notification named, and the last that was there to be read. */
  private announced = 0;
  private shown = 0;
  private catchUpMs = FIRST_CATCH_UP_MS;
  private news = signal();
  private stopped = false;
  /** Rises with every heartbeat. */
  private heartbeats = 0;

  constructor(
    private readonly store: ChangesStore,
    private readonly settings: Settings,
    private readonly database: Database,
  ) {
    this.listener = database.listener(CHANNEL, (seq) => {
      this.announced = Math.max(this.announced, Number(seq) || 0);
      this.catchUpMs = FIRST_CATCH_UP_MS;
      this.hinted = true;
      this.hint();
    });
  }

  get isStopped(): boolean {
    return this.stopped;
  }

  /** How many follow the log now. */
  get readers(): number {
    return this.followers;
  }

  get heartbeat(): number {
    return this.heartbeats;
  }

  /** Follows the log until `leave` is called. */
  follow(): { leave: () => void } {
    this.followers += 1;
    if (this.settings.feedNotify === 'on') this.listener.start();
    this.tailing ??= this.tail();
    return {
      leave: () => {
        this.followers -= 1;
        if (this.followers === 0) this.hint();
      },
    };
  }

  /**
   * Resolves when there may be something new, at every heartbeat, and when the feed stops. Taken
   * before a read, it misses nothing that comes after.
   */
  next(): Promise<void> {
    return this.news.promise;
  }

  /**
   * The first changes after `after`, of all groups or of one. A follower reads from memory as long
   * as it keeps up.
   */
  async read(after: number, limit: number, groupId: string | null): Promise<Stretch> {
    const kept = this.recent.read(after, limit, groupId);
    if (kept !== null) return kept;
    return this.late.run(async () => {
      const started = performance.now();
      const stretch = await this.store.stretch(after, limit, groupId, this.database.nearest());
      const restMs = REST_FACTOR * (performance.now() - started);
      await sleep(Math.min(restMs, MAX_REST_MS));
      return stretch;
    });
  }

  // Before the HTTP server drains, which waits for every answer that is still open.
  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    this.hint();
    this.wake();
    await this.listener.stop();
    await this.tailing;
  }

  private async tail(): Promise<void> {
    const beat = setInterval(() => {
      this.heartbeats += 1;
      this.wake();
    }, this.settings.feedHeartbeatSeconds * 1000);
    beat.unref();
    while (this.followers > 0 && !this.stopped) {
      try {
        const isMore = await this.advance();
        await (isMore ? sleep(0) : this.untilHint(this.pauseMs()));
      } catch (error) {
        this.logger.warn({ msg: 'the changes cannot be read', err: error });
        await sleep(AFTER_ERROR_MS);
      }
    }
    clearInterval(beat);
    this.recent.forget();
    this.tailing = null;
    if (this.followers > 0 && !this.stopped) this.tailing = this.tail();
  }

  /** @returns whether there is more at once. */
  private async advance(): Promise<boolean> {
    this.hinted = false;
    const head = this.recent.head;
    const stretch = await this.store.stretch(
      head ?? Number.MAX_SAFE_INTEGER,
      TAIL_BATCH,
      null,
      this.database.nearest(),
    );
    this.shown = stretch.latest;
    if (head === null) this.recent.begin(stretch);
    else if (!this.recent.append(stretch)) return false;
    this.wake();
    return stretch.changes.length === TAIL_BATCH;
  }

  /** How long nothing new may stay unseen. */
  private pauseMs(): number {
    const pollMs = POLL_MS[this.settings.feedNotify];
    if (this.shown >= this.announced) return pollMs;
    this.catchUpMs *= 2;
    return Math.min(this.catchUpMs, pollMs);
  }

  private async untilHint(timeoutMs: number): Promise<void> {
    await sleep(Math.min(GATHER_MS + this.followers * GATHER_MS_PER_FOLLOWER, MAX_GATHER_MS));
    if (this.hinted || this.stopped || this.followers === 0) return;
    const timer = signal();
    const timeout = setTimeout(timer.resolve, timeoutMs);
    this.hint = timer.resolve;
    await timer.promise;
    clearTimeout(timeout);
  }

  private wake(): void {
    const { resolve } = this.news;
    this.news = signal();
    resolve();
  }
}

interface Signal {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function signal(): Signal {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
