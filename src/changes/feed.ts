import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { atMost } from '../database/at-most.js';
import { Database } from '../database/database.js';
import { ChangesRepository, type StoredChange, type LogPage } from './changes.repository.js';
import { CHANNEL, FORGET } from './channel.js';
import { ChangeSignal, type UnchangedRange } from './change-signal.js';
import { type CommittedBatch, OwnChanges } from './own-changes.js';
import { RecentChanges } from './recent-changes.js';
import { Semaphore } from './semaphore.js';

// How long a change can stay unseen: with notifications only when one was lost.
const POLL_MS = { on: 1_000, off: 200 } as const;
// Commits follow each other in milliseconds: those of one moment are published together. Publishing takes longer with
// more subscribers, and the writers share the processor.
const GATHER_MS = 20;
const GATHER_MS_PER_SUBSCRIBER = 0.5;
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
 * Publishes the log of changes: commits of this process at once, those of others by one reader per process. The latest
 * changes stay in memory for all subscribers. It reads only while there are subscribers.
 */
@Injectable()
export class Feed implements OnModuleDestroy {
  private readonly logger = new Logger('Feed');
  private readonly recent = new RecentChanges();
  private readonly late = new Semaphore(MAX_LATE_READERS);
  private readonly listener;
  private subscribers = 0;
  private tailing: Promise<void> | null = null;
  private readonly own = new OwnChanges();
  private readonly signal = new ChangeSignal();
  private wake: () => void = () => undefined;
  private isNotified = false;
  /** Whether changes in memory may differ from the log. */
  private isRewritten = false;
  /** The last `seq` that a notification named, and the last that was there to be read. */
  private announced = 0;
  private shown = 0;
  private catchUpMs = FIRST_CATCH_UP_MS;
  /** When the next poll is due. */
  private nextReadAt = 0;
  private stopped = false;
  /** Rises with every heartbeat. */
  private heartbeats = 0;

  constructor(
    private readonly store: ChangesRepository,
    private readonly settings: Settings,
    private readonly database: Database,
  ) {
    this.listener = database.listener(CHANNEL, (payload) => {
      this.isRewritten ||= payload === FORGET;
      this.announced = Math.max(this.announced, Number(payload) || 0);
      this.catchUpMs = FIRST_CATCH_UP_MS;
      this.isNotified = true;
      if (this.isDue) this.wake();
    });
  }

  get isStopped(): boolean {
    return this.stopped;
  }

  /** How many follow the log now. */
  get readers(): number {
    return this.subscribers;
  }

  get heartbeat(): number {
    return this.heartbeats;
  }

  /** Follows the log until `leave` is called. */
  subscribe(): { leave: () => void } {
    this.subscribers += 1;
    if (this.settings.feedNotify === 'on') this.listener.start();
    this.tailing ??= this.tail();
    return {
      leave: () => {
        this.subscribers -= 1;
        if (this.subscribers === 0) this.wake();
      },
    };
  }

  /** See `ChangeSignal.next`. */
  next(groupId: string | null): Promise<UnchangedRange> {
    return this.signal.next(groupId, this.recent.head);
  }

  /** Publishes a commit of this process; in the order of the commits. */
  publish(batch: CommittedBatch): void {
    // A replica has it later, and subscribers read there.
    if (this.tailing === null || this.database.nearest !== this.database.primary) return;
    this.own.add(batch);
    this.wake();
  }

  /**
   * The first changes after `after`, of all groups or of one. A follower reads from memory as long
   * as it keeps up.
   */
  async read(after: number, limit: number, groupId: string | null): Promise<LogPage> {
    const kept = this.recent.read(after, limit, groupId);
    if (kept !== null) return kept;
    return this.late.run(async () => {
      const started = performance.now();
      const { head } = this.recent;
      // A replica may be behind what was published.
      const page = await this.store.page(
        { after, limit, groupId },
        ({ latest }) => latest < (head ?? 0),
      );
      const restMs = REST_FACTOR * (performance.now() - started);
      await sleep(Math.min(restMs, MAX_REST_MS));
      return page;
    });
  }

