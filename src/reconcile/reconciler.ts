import { setMaxListeners } from 'node:events';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { pause } from '../database/pause.js';
import { Metrics } from '../metrics/metrics.js';
import { VendorAlarmError, VendorCallError } from '../tencent/errors.js';
import type { VendorGroup } from '../tencent/answers.js';
import { RestClient } from '../tencent/rest-client.js';
import type { VendorSnapshot } from '../topics/domain/change.js';
import { idProblem } from '../topics/domain/id.js';
import type { Micros } from '../topics/domain/lww-registers.js';
import { TopicsService } from '../topics/write/topics.service.js';
import { Tracing } from '../tracing/tracing.js';
import { FailureLog, isVendorFailure } from './failure-log.js';
import { DeletionBrakeRepository } from './deletion-brake.repository.js';
import { GroupListingRepository } from './group-listing.repository.js';
import {
  fetchGroupSnapshot,
  type GroupSnapshot,
  type SnapshotRequest,
  changeSetOf,
} from './group-snapshot.js';
import { type QueuedGroup, ReconcileQueueRepository } from './reconcile-queue.repository.js';
import { Signal } from './signal.js';

export interface ReconcileOptions {
  /** Groups with an older snapshot are due; by default, those of half the allowed age. */
  readonly verifiedBefore?: () => Date;
  readonly signal: AbortSignal;
  /** No request can succeed until a setting is corrected. The reconciler tries again in a minute. */
  readonly onAlarm?: (error: VendorAlarmError) => void;
  /** After each snapshot, with the kinds of the changes that it made. */
  readonly onSnapshot?: (snapshot: GroupSnapshot, kinds: readonly string[]) => void;
}

type Run = ReconcileOptions & Required<Pick<ReconcileOptions, 'verifiedBefore'>>;

// As many groups as one get_group_info may name.
const BATCH = 50;
// Enough that requests never wait for the database at 200 a second.
const MAX_IN_PROGRESS = 150;
const POLL_MS = 250;
const RENEW_MS = 1_000;
// The sweep reads all groups: it may take this part of the time, but its pauses stay short, since a single slow sweep
// proves little.
const SWEEP_SHARE = 0.02;
const SWEEP_MS = { least: 1_000, most: 4_000 };
const LIST_POLL_MS = 1_000;
// Doubled with each failure in a row.
const LIST_RESTART_SECONDS = { least: 1, most: 60 };

/**
 * Compares the mirror with the vendor, group by group, and repairs it: first groups that callbacks left stale, as soon
 * as their callbacks pause; then all others, the one with the oldest snapshot first. The vendor's list of groups only
 * adds to the second.
 *
 * Any number of processes share the work: each leases groups and releases them when they are reconciled or when it
 * dies. All progress is in the database.
 */
@Injectable()
export class Reconciler {
  private readonly logger = new Logger('Reconcile');
  private readonly failures = new FailureLog();
  private readonly groupDone = new Signal();
  private inProgress = 0;
  private listFailures = 0;
  private pausedUntil = 0;

  constructor(
    @Inject(RestClient) private readonly client: RestClient | null,
    private readonly topics: TopicsService,
    private readonly queue: ReconcileQueueRepository,
    private readonly listing: GroupListingRepository,
    private readonly brake: DeletionBrakeRepository,
    private readonly metrics: Metrics,
    private readonly settings: Settings,
    private readonly tracing: Tracing,
  ) {}

  get isPossible(): boolean {
    return this.client !== null;
  }

  /** Reconciles until the signal is aborted, then releases its leases. */
  async run(options: ReconcileOptions): Promise<void> {
    const { client } = this;
    if (client === null) return;
    const run = { verifiedBefore: () => this.tooOld(), ...options };
    // Every request in progress listens to it.
    setMaxListeners(0, run.signal);
    await Promise.all([
      this.repeat(run, () => this.reconcileNext(client, run)),
      this.repeat(run, () => this.listNext(client, run)),
      this.repeat(run, () => this.sweep(run.signal)),
    ]);
    while (this.inProgress > 0) await this.groupDone.wait(POLL_MS);
  }

  /** Half of the time within which each group has to be verified: the other half is the reserve. */
  private tooOld(): Date {
    return new Date(Date.now() - (this.settings.reconcileWithinSeconds * 1000) / 2);
  }

  /** Repeats `step`; a failure of database or vendor only causes a pause. */
  private async repeat(run: Run, step: () => Promise<void>): Promise<void> {
    while (!run.signal.aborted) {
      try {
        await step();
      } catch (error) {
        if (run.signal.aborted) return;
        await pause(this.recordFailure(error, run), run.signal);
      }
    }
  }

  /** Leases the next groups, and does not wait for them while more fit in. */
  private async reconcileNext(client: RestClient, run: Run): Promise<void> {
    const pausedMs = this.pausedUntil - performance.now();
    if (pausedMs > 0) return pause(pausedMs, run.signal);
    // In whole batches: under load a get_group_info would otherwise name only a few groups.
    if (MAX_IN_PROGRESS - this.inProgress < BATCH) return this.groupDone.wait(POLL_MS);
    await this.queue.enqueueStale();
    const leased = await this.queue.claim({ limit: BATCH, verifiedBefore: run.verifiedBefore() });
    if (leased.length > 0) {
      const size = { 'topicmirror.groups': leased.length };
      void this.tracing.run('reconcile', size, () => this.reconcileBatch(client, leased, run));
    }
    if (leased.length < BATCH) await pause(POLL_MS, run.signal);
  }

