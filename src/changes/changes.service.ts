import { Injectable } from '@nestjs/common';
import { type ChangesQuery, leadsOn, nextAfter, requireKept, startOf } from './changes-query.js';
import { ChangesRepository, type LogPage, type LogRange } from './changes.repository.js';
import { Feed } from './feed.js';
import { advance } from './change-signal.js';
import { patience } from './patience.js';

/** Answers of the feed to a request that is answered once, at once or after a wait. */
@Injectable()
export class ChangesService {
  constructor(
    private readonly store: ChangesRepository,
    private readonly feed: Feed,
  ) {}

  /**
   * The changes after a cursor as JSON; where there are none yet, waits for the first.
   * @param gone ends the wait when the client has disconnected
   * @throws Problem 410 where the cursor does not lead on without a hole.
   */
  async changes(query: ChangesQuery, gone: AbortSignal): Promise<string> {
    const { limit, groupId, waitMs } = query;
    // Not from the memory of the feed: a request after a commit must see it.
    let page = await this.page(query.after, { after: query.after ?? 0, limit, groupId });
    const after = startOf(query.after, page);
    if (page.changes.length === 0 && waitMs > 0) {
      page = await this.first({ ...query, after: nextAfter(after, limit, page) }, gone);
    }
    const data = page.changes.map(({ json }) => json).join(',');
    return `{"data":[${data}],"nextAfter":${nextAfter(after, limit, page)}}`;
  }

  /** @throws Problem 410, like `changes`. */
  async start(after: number | null): Promise<number> {
    const end = { after: Number.MAX_SAFE_INTEGER, limit: 1, groupId: null };
    const page = await this.page(after, end);
    return startOf(after, page);
  }

  /** A cursor that leads nowhere on a replica may lead on from the primary. */
  private page(cursor: number | null, wanted: LogRange): Promise<LogPage> {
    return this.store.page(wanted, (page) => !leadsOn(cursor, page));
  }

  private async first(
    { after, limit, groupId, waitMs }: ChangesQuery & { after: number },
    gone: AbortSignal,
  ): Promise<LogPage> {
    const follower = this.feed.subscribe();
    const { over, isOver, clear } = patience(waitMs, gone);
    try {
      for (let seen = after; ;) {
        const news = this.feed.next(groupId);
        const page = await this.feed.read(seen, limit, groupId);
        requireKept(seen, page);
        if (page.changes.length > 0 || isOver() || this.feed.isStopped) return page;
        seen = nextAfter(seen, limit, page);
        const silence = await Promise.race([news, over]);
        if (silence) seen = advance(silence, seen);
      }
    } finally {
      clear();
      follower.leave();
    }
  }
}
