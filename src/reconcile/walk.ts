import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { Metrics } from '../metrics/metrics.js';
import { VendorAlarmError, VendorCallError, VendorUnavailableError } from '../tencent/errors.js';
import type { GroupAnswer } from '../tencent/answers.js';
import { RestClient } from '../tencent/rest-client.js';
import { idProblem } from '../topics/id.js';
import type { Micros } from '../topics/registers.js';
import { TopicsService } from '../topics/topics.service.js';
import { Tracing } from '../tracing/tracing.js';
import { Bell } from './bell.js';
import { Brake } from './brake.store.js';
import { ListingStore } from './listing.store.js';
import { look, type Look, type Question, setOf } from './look.js';
import { type Visit, VisitsStore } from './visits.store.js';

/** Told of every look: what it came to, and the kinds of the changes that it made. */
export type Observer = (look: Look, changes: readonly string[]) => void;

export interface WalkOptions {
  /** Groups asked for before are asked for again; by default, those of half the allowed age. */
  readonly askedBefore?: () => Date;
  readonly signal: AbortSignal;
  /** Told when no call can work until somebody mends a setting. The walk tries again in a minute. */
  readonly onAlarm?: (error: VendorAlarmError) => void;
  readonly onLook?: Observer;
}

type Walking = WalkOptions & Required<Pick<WalkOptions, 'askedBefore'>>;

// As many groups as one get_group_info may name.
const BATCH = 50;
// Enough that the calls never wait for the database at 200 a second.
const MAX_UNDER_WAY = 150;
const POLL_MS = 250;
const HOLD_AGAIN_MS = 1_000;
// The sweep reads all groups: it may take this part of the time, but is never long away, since a
// single slow one proves little.
const SWEEP_SHARE = 0.02;
const SWEEP_MS = { least: 1_000, most: 4_000 };
const LIST_POLL_MS = 1_000;
const ALARM_PAUSE_MS = 60_000;
const FAULT_PAUSE_MS = 1_000;
const QUIET_MS = 30_000;
const LIST_RESTART_SECONDS = 60;

/**
 * Compares the mirror with the vendor, group by group, and repairs it. One walk with two starting
 * sets: groups of which a callback told less than happened, as soon as their callbacks pause; and all
 * others, the one asked longest ago first. The vendor's list of groups only adds to the second.
 *
 * Any number of processes walk together: each takes groups that nobody holds and lets them go when
 * they are done or when it dies. All that a walk knows is in the database.
 */
@Injectable()
export class Walk {
  private readonly logger = new Logger('Reconcile');
  private underWay = 0;
  private alarmed = false;
  private pausedUntil = 0;
  private quietUntil = 0;
  private readonly bell = new Bell();

  constructor(
    @Inject(RestClient) private readonly client: RestClient | null,
    private readonly topics: TopicsService,
    private readonly visits: VisitsStore,
    private readonly listing: ListingStore,
    private readonly brake: Brake,
    private readonly metrics: Metrics,
    private readonly settings: Settings,
    private readonly tracing: Tracing,
  ) {}

  get isPossible(): boolean {
    return this.client !== null;
  }

  /** Walks until the signal comes, then gives back what it holds. */
  async run(given: WalkOptions): Promise<void> {
    const { client } = this;
    if (client === null) return;
    const options = { ...given, askedBefore: given.askedBefore ?? (() => this.tooOld()) };
    const { signal } = options;
    // Every call under way listens to it.
    setMaxListeners(0, signal);
    await Promise.all([
      this.repeat(options, () => this.visitNext(client, options)),
      this.repeat(options, () => this.listNext(client, options)),
      this.repeat(options, () => this.sweep(signal)),
    ]);
    while (this.underWay > 0) await this.bell.rings(POLL_MS);
  }

  /** Half of the time within which each group shall be verified: the other half is for being late. */
  private tooOld(): Date {
    return new Date(Date.now() - (this.settings.reconcileWithinSeconds * 1000) / 2);
  }

  /** Calls `step` again and again; a failure of database or vendor only makes it pause. */
  private async repeat(options: Walking, step: () => Promise<void>): Promise<void> {
    const { signal } = options;
    while (!signal.aborted) {
      try {
        await step();
      } catch (error) {
        if (signal.aborted) return;
        await pause(this.judge(error, options), signal);
      }
    }
  }

  /** Plans and takes what is next, and does not wait for it while more fits in. */
  private async visitNext(client: RestClient, options: Walking): Promise<void> {
    const pausedMs = this.pausedUntil - performance.now();
    if (pausedMs > 0) return pause(pausedMs, options.signal);
    // In whole batches, or a busy walk would spend a get_group_info on every few groups.
    if (MAX_UNDER_WAY - this.underWay < BATCH) return this.bell.rings(POLL_MS);
    await this.visits.planDoubted();
    const claimed = await this.visits.claim({ limit: BATCH, askedBefore: options.askedBefore() });
    if (claimed.length > 0) {
      const size = { 'topicmirror.groups': claimed.length };
      void this.tracing.run('reconcile', size, () => this.visitAll(client, claimed, options));
    }
    if (claimed.length < BATCH) await pause(POLL_MS, options.signal);
  }

