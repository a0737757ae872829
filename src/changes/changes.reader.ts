import { Injectable } from '@nestjs/common';
import { type ChangesQuery, leadsOn, nextAfter, requireKept, startOf } from './changes-query.js';
import { Database, type Server } from '../database/database.js';
import { ChangesStore, type Stretch } from './changes.store.js';
import { Feed } from './feed.js';
import { pass } from './news.js';

/** Answers of the feed to a request that is answered once, at once or after a wait. */
@Injectable()
export class ChangesReader {
  constructor(
    private readonly store: ChangesStore,
    private readonly feed: Feed,
    private readonly database: Database,
  ) {}

  /**
   * The changes after a cursor as JSON; where there are none yet, waits for the first.
   * @param gone ends the wait when the asker has gone
   * @throws Problem 410 where the cursor does not lead on without a hole.
   */
  async changes(query: ChangesQuery, gone: AbortSignal): Promise<string> {
    const { limit, groupId, waitMs } = query;
    // The database and not the memory of the feed: whoever asks after a commit must see it.
    let stretch = await this.surely(query.after, (from) =>
      this.store.stretch(query.after ?? 0, limit, groupId, from),
    );
    const after = startOf(query.after, stretch);
    if (stretch.changes.length === 0 && waitMs > 0) {
      stretch = await this.first({ ...query, after: nextAfter(after, limit, stretch) }, gone);
    }
    const data = stretch.changes.map(({ json }) => json).join(',');
    return `{"data":[${data}],"nextAfter":${nextAfter(after, limit, stretch)}}`;
  }

  /** @throws Problem 410, like `changes`. */
  async start(after: number | null): Promise<number> {
    const stretch = await this.surely(after, (from) =>
      this.store.stretch(Number.MAX_SAFE_INTEGER, 1, null, from),
    );
    return startOf(after, stretch);
  }

  /** A stretch of the replica, but for a cursor that leads nowhere there: it may only be late. */
  private async surely(
    after: number | null,
    read: (from: Server) => Promise<Stretch>,
  ): Promise<Stretch> {
    const from = this.database.nearest();
    const stretch = await read(from);
    return from === 'primary' || leadsOn(after, stretch) ? stretch : read('primary');
  }

  private async first(
    { after, limit, groupId, waitMs }: ChangesQuery & { after: number },
    gone: AbortSignal,
  ): Promise<Stretch> {
    const follower = this.feed.follow();
    const { over, isOver, clear } = patience(waitMs, gone);
    try {
      for (let seen = after; ;) {
        const news = this.feed.next(groupId);
        const stretch = await this.feed.read(seen, limit, groupId);
        requireKept(seen, stretch);
        if (stretch.changes.length > 0 || isOver() || this.feed.isStopped) return stretch;
        seen = nextAfter(seen, limit, stretch);
        const silence = await Promise.race([news, over]);
        if (silence) seen = pass(silence, seen);
      }
    } finally {
      clear();
      follower.leave();
    }
  }
}

// Not AbortSignal.any and AbortSignal.timeout: Node 20 may collect them before they fire.
function patience(ms: number, gone: AbortSignal) {
  let isOver = false;
  let end: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    end = () => {
      isOver = true;
      resolve();
    };
  });
  const timer = setTimeout(end, ms);
  gone.addEventListener('abort', end, { once: true });
  return { over, isOver: () => isOver, clear: () => clearTimeout(timer) };
}
