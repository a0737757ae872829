// What a batch needs may be read while the batch before is being written. Whether that one was in time
// to be seen, the counter of batches tells; if not, what it wrote is laid upon what was read.
import { type Folded, type Snapshot, topicKey } from './snapshot.js';

/** The rows a batch needs, and the state of the database they belong to. */
export interface Read {
  readonly snapshot: Snapshot;
  /** By the database's clock. */
  readonly now: Date;
  /** How many batches were committed before. */
  readonly batch: number;
}

/** A batch of this process, and the counter of batches after it. */
export interface Committed {
  readonly folded: Folded;
  readonly batch: number;
}

/** `read` as it would be had it been made after `last`; as it is when it already was, or cannot be mended. */
export function afterCommit(read: Read, { folded, batch }: Committed): Read {
  if (read.batch !== batch - 1) return read;
  const { snapshot, now } = read;
  const groups = new Map(snapshot.groups.map((row) => [row.group.groupId, row]));
  for (const row of folded.groups) groups.set(row.group.groupId, row);
  const topics = new Map(
    snapshot.topics.map((row) => [topicKey(row.topic.groupId, row.topic.topicId), row]),
  );
  for (const row of folded.topics) topics.set(topicKey(row.topic.groupId, row.topic.topicId), row);
  return {
    batch,
    now: now < folded.now ? folded.now : now,
    snapshot: { seq: folded.seq, groups: [...groups.values()], topics: [...topics.values()] },
  };
}
