import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import { nextAfter } from './changes-query.js';
import type { LogPage } from './changes.repository.js';
import type { Feed } from './feed.js';
import { advance, type UnchangedRange } from './change-signal.js';

const RETRY_MS = 2_000;
// What is sent at once, and so waits for a slow reader besides the buffers of its socket.
const MAX_BATCH = 100;
const MAX_BATCH_CHARACTERS = 64 * 1024;
const AFTER_ERROR_MS = 1_000;
// A stream that has ended its answer gets so long to take it.
const PARTING_MS = 2_000;
// Streams are spread anew over the processes now and then; the spread keeps them from coming at once.
const MAX_AGE_MS = 60 * 60 * 1000;

/** Why a stream ended: `client` is the reader's own doing. */
export type EndReason = 'client' | 'slow_reader' | 'max_age' | 'changes_gone' | 'draining';

export interface StreamOptions {
  readonly after: number;
  readonly groupId: string | null;
  /** A reader that has not taken what it was sent for so long is cut. */
  readonly slowMs: number;
}

/**
 * One reader of the feed over server-sent events (HTML, 9.2). It is read for as fast as it takes what
 * it was sent, so it costs one batch of memory, however slow it is.
 */
export class EventStream {
  private isClosed = false;
  private isStopped = false;
  /** Ends whatever is waited for. */
  private giveUp: () => void = () => undefined;
  private after: number;
  private sentId: number;

  constructor(
    private readonly response: ServerResponse,
    private readonly feed: Feed,
    private readonly options: StreamOptions,
  ) {
    this.after = options.after;
    this.sentId = options.after;
    response.once('close', () => {
      this.isClosed = true;
      this.giveUp();
    });
  }

  /** Ends the stream soon, even while its reader takes nothing. */
  stop(): void {
    this.isStopped = true;
    this.giveUp();
  }

  /** Serves until the reader goes, or is sent away. */
  async serve(): Promise<EndReason> {
    const bestBefore = performance.now() + MAX_AGE_MS * (0.9 + 0.2 * Math.random());
    const follower = this.feed.subscribe();
    let heartbeat = this.feed.heartbeat;
    try {
      let isTaken = await this.write(`retry: ${RETRY_MS}\n\n`);
      while (isTaken) {
        const news = this.feed.next(this.options.groupId);
        const sent = await this.sendNext();
        if (this.isClosed) return 'client';
        if (sent === 'changes_gone') return this.part('changes_gone');
        if (this.isStopped) return this.part('draining');
        if (performance.now() > bestBefore) return this.part('max_age');
        if (sent === 'nothing') await this.idle(news);
        if (this.isClosed) return 'client';
        if (sent === 'not_taken') isTaken = false;
        else if (this.feed.heartbeat !== heartbeat) {
          heartbeat = this.feed.heartbeat;
          isTaken = await this.write(this.beat());
        }
      }
      if (this.isClosed) return 'client';
      return this.part(this.isStopped ? 'draining' : 'slow_reader');
    } finally {
      follower.leave();
    }
  }

  private async sendNext(): Promise<'some' | 'nothing' | 'unread' | 'not_taken' | 'changes_gone'> {
    const { groupId } = this.options;
    const page = await this.feed.read(this.after, MAX_BATCH, groupId).catch(() => null);
    if (page === null) {
      // The database is away: the feed is late, not wrong.
      await sleep(AFTER_ERROR_MS);
      return 'unread';
    }
    if (this.after < page.floor) return 'changes_gone';
    if (page.changes.length === 0) {
      this.after = nextAfter(this.after, MAX_BATCH, page);
      return 'nothing';
    }
    const { bytes, last, isAll } = eventsOf(page);
    this.sentId = last;
    this.after = isAll ? nextAfter(this.after, MAX_BATCH, page) : last;
    return (await this.write(bytes)) ? 'some' : 'not_taken';
  }

  /** Waits for news; what lies before them need not be looked at. */
  private idle(news: Promise<UnchangedRange>): Promise<void> {
    return new Promise((resolve) => {
      this.giveUp = resolve;
      void news.then((silence) => {
        this.after = advance(silence, this.after);
        resolve();
      });
      if (this.isStopped) resolve();
    });
  }

  /** A comment, and the cursor where changes of other groups have moved it on. */
  private beat(): string {
    if (this.sentId === this.after) return ': heartbeat\n\n';
    this.sentId = this.after;
    return `: heartbeat\nid: ${this.after}\n\n`;
  }

  /**
   * Writes, and waits until the reader has taken it.
   * @returns `false` when it went, or took nothing for too long.
   */
  private async write(text: string | Buffer): Promise<boolean> {
    if (this.isClosed) return false;
    if (this.response.write(text)) return true;
    return new Promise((resolve) => {
      const settle = (isTaken: boolean): void => {
        clearTimeout(timer);
        this.response.off('drain', taken);
        this.giveUp = () => undefined;
        resolve(isTaken);
      };
      const taken = (): void => settle(true);
      this.giveUp = () => settle(false);
      const timer = setTimeout(this.giveUp, this.options.slowMs);
      this.response.once('drain', taken);
      if (this.isStopped) this.giveUp();
    });
  }

  /** Sends the reason and closes the connection. */
  private part(reason: EndReason): EndReason {
    this.response.end(`event: end\ndata: ${JSON.stringify({ reason })}\n\n`);
    setTimeout(() => this.response.destroy(), PARTING_MS).unref();
    return reason;
  }
}

interface Events {
  readonly bytes: Buffer;
  /** The `seq` of the last event. */
  readonly last: number;
  /** Whether all of the page is in. */
  readonly isAll: boolean;
}

// Subscribers that are not behind get the same page.
const composed = new WeakMap<LogPage, Events>();

/** The events of as many changes as may be sent at once, of one at least. */
function eventsOf(page: LogPage): Events {
  const found = composed.get(page);
  if (found) return found;
  let text = '';
  let last = 0;
  let isAll = true;
  for (const { seq, json } of page.changes) {
    isAll = text === '' || text.length + json.length <= MAX_BATCH_CHARACTERS;
    if (!isAll) break;
    text += `id: ${seq}\ndata: ${json}\n\n`;
    last = seq;
  }
  const events = { bytes: Buffer.from(text), last, isAll };
  composed.set(page, events);
  return events;
}
