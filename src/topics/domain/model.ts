// Topics and groups as the rules see them.
import type { Micros } from './event-time.js';
import type { GroupFields, TopicFields } from './fields.js';
import type { LwwRegisters } from './lww-registers.js';

export interface Topic {
  readonly groupId: string;
  readonly topicId: string;
  readonly registers: LwwRegisters<TopicFields>;
}

export interface Group {
  readonly groupId: string;
  readonly registers: LwwRegisters<GroupFields>;
  /** The last change of owner. A creation only repeats who owns the group, so it is no such change. */
  readonly ownerChange?: OwnerChange | undefined;
  /** The batch in which it became stale last. */
  readonly staleBatch?: number | undefined;
  /** Batches committed before the request of the last snapshot. */
  readonly snapshotBatch?: number | undefined;
  /** The `requestBatch` of the snapshot of which a part was held back. */
  readonly heldBackBatch?: number | undefined;
  /** When the last callback came that names it or a topic of it, by the database's clock. */
  readonly lastCallbackAt?: Micros | undefined;
  /** Why it is stale, if it is. */
  readonly staleReason?: StaleReason | undefined;
}

/**
 * Why a group is stale. `unspecific_callback`: something changed that the callback does not name; `ambiguous_order`:
 * dates cannot order two changes; `concurrent_callback`: a callback arrived during the request; `contradiction`: a
 * snapshot denies a recent callback; `deletions_held`: snapshots miss topics that no callback deleted.
 */
export const STALE_REASONS = [
  'unspecific_callback',
  'ambiguous_order',
  'concurrent_callback',
  'contradiction',
  'deletions_held',
] as const;
export type StaleReason = (typeof STALE_REASONS)[number];

export type OwnerChange = readonly [at: Micros, ownerAccount: string | null, precision?: Micros];
