import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { VendorAlarmError } from '../tencent/errors.js';
import { ListingStore } from './listing.store.js';
import { VisitsStore } from './visits.store.js';
import { Walk } from './walk.js';

export interface BackfillProgress {
  readonly done: number;
  /** Groups of the app, as far as they are known. */
  readonly total: number;
}

export interface BackfillResult {
  /** Whether it went on with one that did not end. */
  readonly isResumed: boolean;
  /** Groups and topics that this process compared. */
  readonly groups: number;
  readonly topics: number;
  /** Groups of which no answer could be relied on; the service asks for them again. */
  readonly untold: number;
  /** Changes by kind. */
  readonly changes: Readonly<Record<string, number>>;
}

const POLL_MS = 500;
// A question is dated a little before it is asked, and clocks differ a little.
const MARGIN_MS = 2_000;

/** Mirrors an app that existed before the mirror did: one walk over all of its communities. */
@Injectable()
export class Backfill {
  constructor(
    private readonly walk: Walk,
    private readonly listing: ListingStore,
    private readonly visits: VisitsStore,
  ) {}

  /**
   * Resolves when every community was asked for since the backfill began, by whatever process. One
   * that was killed is gone on with.
   * @throws VendorAlarmError when no call can work until a setting is mended.
   */
  async run(onProgress: (progress: BackfillProgress) => void): Promise<BackfillResult> {
    const { startedAt, isResumed } = await this.listing.beginBackfill();
    const askedBefore = new Date(startedAt.getTime() - MARGIN_MS);
    const counted = { groups: 0, topics: 0, changes: {} as Record<string, number> };
    const stop = new AbortController();
    let alarm: VendorAlarmError | null = null;
    const walking = this.walk.run({
      askedBefore: () => askedBefore,
      signal: stop.signal,
      onAlarm: (error) => (alarm = error),
      onLook: (look, kinds) => {
        if (look.kind === 'untold') return;
        counted.groups += 1;
        counted.topics += look.verification.topics.length;
        for (const kind of kinds) counted.changes[kind] = (counted.changes[kind] ?? 0) + 1;
      },
    });
    try {
      for (;;) {
        if (alarm !== null) throw alarm;
        // First the list: once it is finished, all of its groups are planned.
        const { finishedAt, total } = await this.listing.state();
        const { known, done, untold } = await this.visits.progress(askedBefore);
        const isListed = finishedAt !== null && finishedAt >= startedAt;
        onProgress({ done, total: isListed ? known : Math.max(known, total ?? 0) });
        if (isListed && done + untold >= known) {
          await this.listing.endBackfill();
          return { ...counted, isResumed, untold };
        }
        await sleep(POLL_MS);
      }
    } finally {
      stop.abort();
      await walking;
    }
  }
}
