// The algebra under the merge rules: values that remember when they were said. Every operation
// takes the larger of two by a fixed order, so any order and any repetition end the same.

/** A point in time: whole microseconds since 1970. Exact as a number until the year 2255. */
export type Micros = number;

/** When a field was last said, and how: at the same date 1, an update, beats 0, the creation it followed. */
export type Stamp = readonly [at: Micros, rank: 0 | 1];

/** The earliest and the latest date of an event that may be told more than once. */
export type Span = readonly [first: Micros, last: Micros];

/** Values of `F` with the stamps they were said with, and when their owner came and went. */
export interface Registers<F> {
  readonly values: Readonly<Partial<F>>;
  readonly stamps: Readonly<Partial<Record<keyof F, Stamp>>>;
  readonly created?: Span | undefined;
  readonly gone?: Span | undefined;
  /** The number of the batch in which a callback was last heard of it. */
  readonly heard?: number | undefined;
  /** When the vendor was asked whose answer is the ground under all that was heard since. */
  readonly verified?: Micros | undefined;
}

/** The stamp of what the vendor answered: whatever is said later was said after it. */
export const GROUND: Stamp = [0, 0];

export interface Statement<F> {
  readonly kind: 'created' | 'updated' | 'gone';
  readonly at: Micros;
  /** Only the fields that were named. */
  readonly fields: Readonly<Partial<F>>;
}

export const NOTHING_KNOWN = Object.freeze({ values: {}, stamps: {} });

/**
 * What is known after a statement. `tie`: two values of one field claim the same date, so the one
 * that stays is chosen by a fixed order and not by knowledge.
 */
export function absorb<F>(
  known: Registers<F>,
  { kind, at, fields }: Statement<F>,
): { known: Registers<F>; tie: boolean } {
  const stamp: Stamp = [at, kind === 'created' ? 0 : 1];
  const values: Partial<F> = { ...known.values };
  const stamps: Partial<Record<keyof F, Stamp>> = { ...known.stamps };
  let tie = false;
  for (const field of keysOf(fields)) {
    const order = compareStamps(stamp, stamps[field]);
    const isOther = order === 0 && !isSame(values[field], fields[field]);
    tie ||= isOther;
    if (order < 0 || (order === 0 && !(isOther && isLarger(fields[field], values[field]))))
      continue;
    values[field] = fields[field];
    stamps[field] = stamp;
  }
  return {
    known: {
      values,
      stamps,
      created: kind === 'created' ? widen(known.created, at) : known.created,
      gone: kind === 'gone' ? widen(known.gone, at) : known.gone,
      heard: known.heard,
      verified: known.verified,
    },
    tie,
  };
}

/** What is left when all that was said before `at` belongs to an earlier life. */
export function forgetBefore<F>(known: Registers<F>, at: Micros): Registers<F> {
  const values: Partial<F> = { ...known.values };
  const stamps: Partial<Record<keyof F, Stamp>> = { ...known.stamps };
  for (const field of keysOf(stamps)) {
    if ((stamps[field]?.[0] ?? at) >= at) continue;
    delete values[field];
    delete stamps[field];
  }
  return { ...known, values, stamps };
}

export function widen(span: Span | undefined, at: Micros): Span {
  return span === undefined ? [at, at] : [Math.min(span[0], at), Math.max(span[1], at)];
}

/** Whether nothing was learned between the two; when it was heard does not count. */
export function isSameKnowledge<F>(a: Registers<F>, b: Registers<F>): boolean {
  if (a === b) return true;
  const fields = keysOf(a.stamps);
  return (
    a.verified === b.verified &&
    isSamePair(a.created, b.created) &&
    isSamePair(a.gone, b.gone) &&
    fields.length === keysOf(b.stamps).length &&
    fields.every(
      (field) =>
        isSamePair(a.stamps[field], b.stamps[field]) && isSame(a.values[field], b.values[field]),
    )
  );
}

function isSamePair(
  a: readonly [number, number] | undefined,
  b: readonly [number, number] | undefined,
): boolean {
  return a === b || (a !== undefined && b !== undefined && a[0] === b[0] && a[1] === b[1]);
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

function compareStamps(a: Stamp, b: Stamp | undefined): number {
  return b === undefined ? 1 : a[0] - b[0] || a[1] - b[1];
}

function isLarger(a: unknown, b: unknown): boolean {
  return canonical(a) > canonical(b);
}

function canonical(value: unknown): string {
  const sorted = (_: string, member: unknown): unknown =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member;
  return JSON.stringify(value, sorted) ?? '';
}
