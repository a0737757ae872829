// A batch is folded while the batches before it are still being written: upon what they will have made of the
// rows, if they are kept. The counter of batches tells which of them what was read has seen; the others are laid
// upon it.
import { randomUUID } from 'node:crypto';
import { type Folded, isJournalOnly, type Snapshot, topicKey } from './snapshot.js';

/** The rows a batch needs, and the state of the database they belong to. */
export interface Read {
  readonly snapshot: Snapshot;
  /** By the database's clock. */
  readonly now: Date;
}

/** A batch of this process that changes topics or groups. */
export interface Draft {
  readonly folded: Folded;
  /** The last `seq` before it. */
  readonly seqBefore: number;
  /** How many batches were committed when it is. */
  readonly batch: number;
  /** No other batch has the same. */
  readonly mark: string;
  fate: 'unknown' | 'kept' | 'lost';
}

/** What a batch builds on. */
export interface Ground extends Read {
  /** The last draft that was laid upon what was read. */
  readonly last: Draft | null;
}

/** Which batches must have been committed before a batch, and what it is known by. */
export interface Turn {
  /** How many; `null` where it does not matter. */
  readonly after: number | null;
  /** The mark of the last of them; `null` where that is known to be committed. */
  readonly afterMark: string | null;
  /** Its own; `null` where it fills only the journal. */
  readonly mark: string | null;
}

// Those before were kept before anything was read for what is drafted now.
const MAX_LATEST = 2;

/** The latest drafts, in the order in which they are written. */
export class Drafts {
  private readonly process = randomUUID();
  private made = 0;
  private latest: readonly Draft[] = [];

  /** The draft of a batch that builds on this, or `null` where it fills only the journal. */
  make(folded: Folded, { snapshot }: Read): Draft | null {
    if (isJournalOnly(folded)) return null;
    this.made += 1;
    const mark = `${this.process} ${this.made}`;
    const { seq: seqBefore, batch } = snapshot;
    const draft: Draft = { folded, seqBefore, batch: batch + 1, mark, fate: 'unknown' };
    this.latest = [...this.latest, draft].slice(-MAX_LATEST);
    return draft;
  }

  /** Nothing is to be built on those before from now on. */
  forget(): void {
    this.latest = [];
  }

  /** `read` as it will be after the latest drafts, as far as they follow on it. */
  layUpon(read: Read): Ground {
    let ground: Ground = { ...read, last: null };
    for (const draft of this.latest) {
      if (draft.batch === ground.snapshot.batch + 1) ground = lay(draft, ground);
    }
    return ground;
  }
}

/** When a batch is to be written: after the drafts it builds on, of which some may not be kept after all. */
export function turnOf(draft: Draft | null, { snapshot, last }: Ground): Turn {
  const isSure = last === null || last.fate === 'kept';
  return {
    after: draft === null && isSure ? null : snapshot.batch,
    afterMark: isSure ? null : last.mark,
    mark: draft?.mark ?? null,
  };
}

function lay(draft: Draft, { snapshot, now }: Read): Ground {
  const { folded, batch } = draft;
  const groups = new Map(snapshot.groups.map((row) => [row.group.groupId, row]));
  for (const row of folded.groups) groups.set(row.group.groupId, row);
  const topics = new Map(
    snapshot.topics.map((row) => [topicKey(row.topic.groupId, row.topic.topicId), row]),
  );
  for (const row of folded.topics) topics.set(topicKey(row.topic.groupId, row.topic.topicId), row);
  return {
    // Later than that of the batch before: what is dated ahead of it counts as dated by it.
    now: now <= folded.now ? new Date(folded.now.getTime() + 1) : now,
    snapshot: {
      seq: folded.seq,
      batch,
      groups: [...groups.values()],
      topics: [...topics.values()],
    },
    last: draft,
  };
}
