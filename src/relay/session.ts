import { Logger } from '@nestjs/common';
import { MAX_PAGE_BYTES } from '../database/page-bytes.js';
import { pause } from '../database/pause.js';
import { AsideLanes } from './aside-lanes.js';
import { type Failure, jittered } from './circuit.js';
import { LEASE_MS, type Position, type Progress, type RelayEntry } from './relay.repository.js';
import { isRelayed } from './relayed.js';
import type { Outcome } from './sender.js';
import type { SessionOptions } from './session-options.js';
import { type Lane, Window } from './window.js';

const PAGE = 1_000;
const POLL_MS = 100;
const FULL_MS = 20;
const RECORD_MS = 200;
const RENEW_MS = 1_000;
// What this process does at the end of its lease must have reached the backend before another process begins.
const LEASE_MARGIN_MS = 1_000;
const FAILURE_PAUSE_MS = 500;
// A little more than the backend has for its answer.
const STOP_MS = 5_500;
const RETRY_MS = 200;
const LONGEST_RETRY_MS = 60_000;
// Before a lane is set aside. Where no connection can be made, the lane is hardly the reason.
const ATTEMPTS = { rejected: 3, timeout: 3, unreachable: 6 };
const SLOW_MS = 1_000;
// Their names are held in memory.
const MAX_ASIDE_GROUPS = 20_000;

/** Relays as long as this process holds the lease. */
export class Session {
  readonly window = new Window();
  private readonly logger = new Logger('Relay');
  private readonly over = new AbortController();
  private readonly aside: AsideLanes;
  private readonly triedAt = new Map<string | null, number>();
  private unrecorded: Progress = { upTo: null, aside: [], dropped: [] };
  private recording: Promise<unknown> = Promise.resolve();
  private inFlight = 0;
  private validUntil: number;
  private renewAt = 0;
  private isLost = false;
  private timer: NodeJS.Timeout | undefined;

  /** @param leasedAt when the lease was requested, by `performance.now()`. */
  constructor(
    private readonly options: SessionOptions,
    leasedAt: number,
  ) {
    this.validUntil = leasedAt + LEASE_MS - LEASE_MARGIN_MS;
    const { concurrency } = options;
    this.aside = new AsideLanes(this, options, Math.max(1, Math.floor(concurrency / 4)));
  }

  get signal(): AbortSignal {
    return this.over.signal;
  }

  /** Whether a callback may be sent now. */
  get maySend(): boolean {
    return !this.signal.aborted && performance.now() < this.validUntil;
  }

  /** Whether all that was read is delivered or set aside. */
  get isIdle(): boolean {
    return this.window.isEmpty;
  }

  /** Relays until the lease is lost, or `signal` is aborted: then it is released. */
  async run(start: Position, signal: AbortSignal): Promise<void> {
    const stop = (): void => this.over.abort();
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    try {
      for (const group of await this.options.repository.asideGroups()) {
        this.window.asideGroups.set(group, 0);
      }
      await Promise.all([this.read(start), this.recordAll(), this.aside.run()]);
      if (!this.isLost) await this.finish();
    } finally {
      stop();
      clearTimeout(this.timer);
      signal.removeEventListener('abort', stop);
    }
  }

  /** Another process may relay by now: nothing more is sent or recorded. */
  lose(): void {
    if (!this.isLost) this.logger.warn('the lease of the relay is lost');
    this.isLost = true;
    this.over.abort();
  }

  /** Records all that was settled or set aside until now, and renews the lease. */
  record(): Promise<void> {
    return this.exclusively(() => this.recordNow());
  }

  /** Ends a group that was set aside, if nothing is left of it. */
  finishGroup(group: string): Promise<boolean> {
    return this.exclusively(async () => {
      const added = this.window.asideGroups.get(group);
      await this.recordNow();
      if (this.isLost || !(await this.options.repository.finishLane(this.options.holder, group)))
        return false;
      // Those that came meanwhile are recorded next, and with them the group again.
      if (this.window.asideGroups.get(group) === added) this.window.asideGroups.delete(group);
      return true;
    });
  }

  private async read(start: Position): Promise<void> {
    let after = start;
    while (!this.signal.aborted) {
      this.pump();
      if (this.window.load >= 1) {
        await pause(FULL_MS, this.signal);
        continue;
      }
      try {
        const page = await this.options.repository.page(after, PAGE, MAX_PAGE_BYTES);
        for (const entry of page) this.window.add(entry, isRelayed(entry));
        after = page.at(-1) ?? after;
        this.pump();
        if (page.length < PAGE) await pause(POLL_MS, this.signal);
      } catch (error) {
        this.logger.warn({ msg: 'the journal cannot be read for the relay', err: error });
        await pause(FAILURE_PAUSE_MS, this.signal);
      }
    }
  }

  private async recordAll(): Promise<void> {
    while (!this.signal.aborted) {
      await pause(RECORD_MS, this.signal);
      try {
        this.collect();
        const { upTo, aside, dropped } = this.unrecorded;
        const isDue = upTo !== null || aside.length > 0 || dropped.length > 0;
        if (isDue || performance.now() >= this.renewAt) await this.record();
      } catch (error) {
        this.logger.warn({ msg: 'the relay cannot record its progress', err: error });
        if (performance.now() > this.validUntil) this.lose();
      }
    }
  }

  private collect(): void {
    const { upTo, aside, dropped } = this.window.take();
    this.unrecorded = {
      upTo: upTo ?? this.unrecorded.upTo,
      aside: [...this.unrecorded.aside, ...aside],
      dropped: [...this.unrecorded.dropped, ...dropped],
    };
  }

