import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { atMost } from '../database/at-most.js';
import { Database, type Server } from '../database/database.js';
import { ChangesStore, type StoredChange, type Stretch } from './changes.store.js';
import { News, type Silence } from './news.js';
import { type CommittedBatch, OwnChanges } from './own-changes.js';
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
// At the end of the process.
const STOP_MS = 1_000;

/**
 * The log of changes, followed: what this process commits is told at once, and one reader per process looks for
 * what others have. The latest are kept in memory for everybody who waits for them. It looks only while
 * somebody follows.
 */
@Injectable()
export class Feed implements OnModuleDestroy {
  private readonly logger = new Logger('Feed');
  private readonly recent = new RecentChanges();
  private readonly late = new Turnstile(MAX_LATE_READERS);
  private readonly listener;
  private followers = 0;
  private tailing: Promise<void> | null = null;
  private readonly own = new OwnChanges();
  private readonly news = new News();
  private hint: () => void = () => undefined;
  private hinted = false;
  /** The last `seq` that a notification named, and the last that was there to be read. */
  private announced = 0;
  private shown = 0;
  private catchUpMs = FIRST_CATCH_UP_MS;
  /** When the database is asked whether something was committed of which nobody has told. */
  private nextReadAt = 0;
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
      if (this.isDue) this.hint();
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

  /** See `News.next`. */
  next(groupId: string | null): Promise<Silence> {
    return this.news.next(groupId, this.recent.head);
  }

  /** Tells of what this process has committed, to be called in the order of the commits. */
  tell(batch: CommittedBatch): void {
    // A replica shows it later, and whoever is told will read there.
    if (this.tailing === null || this.database.nearest() === 'replica') return;
    this.own.add(batch);
    this.hint();
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
      const stretch = await this.upToHead((from) =>
        this.store.stretch(after, limit, groupId, from),
      );
      const restMs = REST_FACTOR * (performance.now() - started);
      await sleep(Math.min(restMs, MAX_REST_MS));
      return stretch;
    });
  }

  /** A stretch of the replica, unless that is behind what others were already told of. */
  private async upToHead(read: (from: Server) => Promise<Stretch>): Promise<Stretch> {
    const { head } = this.recent;
    const from = this.database.nearest();
    const stretch = await read(from);
    return from === 'primary' || stretch.latest >= (head ?? 0) ? stretch : read('primary');
  }

  // Before the HTTP server drains, which waits for every answer that is still open.
  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    this.hint();
    this.wakeAll();
    await atMost(STOP_MS, Promise.all([this.listener.stop(), this.tailing]));
  }

  private async tail(): Promise<void> {
    const beat = setInterval(() => {
      this.heartbeats += 1;
      this.wakeAll();
    }, this.settings.feedHeartbeatSeconds * 1000);
    beat.unref();
    while (this.followers > 0 && !this.stopped) {
      try {
        this.tellOwn();
        const isMore = this.isDue && (await this.advance());
        await (isMore ? sleep(0) : this.untilHint());
      } catch (error) {
        this.logger.warn({ msg: 'the changes cannot be read', err: error });
        await sleep(AFTER_ERROR_MS);
      }
    }
    clearInterval(beat);
    this.recent.forget();
    this.own.forget();
    this.tailing = null;
    if (this.followers > 0 && !this.stopped) this.tailing = this.tail();
  }

  /** Whether the database is to be asked: something was announced that is not here, or may have been. */
  private get isDue(): boolean {
    const { head } = this.recent;
    if (head === null || performance.now() >= this.nextReadAt) return true;
    return this.hinted && this.announced > head;
  }

  private tellOwn(): void {
    const { head } = this.recent;
    if (head === null || this.own.isEmpty) return;
    const run = this.own.takeAfter(head);
    if (run) this.append(run.changes, run.upTo);
    else this.nextReadAt = 0;
  }

  /** @returns whether there is more at once. */
  private async advance(): Promise<boolean> {
    this.hinted = false;
    const { head } = this.recent;
    const stretch = await this.store.stretch(
      head ?? Number.MAX_SAFE_INTEGER,
      TAIL_BATCH,
      null,
      this.database.nearest(),
    );
    this.shown = stretch.latest;
    this.nextReadAt = performance.now() + this.pauseMs();
    // A replica that is late may still show the epoch before.
    const isAnew = head === null || (this.recent.isOtherEpoch(stretch) && stretch.latest > head);
    if (isAnew) {
      this.own.forget();
      this.recent.begin(stretch);
      // Those who wait have looked at a time before.
      this.news.wakeAll(0);
      return false;
    }
    this.recent.raiseFloor(stretch.floor);
    const isFull = stretch.isCut || stretch.changes.length === TAIL_BATCH;
    const last = stretch.changes.at(-1);
    this.append(stretch.changes, isFull && last ? last.seq : stretch.latest);
    return isFull;
  }

  private append(changes: readonly StoredChange[], upTo: number): void {
    const before = this.recent.head ?? 0;
    const groupIds = this.recent.append(changes, upTo);
    if (groupIds.size > 0) this.news.tell(groupIds, before);
  }

  /** How long nothing new may stay unseen. */
  private pauseMs(): number {
    const pollMs = POLL_MS[this.settings.feedNotify];
    if (this.shown >= this.announced) return pollMs;
    this.catchUpMs *= 2;
    return Math.min(this.catchUpMs, pollMs);
  }

  private async untilHint(): Promise<void> {
    await sleep(Math.min(GATHER_MS + this.followers * GATHER_MS_PER_FOLLOWER, MAX_GATHER_MS));
    if (!this.own.isEmpty || this.isDue || this.stopped || this.followers === 0) return;
    await new Promise<void>((resolve) => {
      const timeout = setTimeout(resolve, this.nextReadAt - performance.now());
      this.hint = () => {
        clearTimeout(timeout);
        resolve();
      };
    });
  }

  private wakeAll(): void {
    this.news.wakeAll(this.recent.head ?? 0);
  }
}
