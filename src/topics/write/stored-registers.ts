// The column `registers` of topics and groups: LWW registers without their values, which have columns of their own.
import type {
  EventTime,
  FieldTimestamp,
  LwwRegisters,
  Micros,
  Span,
} from '../domain/lww-registers.js';
import { isSame } from '../domain/lww-registers.js';
import type { Group, OwnerChange, StaleReason } from '../domain/model.js';

/**
 * The column `registers`, in keys of one letter. Of topics and groups:
 *
 * | key | holds                              |
 * | --- | ---------------------------------- |
 * | `f` | `timestamps`                       |
 * | `c` | `created`                          |
 * | `g` | `deleted`                          |
 * | `n` | `lastCallbackBatch`                |
 * | `h` | `lastCallbackAt` of the registers  |
 * | `m` | `missingSince`                     |
 * | `v` | `verifiedAt`                       |
 *
 * Of groups alone:
 *
 * | key | holds                              |
 * | --- | ---------------------------------- |
 * | `o` | `ownerChange`                      |
 * | `d` | `staleBatch`                       |
 * | `q` | `snapshotBatch`                    |
 * | `w` | `heldBackBatch`                    |
 * | `k` | `lastCallbackAt` of the group      |
 * | `r` | `staleReason`                      |
 */
export interface StoredRegisters<Field extends string> {
  readonly f?: Partial<Record<Field, FieldTimestamp>> | undefined;
  readonly c?: StoredSpan | undefined;
  readonly g?: StoredSpan | undefined;
  readonly n?: number | undefined;
  readonly h?: Micros | undefined;
  readonly m?: Micros | undefined;
  readonly v?: Micros | undefined;
  readonly o?: OwnerChange | undefined;
  readonly d?: number | undefined;
  readonly q?: number | undefined;
  readonly w?: number | undefined;
  readonly k?: Micros | undefined;
  readonly r?: StaleReason | undefined;
}

/** A time that is first and last stands there once. */
type StoredSpan = readonly [EventTime, EventTime?];

/** Registers as they are stored, with what a group has besides. */
export function toStored<F>(
  registers: LwwRegisters<F>,
  group: Partial<Group> = {},
): StoredRegisters<Extract<keyof F, string>> {
  return {
    f: registers.timestamps,
    c: fromSpan(registers.created),
    g: fromSpan(registers.deleted),
    n: registers.lastCallbackBatch,
    h: registers.lastCallbackAt,
    m: registers.missingSince,
    v: registers.verifiedAt,
    o: group.ownerChange,
    d: group.staleBatch,
    q: group.snapshotBatch,
    w: group.heldBackBatch,
    k: group.lastCallbackAt,
    r: group.staleReason,
  };
}

/** What `toStored` made, without values and timestamps. */
export function spansIn(
  stored: StoredRegisters<string>,
): Omit<LwwRegisters<unknown>, 'values' | 'timestamps'> {
  return {
    created: toSpan(stored.c),
    deleted: toSpan(stored.g),
    lastCallbackBatch: stored.n,
    lastCallbackAt: stored.h,
    missingSince: stored.m,
    verifiedAt: stored.v,
  };
}

function toSpan(stored: StoredSpan | undefined): Span | undefined {
  if (stored === undefined) return undefined;
  const [first, last = first] = stored;
  return [first, last];
}

function fromSpan(span: Span | undefined): StoredSpan | undefined {
  return span && isSame(span[0], span[1]) ? [span[0]] : span;
}