  private async recordNow(): Promise<void> {
    if (this.isLost) return;
    this.collect();
    const progress = this.unrecorded;
    this.unrecorded = { upTo: null, aside: [], dropped: [] };
    const sentAt = performance.now();
    try {
      if (!(await this.options.repository.commit(this.options.holder, progress))) this.lose();
      this.validUntil = sentAt + LEASE_MS - LEASE_MARGIN_MS;
      this.renewAt = sentAt + RENEW_MS;
    } catch (error) {
      // To record it twice changes nothing.
      this.unrecorded = {
        upTo: this.unrecorded.upTo ?? progress.upTo,
        aside: [...progress.aside, ...this.unrecorded.aside],
        dropped: [...progress.dropped, ...this.unrecorded.dropped],
      };
      throw error;
    }
  }

  private async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.recording.then(work);
    this.recording = turn.catch(() => undefined);
    return turn;
  }

  /** Waits for what is in flight, so that a process that stops repeats nothing. */
  private async finish(): Promise<void> {
    const until = performance.now() + STOP_MS;
    const isWaiting = () => !this.isLost && performance.now() < until;
    while (this.inFlight + this.aside.inFlight > 0 && isWaiting()) {
      await new Promise((resolve) => setTimeout(resolve, FULL_MS));
      if (performance.now() >= this.renewAt) await this.record().catch(() => undefined);
    }
    this.window.setGapsAside();
    for (;;) {
      try {
        await this.record();
        break;
      } catch (error) {
        if (!isWaiting()) throw error;
        await new Promise((resolve) => setTimeout(resolve, RECORD_MS));
      }
    }
    if (!this.isLost) await this.options.repository.release(this.options.holder);
  }

  /** Sends as many callbacks as may be in flight. */
  private pump(): void {
    const { sender, concurrency } = this.options;
    while (this.maySend) {
      if (sender.circuit.isOpen) return this.tryOne();
      this.triedAt.clear();
      if (this.inFlight >= concurrency - this.aside.inFlight) return;
      const lane = this.window.next();
      if (!lane) return;
      const waitMs = sender.pace.take(performance.now());
      if (waitMs > 0) {
        this.window.putBack(lane);
        return this.pumpIn(waitMs);
      }
      void this.deliver(lane);
    }
  }

  /** Sends one callback to a backend that seems to be away, once its time has come. */
  private tryOne(): void {
    const { sender } = this.options;
    const tooOld = this.window.nextBy((entry) => (sender.isTooOld(entry) ? 0 : null));
    if (tooOld) return void this.deliver(tooOld);
    if (this.inFlight > 0) return;
    const waitMs = sender.circuit.untilTrial(performance.now());
    if (waitMs > 0) return this.pumpIn(waitMs);
    // The backend may fail one command, and accept others.
    const lane = this.window.nextBy(({ command }) => this.triedAt.get(command) ?? 0);
    if (!lane) return;
    this.triedAt.set(lane.queue[0]?.command ?? null, performance.now());
    void this.deliver(lane);
  }

  private pumpIn(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.pump(), ms);
  }

  private async deliver(lane: Lane): Promise<void> {
    const { sender } = this.options;
    const [entry] = lane.queue;
    if (!entry) return this.window.release(lane);
    this.inFlight += 1;
    const startedAt = performance.now();
    const outcome = await (sender.isTooOld(entry) ? ('given up' as const) : sender.send(entry));
    this.inFlight -= 1;
    if (this.isLost) return;
    if (outcome !== 'given up') sender.record(outcome);
    if (outcome === 'given up' || outcome === 'delivered') {
      this.settle(lane, entry, { outcome, tookMs: performance.now() - startedAt });
    } else this.retry(lane, outcome);
    this.pump();
  }

  private settle(
    lane: Lane,
    entry: RelayEntry,
    { outcome, tookMs }: { outcome: Outcome; tookMs: number },
  ): void {
    if (outcome === 'given up') this.options.sender.giveUp(entry);
    this.window.settle(lane, this.isDropped(entry, outcome));
    const isSlow = tookMs > SLOW_MS && this.window.load >= 0.5;
    const isLeft = lane.queue.length > 0 && (isSlow || this.window.isInTheWay(lane));
    if (!isLeft || !this.setAside(lane)) this.window.release(lane);
  }

  /** Whether a callback leaves the journal. */
  isDropped(entry: RelayEntry, outcome: Outcome): boolean {
    return this.options.dropsIgnored && outcome === 'delivered' && entry.outcome === 'ignored';
  }

  private retry(lane: Lane, outcome: Failure): void {
    if (this.options.sender.circuit.isOpen) {
      lane.attempts = 0;
      // There may be others behind it which the backend accepts.
      const isInTheWay = outcome === 'rejected' && this.window.load >= 1;
      if (!isInTheWay || !this.setAside(lane)) this.window.release(lane);
      return;
    }
    lane.attempts += 1;
    const [entry] = lane.queue;
    if (lane.attempts >= ATTEMPTS[outcome] && this.setAside(lane)) {
      const msg = 'a group waits: the backend of RELAY_URL does not accept its callback';
      this.logger.warn({
        msg,
        callback: entry?.id,
        group: entry?.groupId,
        last: this.options.sender.last(outcome),
      });
      return;
    }
    const waitMs = jittered(Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** (lane.attempts - 1)));
    setTimeout(() => {
      this.window.release(lane);
      this.pump();
    }, waitMs).unref();
  }

  /** @returns `false` when as many groups as may be are set aside already. */
  private setAside(lane: Lane): boolean {
    if (lane.isGroup && this.window.asideGroups.size >= MAX_ASIDE_GROUPS) return false;
    this.window.setAside(lane);
    return true;
  }
}
