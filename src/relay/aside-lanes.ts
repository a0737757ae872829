import { Logger } from '@nestjs/common';
import { MAX_PAGE_BYTES } from '../database/page-bytes.js';
import { pause } from '../database/pause.js';
import { jittered } from './circuit.js';
import type { DueLane, RelayEntry } from './relay.repository.js';
import type { Outcome } from './sender.js';
import type { SessionOptions } from './session-options.js';

const IDLE_MS = 500;
const BUSY_MS = 20;
const PAGE = 100;
const REMOVE_MS = 250;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** The session of which the lanes are set aside. */
export interface Leaseholder {
  readonly signal: AbortSignal;
  readonly maySend: boolean;
  /** Whether it has nothing to send itself. */
  readonly isIdle: boolean;
  lose(): void;
  finishGroup(group: string): Promise<boolean>;
  isDropped(entry: RelayEntry, outcome: Outcome): boolean;
}

/** Delivers the lanes that were set aside, each in its order, with growing pauses after failures. */
export class AsideLanes {
  private readonly logger = new Logger('Relay');
  private readonly busy = new Set<string>();

  constructor(
    private readonly session: Leaseholder,
    private readonly options: SessionOptions,
    private readonly most: number,
  ) {}

  get inFlight(): number {
    return this.busy.size;
  }

  /** How many lanes may be begun now. */
  private get free(): number {
    const { circuit } = this.options.sender;
    if (!this.session.maySend) return 0;
    if (!circuit.isOpen) return this.most - this.busy.size;
    // One callback at a time is tried, and those that are not set aside go first.
    const isTrial = this.session.isIdle && circuit.untilTrial(performance.now()) === 0;
    return isTrial && this.busy.size === 0 ? 1 : 0;
  }

  async run(): Promise<void> {
    const { repository } = this.options;
    const { signal } = this.session;
    while (!signal.aborted) {
      const free = this.free;
      let due: DueLane[] = [];
      try {
        due = free > 0 ? await repository.dueLanes([...this.busy], free) : [];
      } catch (error) {
        this.logger.warn({ msg: 'the backlog of the relay cannot be read', err: error });
      }
      for (const lane of due) void this.deliver(lane);
      await pause(due.length > 0 ? BUSY_MS : IDLE_MS, signal);
    }
  }

  /** Never throws: after a failure of PostgreSQL the lane is still due. */
  private async deliver({ lane, isGroup, attempts }: DueLane): Promise<void> {
    const { repository, holder } = this.options;
    this.busy.add(lane);
    try {
      const page = await repository.lanePage(lane, PAGE, MAX_PAGE_BYTES);
      if (page.length === 0) {
        await (isGroup ? this.session.finishGroup(lane) : repository.finishLane(holder, lane));
      } else if (await this.deliverAll(page)) {
        await repository.postpone(lane, 0, 0);
      } else if (this.session.maySend) {
        // Otherwise it was the lease that ended, not the backend that failed.
        const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempts);
        await repository.postpone(lane, jittered(pauseMs), attempts + 1);
      }
    } catch (error) {
      this.logger.warn({ msg: 'a lane of the relay waits for PostgreSQL', err: error });
    } finally {
      this.busy.delete(lane);
    }
  }

  /** @returns `false` after a failure; those behind it were not tried. */
  private async deliverAll(page: readonly RelayEntry[]): Promise<boolean> {
    let settled: RelayEntry[] = [];
    let dropped: string[] = [];
    let removedAt = performance.now();
    const remove = async (): Promise<void> => {
      const ids = settled.map(({ id }) => id);
      if (ids.length > 0 && !(await this.remove(ids, dropped))) this.session.lose();
      [settled, dropped, removedAt] = [[], [], performance.now()];
    };
    for (const entry of page) {
      const outcome = await this.send(entry);
      if (outcome !== 'delivered' && outcome !== 'given up') {
        await remove();
        return false;
      }
      settled.push(entry);
      if (this.session.isDropped(entry, outcome)) dropped.push(entry.id);
      if (performance.now() - removedAt > REMOVE_MS) await remove();
    }
    await remove();
    return true;
  }

  private remove(ids: readonly string[], dropped: readonly string[]): Promise<boolean> {
    return this.options.repository.remove(this.options.holder, ids, dropped);
  }

  private async send(entry: RelayEntry): Promise<Outcome> {
    const { sender } = this.options;
    if (sender.isTooOld(entry)) {
      sender.giveUp(entry);
      return 'given up';
    }
    for (;;) {
      const waitMs = sender.pace.take(performance.now());
      if (waitMs === 0) break;
      await pause(waitMs, this.session.signal);
      if (this.session.signal.aborted) break;
    }
    // One that waits for its turn is still in the backlog.
    if (!this.session.maySend) return 'unreachable';
    const outcome = await sender.send(entry);
    // A lane that the backend rejects says nothing of the backend as a whole.
    if (sender.circuit.isOpen || outcome !== 'rejected') sender.record(outcome);
    return outcome;
  }
}
