import type { StoredChange } from './changes.repository.js';

/** What this process has committed: all changes after one `seq`, up to another. */
export interface CommittedBatch {
  readonly after: number;
  readonly upTo: number;
  readonly at: Date;
  readonly changes: readonly CommittedChange[];
}

export interface CommittedChange {
  readonly seq: number;
  readonly groupId: string;
  readonly topicId: string;
  readonly kind: string;
  readonly origin: string;
  readonly operatorAccount: string | null;
  readonly platform: string | null;
  readonly before: unknown;
  readonly after: unknown;
}

/** Changes that follow on each other without a hole. */
export interface Run {
  readonly changes: readonly StoredChange[];
  /** The last `seq` that is covered. */
  readonly upTo: number;
}

// More than half a second has under load; what is left out is read from the database.
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** Commits of this process that are not published yet: they need not be read from the database. */
export class OwnChanges {
  private batches: (Run & { readonly after: number })[] = [];
  private characters = 0;

  get isEmpty(): boolean {
    return this.batches.length === 0;
  }

  add({ after, upTo, at, changes }: CommittedBatch): void {
    if (this.characters > MAX_CHARACTERS) this.forget();
    const time = at.toISOString();
    const stored = changes.map((change) => toStored(change, time));
    for (const { json } of stored) this.characters += json.length;
    this.batches.push({ after, upTo, changes: stored });
  }

  forget(): void {
    this.batches = [];
    this.characters = 0;
  }

  /**
   * Takes all that follow on `seq`; the first of them may begin before it.
   * @returns `null` where there is a hole, of what another process has committed.
   */
  takeAfter(seq: number): Run | null {
    const { batches } = this;
    this.forget();
    let upTo = seq;
    const changes: StoredChange[] = [];
    for (const batch of batches) {
      if (batch.after > upTo) return null;
      changes.push(...batch.changes);
      upTo = Math.max(upTo, batch.upTo);
    }
    return { changes, upTo };
  }
}

/** As `ChangesRepository` reads it. */
function toStored(change: CommittedChange, at: string): StoredChange {
  const { seq, groupId, topicId, kind, origin, operatorAccount, platform, before, after } = change;
  const response = {
    seq,
    groupId,
    topicId,
    kind,
    origin,
    at,
    operatorAccount,
    platform,
    before,
    after,
  };
  return { seq, groupId, json: JSON.stringify(response) };
}
