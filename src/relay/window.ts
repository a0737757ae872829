// What the relay holds in memory: the callbacks between its position and the place up to which it has read. Pure.
import type { AsideEntry, Position, RelayEntry } from './relay.repository.js';

/** Callbacks that are delivered one by one: those of a group, or a single one of no group. */
export interface Lane {
  readonly name: string;
  readonly isGroup: boolean;
  readonly queue: RelayEntry[];
  /** Its first callback is being sent, or has failed and waits. */
  isBusy: boolean;
  /** Failures of its first callback. */
  attempts: number;
}

interface Slot extends Position {
  isSettled: boolean;
}

// Of those that are settled only the place is held.
const MAX_CALLBACKS = 5_000;
const MAX_BYTES = 16 * 1024 * 1024;
// A lane that takes more than this part of the window is too slow for the others.
const FAIR_SHARE = 1 / 8;

export class Window {
  private readonly lanes = new Map<string, Lane>();
  private readonly ready: Lane[] = [];
  private readonly slots = new Map<string, Slot>();
  private aside: AsideEntry[] = [];
  private dropped: string[] = [];
  private settledTo: Position | null = null;
  private bytes = 0;
  /** Groups that are set aside, with the number of callbacks that were added to them since. */
  readonly asideGroups = new Map<string, number>();

  /** How much of its room is taken, from 0 to 1. */
  get load(): number {
    return Math.max(this.slots.size / MAX_CALLBACKS, this.bytes / MAX_BYTES);
  }

  get isEmpty(): boolean {
    return this.slots.size === 0;
  }

  /** Adds the next callback of the journal. @param isRelayed otherwise it is only passed over. */
  add(entry: RelayEntry, isRelayed: boolean): void {
    const { id, position, groupId } = entry;
    const slot = { id, position, isSettled: !isRelayed };
    this.slots.set(id, slot);
    if (!isRelayed) return;
    const name = groupId ?? id;
    if (groupId !== null && this.asideGroups.has(groupId)) {
      this.setEntryAside(entry, { name, isGroup: true });
      return;
    }
    this.bytes += sizeOf(entry);
    let lane = this.lanes.get(name);
    if (!lane) {
      lane = { name, isGroup: groupId !== null, queue: [], isBusy: false, attempts: 0 };
      this.lanes.set(name, lane);
    }
    lane.queue.push(entry);
    if (lane.queue.length === 1 && !lane.isBusy) this.ready.push(lane);
  }

  /** Takes a lane whose turn it is. */
  next(): Lane | undefined {
    const lane = this.ready.shift();
    if (lane) lane.isBusy = true;
    return lane;
  }

  /** Gives back a lane that was taken last: its turn is still the next. */
  putBack(lane: Lane): void {
    lane.isBusy = false;
    this.ready.unshift(lane);
  }

  /** Takes the lane whose first callback has the lowest rank; one of rank `null` is left. */
  nextBy(rank: (entry: RelayEntry) => number | null): Lane | undefined {
    let found = -1;
    let lowest = Infinity;
    for (const [index, { queue }] of this.ready.entries()) {
      const at = queue[0] ? rank(queue[0]) : null;
      if (at !== null && (found < 0 || at < lowest)) [found, lowest] = [index, at];
    }
    const [lane] = found < 0 ? [] : this.ready.splice(found, 1);
    if (lane) lane.isBusy = true;
    return lane;
  }

  /** The first callback of a lane is delivered, or given up. @param isDropped whether it leaves the journal. */
  settle(lane: Lane, isDropped: boolean): void {
    const entry = lane.queue.shift();
    if (!entry) return;
    this.bytes -= sizeOf(entry);
    this.pass(entry);
    if (isDropped) this.dropped.push(entry.id);
    lane.attempts = 0;
  }

  /** Gives a lane its next turn. */
  release(lane: Lane): void {
    lane.isBusy = false;
    if (this.lanes.get(lane.name) !== lane) return;
    if (lane.queue.length > 0) this.ready.push(lane);
    else this.lanes.delete(lane.name);
  }

  /** Whether a lane takes so much of the room that others have to wait for it. */
  isInTheWay(lane: Lane): boolean {
    if (this.load < 0.5) return false;
    return lane.queue.length > MAX_CALLBACKS * FAIR_SHARE || bytesOf(lane) > MAX_BYTES * FAIR_SHARE;
  }

  /** Leaves all callbacks of a lane to the backlog, and those that come until that is empty. */
  setAside(lane: Lane): void {
    this.lanes.delete(lane.name);
    if (lane.isGroup) this.asideGroups.set(lane.name, 0);
    for (const entry of lane.queue.splice(0)) {
      this.bytes -= sizeOf(entry);
      this.setEntryAside(entry, lane);
    }
  }

  /** Leaves to the backlog what stands before a callback that is settled: then the position can pass that one. */
  setGapsAside(): void {
    const ids = [...this.slots.keys()];
    const last = ids.findLastIndex((id) => this.slots.get(id)?.isSettled === true);
    const before = new Set(ids.slice(0, Math.max(0, last)));
    for (const lane of this.lanes.values()) {
      // Those behind the position come again from the journal.
      const count = lane.queue.findIndex(({ id }) => !before.has(id));
      for (const entry of lane.queue.splice(0, count < 0 ? lane.queue.length : count)) {
        this.bytes -= sizeOf(entry);
        this.setEntryAside(entry, lane);
      }
    }
  }

  /** What is to be recorded now: the position up to which all is settled or set aside. */
  take(): { upTo: Position | null; aside: readonly AsideEntry[]; dropped: readonly string[] } {
    for (const [id, slot] of this.slots) {
      if (!slot.isSettled) break;
      this.settledTo = { position: slot.position, id };
      this.slots.delete(id);
    }
    const taken = { upTo: this.settledTo, aside: this.aside, dropped: this.dropped };
    [this.settledTo, this.aside, this.dropped] = [null, [], []];
    return taken;
  }

  private setEntryAside(
    entry: RelayEntry,
    { name, isGroup }: Pick<Lane, 'name' | 'isGroup'>,
  ): void {
    this.aside.push({ id: entry.id, position: entry.position, lane: name, isGroup });
    if (isGroup) this.asideGroups.set(name, (this.asideGroups.get(name) ?? 0) + 1);
    this.pass(entry);
  }

  private pass({ id }: RelayEntry): void {
    const slot = this.slots.get(id);
    if (slot) slot.isSettled = true;
  }
}

function sizeOf({ body, query }: RelayEntry): number {
  return body.length + query.length;
}

function bytesOf({ queue }: Lane): number {
  return queue.reduce((sum, entry) => sum + sizeOf(entry), 0);
}
