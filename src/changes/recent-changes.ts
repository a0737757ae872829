import type { StoredChange, LogPage } from './changes.repository.js';

// Held once, whatever the number of subscribers.
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** The latest changes, all of them from one on, as far as they fit a bounded memory. */
export class RecentChanges {
  private changes: StoredChange[] = [];
  private characters = 0;
  /** The last change of each group that is here: most subscribers of one group have nothing to read. */
  private readonly lastOfGroup = new Map<string, number>();
  /** Everything after this `seq`, up to the head, is here. */
  private from = 0;
  private floor = 0;
  private epoch = '';
  private latest: number | null = null;
  /** The last result: all subscribers that are not behind read the same. */
  private lastRead: {
    readonly after: number;
    readonly limit: number;
    readonly page: LogPage;
  } | null = null;

  /** The last `seq` that is covered, or `null` before the beginning. */
  get head(): number | null {
    return this.latest;
  }

  /** Begins at the present: nothing before it is here. */
  begin({ latest, floor, epoch }: LogPage): void {
    this.forget();
    this.latest = latest;
    this.from = latest;
    this.floor = floor;
    this.epoch = epoch;
  }

  /** Whether the buffer is of another epoch: then a page does not continue it. */
  isOtherEpoch({ epoch }: LogPage): boolean {
    return epoch !== this.epoch;
  }

  /**
   * Adds what follows the head; what is not after it is here already.
   * @param upTo the last `seq` that is covered
   * @returns the groups of which there was anything.
   */
  append(changes: readonly StoredChange[], upTo: number): ReadonlySet<string> {
    const head = this.latest ?? upTo;
    const groupIds = new Set<string>();
    this.lastRead = null;
    this.latest = Math.max(head, upTo);
    for (const change of changes) {
      if (change.seq <= head) continue;
      this.changes.push(change);
      this.characters += change.json.length;
      this.lastOfGroup.set(change.groupId, change.seq);
      groupIds.add(change.groupId);
    }
    this.trim();
    return groupIds;
  }

  /** Everything after this `seq` is in the log. */
  raiseFloor(seq: number): void {
    this.lastRead = null;
    this.floor = seq;
  }

  private trim(): void {
    let dropped = 0;
    while (this.characters > MAX_CHARACTERS) {
      const first = this.changes[dropped];
      if (first === undefined) break;
      this.characters -= first.json.length;
      this.from = first.seq;
      if (this.lastOfGroup.get(first.groupId) === first.seq) {
        this.lastOfGroup.delete(first.groupId);
      }
      dropped += 1;
    }
    if (dropped > 0) this.changes = this.changes.slice(dropped);
  }

  forget(): void {
    this.changes = [];
    this.characters = 0;
    this.lastOfGroup.clear();
    this.latest = null;
    this.lastRead = null;
  }

  /** The first changes after `after`, or `null` where not all of them are here. */
  read(after: number, limit: number, groupId: string | null): LogPage | null {
    if (this.latest === null || after < this.from) return null;
    if (groupId === null && this.lastRead?.after === after && this.lastRead.limit === limit) {
      return this.lastRead.page;
    }
    const isNothing = groupId !== null && (this.lastOfGroup.get(groupId) ?? 0) <= after;
    const found: StoredChange[] = [];
    for (
      let at = isNothing ? this.changes.length : this.firstAfter(after);
      at < this.changes.length && found.length < limit;
      at += 1
    ) {
      const change = this.changes[at];
      if (change && (groupId === null || change.groupId === groupId)) found.push(change);
    }
    const { latest, floor, epoch } = this;
    const page = { changes: found, latest, floor, epoch };
    if (groupId === null) this.lastRead = { after, limit, page };
    return page;
  }

  private firstAfter(seq: number): number {
    let low = 0;
    let high = this.changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.changes[middle]?.seq ?? 0) > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