  /** Never throws: every visit is concluded, put off or given back. */
  private async visitAll(
    client: RestClient,
    claimed: readonly Visit[],
    options: Walking,
  ): Promise<void> {
    const left = new Map(claimed.map((visit) => [visit.groupId, visit]));
    const holding = setInterval(() => {
      this.visits.hold([...left.keys()]).catch((error: unknown) => this.judge(error, options));
    }, HOLD_AGAIN_MS);
    this.underWay += claimed.length;
    try {
      const question = await this.visits.question(await this.brake.caution());
      const infos = await client.getGroups([...left.keys()], options.signal);
      await Promise.all(
        infos.map(async (info) => {
          const visit = left.get(info.groupId);
          if (visit) await this.visit(client, { info, question, visit }, options);
          left.delete(info.groupId);
          this.underWay -= 1;
          this.bell.ring();
        }),
      );
    } catch (error) {
      for (const visit of left.values()) await this.giveUp(visit, error, options);
    } finally {
      clearInterval(holding);
      this.underWay -= left.size;
      this.bell.ring();
    }
  }

  private async visit(
    client: RestClient,
    { info, question, visit }: { info: GroupAnswer; question: Question; visit: Visit },
    options: Walking,
  ): Promise<void> {
    const { signal, onLook } = options;
    try {
      const looked = await look(info, question, { client, topicCount: visit.topicCount, signal });
      const changes = await this.conclude(looked, visit);
      onLook?.(looked, changes);
    } catch (error) {
      await this.giveUp(visit, error, options);
    }
  }

  /** Puts a visit off, or gives it back where the fault is not the group's. */
  private async giveUp(visit: Visit, error: unknown, options: Walking): Promise<void> {
    const pauseMs = options.signal.aborted ? 0 : this.judge(error, options);
    const isOfGroup = error instanceof VendorUnavailableError || error instanceof VendorCallError;
    if (!isOfGroup) this.pausedUntil = performance.now() + pauseMs;
    const given = isOfGroup ? this.visits.postpone(visit) : this.visits.release([visit.groupId]);
    // Without the database the hold runs out by itself.
    await given.catch(() => undefined);
  }

  /** Applies what was told. @returns the kinds of the changes. */
  private async conclude(looked: Look, visit: Visit): Promise<readonly string[]> {
    const { groupId } = visit;
    if (looked.kind === 'untold') {
      this.metrics.reconcileVisits.inc({ outcome: 'untold' });
      this.logger.debug({ msg: 'no answer to rely on', groupId, reason: looked.reason });
      await this.visits.postpone(visit);
      return [];
    }
    this.metrics.reconcileVisits.inc({ outcome: looked.kind });
    const { verification } = looked;
    const isKnown = visit.topicCount !== null;
    const isNothing = looked.kind === 'gone' && !isKnown;
    const { kinds, secondLookAt } = isNothing ? NOTHING_DONE : await this.apply(looked);
    if (looked.kind === 'gone' && secondLookAt === null) await this.visits.forget(groupId);
    else await this.visits.finish(groupId, verification.at, secondLookAt);
    this.alarmed = false;
    return kinds;
  }

  private async apply({ verification }: Exclude<Look, { kind: 'untold' }>): Promise<Done> {
    const { seqs, secondLookAt = null } = await this.topics.apply(setOf(verification));
    if (seqs === null) return { kinds: [], secondLookAt };
    const kinds = await this.visits.kindsOf(verification.groupId, seqs);
    for (const kind of kinds) this.metrics.reconcileRepairs.inc({ kind });
    await this.brake.count(kinds.filter((kind) => kind === 'deleted').length);
    return { kinds, secondLookAt };
  }

  private async listNext(client: RestClient, options: Walking): Promise<void> {
    const next = await this.listing.claim(options.askedBefore());
    if (next === null) return pause(LIST_POLL_MS, options.signal);
    try {
      const page = await client.listCommunities({ next }, options.signal);
      const groupIds = page.groupIds.filter((groupId) => idProblem(groupId) === null);
      await this.listing.keep({ ...page, groupIds });
    } catch (error) {
      // A place that is too old may be refused.
      if (error instanceof VendorCallError) await this.listing.restart(LIST_RESTART_SECONDS);
      throw error;
    }
  }

  private async sweep(signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    await this.visits.planCalled();
    const tookMs = performance.now() - startedAt;
    const restMs = Math.max(SWEEP_MS.least, tookMs / SWEEP_SHARE);
    await pause(Math.min(SWEEP_MS.most, restMs), signal);
  }

  /** Says what went wrong, an alarm once. @returns how long to do nothing. */
  private judge(error: unknown, { onAlarm }: Walking): number {
    if (error instanceof VendorAlarmError) {
      onAlarm?.(error);
      if (!this.alarmed) this.logger.error(`reconcile stands still: ${error.message}`);
      this.alarmed = true;
      return ALARM_PAUSE_MS;
    }
    // Whatever fails, fails for many groups at once and again and again.
    if (performance.now() < this.quietUntil) return FAULT_PAUSE_MS;
    this.quietUntil = performance.now() + QUIET_MS;
    if (error instanceof VendorUnavailableError || error instanceof VendorCallError) {
      this.logger.warn(`reconcile goes on, but ${error.message}`);
    } else this.logger.warn({ msg: 'reconcile goes on, but it failed', err: error });
    return FAULT_PAUSE_MS;
  }
}

/** What came of an answer: the kinds of its changes, and when the group is to be asked for again. */
interface Done {
  readonly kinds: readonly string[];
  readonly secondLookAt: Micros | null;
}

const NOTHING_DONE: Done = { kinds: [], secondLookAt: null };

/** Waits; an abort ends the wait. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
