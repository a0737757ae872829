import { Injectable } from '@nestjs/common';
import type { Server } from '../database/database.js';
import { ChangesStore, type HistoryPage } from './changes.store.js';

/**
 * What became of a topic up to an instant: its fields then, that it was not known then, or that the
 * log does not reach back so far.
 */
export type Past =
  | { readonly kind: 'known'; readonly topic: Readonly<Record<string, unknown>> }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'forgotten' };

/** The log of changes as the history of single topics. */
@Injectable()
export class History {
  constructor(private readonly store: ChangesStore) {}

  /** At most `limit` changes of a topic before a `seq` (`null`: up to now), newest first, as JSON. */
  changes(
    groupId: string,
    topicId: string,
    page: { readonly before: number | null; readonly limit: number },
    from: Server,
  ): Promise<HistoryPage> {
    return this.store.history(groupId, topicId, page, from);
  }

  /**
   * A topic as it was at an instant: as it is, with every change since then undone, newest first.
   * @param topic as it is now, with `seq` and `updatedAt`
   */
  async asOf(
    topic: Readonly<Record<string, unknown>> & {
      readonly groupId: string;
      readonly topicId: string;
      readonly updatedAt: string;
    },
    instant: Date,
  ): Promise<Past> {
    const limit = instant.toISOString();
    const changes = await this.store.since(topic.groupId, topic.topicId, instant);
    const past: Record<string, unknown> = { ...topic };
    for (const { seq, at, before } of changes) {
      // The last one before the instant only tells when the topic had last changed then.
      if (at <= limit) return { kind: 'known', topic: { ...past, seq, updatedAt: at } };
      Object.assign(past, before);
    }
    const first = changes.at(-1);
    if (first === undefined && topic.updatedAt <= limit) return { kind: 'known', topic };
    // Nothing was known before a creation, nor before the end of a topic nobody had heard of.
    const isFirstEver = first !== undefined && Object.keys(first.before).length === 0;
    return { kind: isFirstEver ? 'unknown' : 'forgotten' };
  }
}