  // Before the HTTP server drains, which waits for every answer that is still open.
  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    this.wake();
    this.wakeAll();
    await atMost(STOP_MS, Promise.all([this.listener.stop(), this.tailing]));
  }

  private async tail(): Promise<void> {
    const beat = setInterval(() => {
      this.heartbeats += 1;
      this.wakeAll();
    }, this.settings.feedHeartbeatSeconds * 1000);
    beat.unref();
    while (this.subscribers > 0 && !this.stopped) {
      try {
        this.publishOwn();
        const isMore = this.isDue && (await this.advance());
        await (isMore ? sleep(0) : this.untilWoken());
      } catch (error) {
        this.logger.warn({ msg: 'the changes cannot be read', err: error });
        await sleep(AFTER_ERROR_MS);
      }
    }
    clearInterval(beat);
    this.recent.forget();
    this.own.forget();
    this.tailing = null;
    if (this.subscribers > 0 && !this.stopped) this.tailing = this.tail();
  }

  /** Whether to read: something was announced that is not here, or may have been. */
  private get isDue(): boolean {
    const { head } = this.recent;
    if (head === null || this.isRewritten || performance.now() >= this.nextReadAt) return true;
    return this.isNotified && this.announced > head;
  }

  private publishOwn(): void {
    const { head } = this.recent;
    if (head === null || this.own.isEmpty) return;
    const run = this.own.takeAfter(head);
    if (run) this.append(run.changes, run.upTo);
    else this.nextReadAt = 0;
  }

  /** @returns whether there is more at once. */
  private async advance(): Promise<boolean> {
    this.isNotified = false;
    if (this.isRewritten) this.recent.forget();
    this.isRewritten = false;
    const { head } = this.recent;
    const page = await this.store.page(
      { after: head ?? Number.MAX_SAFE_INTEGER, limit: TAIL_BATCH, groupId: null },
      // Read again soon.
      () => false,
    );
    this.shown = page.latest;
    this.nextReadAt = performance.now() + this.pauseMs();
    // A replica that is late may still show the epoch before.
    const isAnew = head === null || (this.recent.isOtherEpoch(page) && page.latest > head);
    if (isAnew) {
      this.own.forget();
      this.recent.begin(page);
      // Those who wait have looked at a time before.
      this.signal.emitAll(0);
      return false;
    }
    this.recent.raiseFloor(page.floor);
    const isFull = page.isCut || page.changes.length === TAIL_BATCH;
    const last = page.changes.at(-1);
    this.append(page.changes, isFull && last ? last.seq : page.latest);
    return isFull;
  }

  private append(changes: readonly StoredChange[], upTo: number): void {
    const before = this.recent.head ?? 0;
    const groupIds = this.recent.append(changes, upTo);
    if (groupIds.size > 0) this.signal.emit(groupIds, before);
  }

  /** How long nothing new may stay unseen. */
  private pauseMs(): number {
    const pollMs = POLL_MS[this.settings.feedNotify];
    if (this.shown >= this.announced) return pollMs;
    this.catchUpMs *= 2;
    return Math.min(this.catchUpMs, pollMs);
  }

  private async untilWoken(): Promise<void> {
    await sleep(Math.min(GATHER_MS + this.subscribers * GATHER_MS_PER_SUBSCRIBER, MAX_GATHER_MS));
    if (!this.own.isEmpty || this.isDue || this.stopped || this.subscribers === 0) return;
    await new Promise<void>((resolve) => {
      const timeout = setTimeout(resolve, this.nextReadAt - performance.now());
      this.wake = () => {
        clearTimeout(timeout);
        resolve();
      };
    });
  }

  private wakeAll(): void {
    this.signal.emitAll(this.recent.head ?? 0);
  }
}