  /** Never throws: every group is finished, postponed or released. */
  private async reconcileBatch(
    client: RestClient,
    leased: readonly QueuedGroup[],
    run: Run,
  ): Promise<void> {
    const left = new Map(leased.map((queued) => [queued.groupId, queued]));
    const renewing = setInterval(() => {
      this.queue
        .renewLeases([...left.keys()])
        .catch((error: unknown) => this.recordFailure(error, run));
    }, RENEW_MS);
    this.inProgress += leased.length;
    try {
      const request = await this.queue.snapshotRequest(await this.brake.caution());
      const groups = await client.getGroups([...left.keys()], run.signal);
      await Promise.all(
        groups.map(async (group) => {
          const queued = left.get(group.groupId);
          if (queued) await this.reconcile(client, { group, request, queued }, run);
          left.delete(group.groupId);
          this.inProgress -= 1;
          this.groupDone.emit();
        }),
      );
    } catch (error) {
      for (const queued of left.values()) await this.giveUp(queued, error, run);
    } finally {
      clearInterval(renewing);
      this.inProgress -= left.size;
      this.groupDone.emit();
    }
  }

  private async reconcile(
    client: RestClient,
    {
      group,
      request,
      queued,
    }: { group: VendorGroup; request: SnapshotRequest; queued: QueuedGroup },
    run: Run,
  ): Promise<void> {
    const options = { client, topicCount: queued.topicCount, signal: run.signal };
    try {
      const snapshot = await fetchGroupSnapshot(group, request, options);
      const kinds = await this.conclude(snapshot, queued);
      run.onSnapshot?.(snapshot, kinds);
    } catch (error) {
      await this.giveUp(queued, error, run);
    }
  }

  /** Postpones a group, or releases it where the failure is not of this group alone. */
  private async giveUp(queued: QueuedGroup, error: unknown, run: Run): Promise<void> {
    const pauseMs = run.signal.aborted ? 0 : this.recordFailure(error, run);
    const isOfGroup = isVendorFailure(error);
    if (!isOfGroup) this.pausedUntil = performance.now() + pauseMs;
    const given = isOfGroup ? this.queue.postpone(queued) : this.queue.release([queued.groupId]);
    // Without the database the lease expires by itself.
    await given.catch(() => undefined);
  }

  /** Applies a snapshot. @returns the kinds of the changes. */
  private async conclude(snapshot: GroupSnapshot, queued: QueuedGroup): Promise<readonly string[]> {
    const { groupId } = queued;
    this.metrics.reconcileVisits.inc({ outcome: snapshot.kind });
    if (snapshot.kind === 'inconclusive') {
      this.logger.debug({ msg: 'inconclusive snapshot', groupId, reason: snapshot.reason });
      await this.queue.postpone(queued);
      return [];
    }
    const { kind, vendorSnapshot } = snapshot;
    const isUnknown = kind === 'missing' && queued.topicCount === null;
    const { kinds, secondLookAt } = isUnknown
      ? { kinds: [], secondLookAt: null }
      : await this.apply(vendorSnapshot);
    if (kind === 'missing' && secondLookAt === null) await this.queue.remove(groupId);
    else await this.queue.finish(groupId, vendorSnapshot.at, secondLookAt);
    this.failures.clear();
    return kinds;
  }

  private async apply(
    vendorSnapshot: VendorSnapshot,
  ): Promise<{ readonly kinds: readonly string[]; readonly secondLookAt: Micros | null }> {
    const { seqs, secondLookAt = null } = await this.topics.apply(changeSetOf(vendorSnapshot));
    if (seqs === null) return { kinds: [], secondLookAt };
    const kinds = await this.queue.kindsOf(vendorSnapshot.groupId, seqs);
    for (const kind of kinds) this.metrics.reconcileRepairs.inc({ kind });
    await this.brake.count(kinds.filter((kind) => kind === 'deleted').length);
    return { kinds, secondLookAt };
  }

  private async listNext(client: RestClient, run: Run): Promise<void> {
    const next = await this.listing.claim(run.verifiedBefore());
    if (next === null) return pause(LIST_POLL_MS, run.signal);
    try {
      const page = await client.listCommunities({ next }, run.signal);
      const groupIds = page.groupIds.filter((groupId) => idProblem(groupId) === null);
      await this.listing.store({ ...page, groupIds });
      this.listFailures = 0;
    } catch (error) {
      // The vendor may reject an old position.
      if (error instanceof VendorCallError) {
        const { least, most } = LIST_RESTART_SECONDS;
        await this.listing.restart(Math.min(least * 2 ** this.listFailures, most));
        this.listFailures += 1;
      }
      throw error;
    }
  }

  private async sweep(signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    await this.queue.enqueueNew();
    const tookMs = performance.now() - startedAt;
    const restMs = Math.max(SWEEP_MS.least, tookMs / SWEEP_SHARE);
    await pause(Math.min(SWEEP_MS.most, restMs), signal);
  }

  /** @returns how long to pause, in milliseconds. */
  private recordFailure(error: unknown, { onAlarm }: Run): number {
    if (error instanceof VendorAlarmError) onAlarm?.(error);
    return this.failures.record(error);
  }
}
