import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { VendorAlarmError } from '../tencent/errors.js';
import { GroupListingRepository } from './group-listing.repository.js';
import { ReconcileQueueRepository } from './reconcile-queue.repository.js';
import { Reconciler } from './reconciler.js';

export interface BackfillProgress {
  readonly done: number;
  /** Groups of the app, as far as they are known. */
  readonly total: number;
}

export interface BackfillResult {
  /** Whether it resumed an unfinished backfill. */
  readonly isResumed: boolean;
  /** Groups and topics that this process compared. */
  readonly groups: number;
  readonly topics: number;
  /** Groups without a reliable snapshot; the service tries them again. */
  readonly inconclusive: number;
  /** Changes by kind. */
  readonly changes: Readonly<Record<string, number>>;
}

const POLL_MS = 500;
// The time of a snapshot is a little earlier than its request, and clocks differ a little.
const MARGIN_MS = 2_000;

/** Mirrors an app that existed before the mirror: one reconciliation of all of its communities. */
@Injectable()
export class Backfill {
  constructor(
    private readonly reconciler: Reconciler,
    private readonly listing: GroupListingRepository,
    private readonly queue: ReconcileQueueRepository,
  ) {}

  /**
   * Resolves when every community has a snapshot since the backfill began, by any process. Resumes an unfinished one.
   * @throws VendorAlarmError when no request can succeed until a setting is corrected.
   */
  async run(onProgress: (progress: BackfillProgress) => void): Promise<BackfillResult> {
    const { startedAt, isResumed } = await this.listing.beginBackfill();
    const verifiedBefore = new Date(startedAt.getTime() - MARGIN_MS);
    const counted = { groups: 0, topics: 0, changes: {} as Record<string, number> };
    const stop = new AbortController();
    let alarm: VendorAlarmError | null = null;
    const reconciling = this.reconciler.run({
      verifiedBefore: () => verifiedBefore,
      signal: stop.signal,
      onAlarm: (error) => (alarm = error),
      onSnapshot: (snapshot, kinds) => {
        if (snapshot.kind === 'inconclusive') return;
        counted.groups += 1;
        counted.topics += snapshot.vendorSnapshot.topics.length;
        for (const kind of kinds) counted.changes[kind] = (counted.changes[kind] ?? 0) + 1;
      },
    });
    try {
      for (;;) {
        if (alarm !== null) throw alarm;
        // First the list: once it is finished, all of its groups are in the queue.
        const { finishedAt, total } = await this.listing.state();
        const { known, done, inconclusive } = await this.queue.progress(verifiedBefore);
        const isListed = finishedAt !== null && finishedAt >= startedAt;
        onProgress({ done, total: isListed ? known : Math.max(known, total ?? 0) });
        if (isListed && done + inconclusive >= known) {
          await this.listing.endBackfill();
          return { ...counted, isResumed, inconclusive };
        }
        await sleep(POLL_MS);
      }
    } finally {
      stop.abort();
      await reconciling;
    }
  }
}
