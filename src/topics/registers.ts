// The algebra under the merge rules: values that remember when they were said. A later date wins. Of dates that
// cannot tell (moment.ts) the last to arrive wins, and its stamp then covers what both leave open: the later
// `at` up to the later end. So the `at` of a stamp never falls; two orders of arrival can end differently only
// where each of them met such a tie, and a tie of different values is reported.
import {
  compareDates,
  type Dated,
  type Micros,
  type Moment,
  type Order,
  type Span,
  widen,
} from './moment.js';

export type { Micros, Moment, Span } from './moment.js';

/**
 * When a field was last said, and how: at dates that cannot tell 1, an update, beats 0, the creation it followed.
 * Without a precision it is exact.
 */
export type Stamp = readonly [at: Micros, rank: 0 | 1, precision?: Micros];

/** Values of `F` with the stamps they were said with, and when their owner came and went. */
export interface Registers<F> {
  readonly values: Readonly<Partial<F>>;
  readonly stamps: Readonly<Partial<Record<keyof F, Stamp>>>;
  readonly created?: Span | undefined;
  readonly gone?: Span | undefined;
  /** The number of the batch in which a callback was last heard of it. */
  readonly heard?: number | undefined;
  /** When that was, by the database's clock. */
  readonly heardAt?: Micros | undefined;
  /** Since when answers miss it whose deletion is held back. A callback or an answer that names it ends that. */
  readonly missedAt?: Micros | undefined;
  /** When the vendor was asked whose answer is the ground under all that was heard since. */
  readonly verified?: Micros | undefined;
}

export interface Statement<F> extends Dated {
  readonly kind: 'created' | 'updated' | 'gone';
  /** Only the fields that were named. */
  readonly fields: Readonly<Partial<F>>;
  readonly order: Order;
}

export const NOTHING_KNOWN = Object.freeze({ values: {}, stamps: {} });

/** What is known after a statement. `tie`: it said another value than is known, and dates cannot tell which is the later. */
export function absorb<F>(
  known: Registers<F>,
  { kind, at, precision, order, fields }: Statement<F>,
): { known: Registers<F>; tie: boolean } {
  const stamp: Stamp = stampOf(at, kind === 'created' ? 0 : 1, precision);
  const values: Partial<F> = { ...known.values };
  const stamps: Partial<Record<keyof F, Stamp>> = { ...known.stamps };
  let tie = false;
  for (const field of keysOf(fields)) {
    const old = stamps[field];
    const compared = old === undefined ? 1 : compareStamps(stamp, old);
    if (compared < 0) continue;
    const isTie = old !== undefined && compared === 0;
    tie ||= isTie && !isSame(values[field], fields[field]);
    values[field] = fields[field];
    stamps[field] = isTie ? joined(old, stamp) : stamp;
  }
  const moment: Moment = [at, precision, order];
  return {
    known: {
      values,
      stamps,
      created: kind === 'created' ? widen(known.created, moment) : known.created,
      gone: kind === 'gone' ? widen(known.gone, moment) : known.gone,
      heard: known.heard,
      heardAt: known.heardAt,
      verified: known.verified,
    },
    tie,
  };
}

/** Above 0 if `a` wins over `b`, below 0 if it loses, 0 if they cannot tell. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return compareDates(a[0], a[2] ?? 1, b[0], b[2] ?? 1) || a[1] - b[1];
}

export function stampOf(at: Micros, rank: 0 | 1, precision: Micros): Stamp {
  return precision === 1 ? [at, rank] : [at, rank, precision];
}

/** What two stamps leave open together, where they cannot tell. */
export function joined(a: Stamp, b: Stamp): Stamp {
  const at = Math.max(a[0], b[0]);
  return stampOf(at, b[1], Math.max(a[0] + (a[2] ?? 1), b[0] + (b[2] ?? 1)) - at);
}

/** What is left without the fields whose stamps belong to an earlier life. */
export function forget<F>(
  known: Registers<F>,
  isOver: (at: Micros, precision: Micros) => boolean,
): Registers<F> {
  const values: Partial<F> = { ...known.values };
  const stamps: Partial<Record<keyof F, Stamp>> = { ...known.stamps };
  for (const field of keysOf(stamps)) {
    const stamp = stamps[field];
    if (stamp === undefined || !isOver(stamp[0], stamp[2] ?? 1)) continue;
    delete values[field];
    delete stamps[field];
  }
  return { ...known, values, stamps };
}

/** Whether nothing was learned between the two; when it was heard, and in which order, does not count. */
export function isSameKnowledge<F>(a: Registers<F>, b: Registers<F>): boolean {
  if (a === b) return true;
  const fields = keysOf(a.stamps);
  return (
    a.verified === b.verified &&
    isSameSpan(a.created, b.created) &&
    isSameSpan(a.gone, b.gone) &&
    fields.length === keysOf(b.stamps).length &&
    fields.every(
      (field) =>
        isSameStamp(a.stamps[field], b.stamps[field]) && isSame(a.values[field], b.values[field]),
    )
  );
}

function isSameSpan(a: Span | undefined, b: Span | undefined): boolean {
  if (a === b) return true;
  return a !== undefined && b !== undefined && isSameMoment(a[0], b[0]) && isSameMoment(a[1], b[1]);
}

function isSameMoment(a: Moment, b: Moment): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

function isSameStamp(a: Stamp | undefined, b: Stamp | undefined): boolean {
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
