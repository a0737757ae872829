import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Feed } from '../changes/feed.js';
import { patience } from '../changes/patience.js';
import { Semaphore } from '../changes/semaphore.js';
import { Settings } from '../config/settings.js';
import { OpenShares, tooMany } from '../http/open-shares.js';
import { JournalSignal } from '../journal/journal-signal.js';
import type { CallbacksAfterQuery } from './callbacks-query.js';
import { type CallbackPage, CallbacksRepository } from './callbacks.repository.js';

/** Who waits. */
export interface Poller {
  readonly apiKey: string | undefined;
  /** Ends the wait when the client has gone. */
  readonly gone: AbortSignal;
}

// How long an entry of another process can stay unseen that changed nothing: of a change the feed is notified.
const POLL_MS = 1_000;
// The writers need the database too.
const MAX_READERS = 2;

/** Reads the journal in the order of commits, and waits for the first entry where there is none. */
@Injectable()
export class JournalTail implements OnModuleDestroy {
  private readonly readers = new Semaphore(MAX_READERS);
  private readonly shares: OpenShares;
  /** Reads of those who wait for the same. */
  private readonly reading = new Map<string, Promise<CallbackPage>>();
  private waiting = 0;
  private polling: NodeJS.Timeout | undefined;
  private following: Promise<void> | null = null;
  private isStopped = false;

  constructor(
    private readonly store: CallbacksRepository,
    private readonly signal: JournalSignal,
    private readonly feed: Feed,
    settings: Settings,
  ) {
    this.shares = new OpenShares(settings);
  }

  /**
   * The first page after a position that is not empty, or the last that was read in time.
   * @param check throws where a page does not continue the one before
   * @throws Problem 503 when no more waiting requests are taken here, 429 when no more of this key.
   */
  async first(
    query: CallbacksAfterQuery,
    { apiKey, gone }: Poller,
    check: (page: CallbackPage) => void,
  ): Promise<CallbackPage> {
    if (query.waitMs === 0) return checked(await this.store.after(query), check);
    const refusal = this.isStopped ? tooMany() : this.shares.refusal(apiKey);
    if (refusal !== null) throw refusal;
    const leave = this.enter(apiKey);
    const { over, isOver, clear } = patience(query.waitMs, gone);
    try {
      for (let after = query.after; ;) {
        const news = this.signal.next();
        const page = checked(await this.read({ ...query, after }), check);
        if (page.callbacks.length > 0 || isOver() || this.isStopped) return page;
        after = page.last ?? page.head;
        if (page.last === null) await Promise.race([news, over]);
      }
    } finally {
      clear();
      leave();
    }
  }

  // Before the HTTP server drains, which waits for every answer that is still open.
  onModuleDestroy(): void {
    this.isStopped = true;
    this.signal.emitNow();
  }

  private enter(apiKey: string | undefined): () => void {
    const release = this.shares.take(apiKey);
    const follower = this.feed.subscribe();
    this.waiting += 1;
    this.polling ??= setInterval(() => this.signal.emitNow(), POLL_MS);
    this.following ??= this.follow();
    return () => {
      release();
      follower.leave();
      this.waiting -= 1;
      if (this.waiting > 0) return;
      clearInterval(this.polling);
      this.polling = undefined;
    };
  }

  /** Commits of other processes. */
  private async follow(): Promise<void> {
    while (this.waiting > 0) {
      await this.feed.next(null);
      this.signal.emit();
    }
    this.following = null;
  }

  private read(query: CallbacksAfterQuery): Promise<CallbackPage> {
    const { limit, filters, after } = query;
    const key = JSON.stringify([limit, filters, after]);
    const found = this.reading.get(key);
    if (found) return found;
    const page = this.readers
      .run(() => this.store.after(query))
      .finally(() => this.reading.delete(key));
    this.reading.set(key, page);
    return page;
  }
}

function checked(page: CallbackPage, check: (page: CallbackPage) => void): CallbackPage {
  check(page);
  return page;
}
