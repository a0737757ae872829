// Last-writer-wins registers. A later date wins. Where dates tie (event-time.ts) the later arrival wins, and its timestamp
// then spans both: the later `at` up to the later end. So the `at` of a timestamp never falls; two orders of arrival
// diverge only where each met such a tie, and a tie of different values is reported.
import {
  compareDates,
  type Dated,
  type Micros,
  type EventTime,
  type ArrivalOrder,
  type Span,
  widen,
} from './event-time.js';

export type { Micros, EventTime, Span } from './event-time.js';

/**
 * When a field was last written: at dates that tie, rank 1, an update, beats 0, the creation that it followed.
 * Without a precision it is exact.
 */
export type FieldTimestamp = readonly [at: Micros, rank: 0 | 1, precision?: Micros];

/** Values of `F` with their timestamps, and when their owner was created and deleted. */
export interface LwwRegisters<F> {
  readonly values: Readonly<Partial<F>>;
  readonly timestamps: Readonly<Partial<Record<keyof F, FieldTimestamp>>>;
  readonly created?: Span | undefined;
  readonly deleted?: Span | undefined;
  /** The batch of the last callback about it. */
  readonly lastCallbackBatch?: number | undefined;
  /** When that was, by the database's clock. */
  readonly lastCallbackAt?: Micros | undefined;
  /** Since when snapshots miss it, while its deletion is held back; a callback or snapshot that names it ends that. */
  readonly missingSince?: Micros | undefined;
  /** When the snapshot was requested that is the baseline. */
  readonly verifiedAt?: Micros | undefined;
}

export interface RegisterWrite<F> extends Dated {
  readonly kind: 'created' | 'updated' | 'deleted';
  /** Only the fields that were named. */
  readonly fields: Readonly<Partial<F>>;
  readonly order: ArrivalOrder;
}

export const EMPTY_REGISTERS = Object.freeze({ values: {}, timestamps: {} });

/** Registers after a write. `tie`: it has another value than the register, and their dates tie. */
export function applyWrite<F>(
  known: LwwRegisters<F>,
  { kind, at, precision, order, fields }: RegisterWrite<F>,
): { known: LwwRegisters<F>; tie: boolean } {
  const timestamp: FieldTimestamp = timestampOf(at, kind === 'created' ? 0 : 1, precision);
  const values: Partial<F> = { ...known.values };
  const timestamps: Partial<Record<keyof F, FieldTimestamp>> = { ...known.timestamps };
  let tie = false;
  for (const field of keysOf(fields)) {
    const old = timestamps[field];
    const compared = old === undefined ? 1 : compareTimestamps(timestamp, old);
    if (compared < 0) continue;
    const isTie = old !== undefined && compared === 0;
    tie ||= isTie && !isSame(values[field], fields[field]);
    values[field] = fields[field];
    timestamps[field] = isTie ? joinTimestamps(old, timestamp) : timestamp;
  }
  const moment: EventTime = [at, precision, order];
  return {
    known: {
      values,
      timestamps,
      created: kind === 'created' ? widen(known.created, moment) : known.created,
      deleted: kind === 'deleted' ? widen(known.deleted, moment) : known.deleted,
      lastCallbackBatch: known.lastCallbackBatch,
      lastCallbackAt: known.lastCallbackAt,
      verifiedAt: known.verifiedAt,
    },
    tie,
  };
}

/** Above 0 if `a` wins over `b`, below 0 if it loses, 0 if they tie. */
export function compareTimestamps(a: FieldTimestamp, b: FieldTimestamp): number {
  return compareDates(a[0], a[2] ?? 1, b[0], b[2] ?? 1) || a[1] - b[1];
}

export function timestampOf(at: Micros, rank: 0 | 1, precision: Micros): FieldTimestamp {
  return precision === 1 ? [at, rank] : [at, rank, precision];
}

/** The span of two timestamps that tie. */
export function joinTimestamps(a: FieldTimestamp, b: FieldTimestamp): FieldTimestamp {
  const at = Math.max(a[0], b[0]);
  return timestampOf(at, b[1], Math.max(a[0] + (a[2] ?? 1), b[0] + (b[2] ?? 1)) - at);
}

/** What is left without the fields whose timestamps belong to an earlier life. */
export function dropFields<F>(
  known: LwwRegisters<F>,
  isBefore: (at: Micros, precision: Micros) => boolean,
): LwwRegisters<F> {
  const values: Partial<F> = { ...known.values };
  const timestamps: Partial<Record<keyof F, FieldTimestamp>> = { ...known.timestamps };
  for (const field of keysOf(timestamps)) {
    const timestamp = timestamps[field];
    if (timestamp === undefined || !isBefore(timestamp[0], timestamp[2] ?? 1)) continue;
    delete values[field];
    delete timestamps[field];
  }
  return { ...known, values, timestamps };
}

/** Whether values, timestamps, creation and deletion are the same; arrival does not count. */
export function isSameRegisters<F>(a: LwwRegisters<F>, b: LwwRegisters<F>): boolean {
  if (a === b) return true;
  const fields = keysOf(a.timestamps);
  return (
    a.verifiedAt === b.verifiedAt &&
    isSameSpan(a.created, b.created) &&
    isSameSpan(a.deleted, b.deleted) &&
    fields.length === keysOf(b.timestamps).length &&
    fields.every(
      (field) =>
        isSameTimestamp(a.timestamps[field], b.timestamps[field]) &&
        isSame(a.values[field], b.values[field]),
    )
  );
}

function isSameSpan(a: Span | undefined, b: Span | undefined): boolean {
  if (a === b) return true;
  return (
    a !== undefined && b !== undefined && isSameEventTime(a[0], b[0]) && isSameEventTime(a[1], b[1])
  );
}

function isSameEventTime(a: EventTime, b: EventTime): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

function isSameTimestamp(a: FieldTimestamp | undefined, b: FieldTimestamp | undefined): boolean {
  if (a === b) return true;
  return a !== undefined && b !== undefined && a[0] === b[0] && a[1] === b[1] && a[2] === b[2];
}

/** Equal as JSON is: the order of an object's members means nothing (jsonb does not keep it). */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isComposed(a) || !isComposed(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isSame(a[name], b[name]))
  );
}

/** Of a list the members are named by their places. */
function isComposed(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** The names of an object's members; for our own records, whose keys the compiler knows. */
export function keysOf<T extends object>(record: T): (keyof T)[] {
  return Object.keys(record) as (keyof T)[];
}
