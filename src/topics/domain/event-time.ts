// Event times. The vendor dates in whole seconds (RequestTime) or in
// milliseconds (EventTime), this side by arrival in microseconds: a date says "between `at` and `at + precision`".
// Two dates that overlap tie. Then the order of arrival decides, which all processes share, and the group becomes stale
// where it matters.

/** A point in time: whole microseconds since 1970. Exact as a number until the year 2255. */
export type Micros = number;

/** How exact dates of the vendor are, and of an arrival: an arrival says nothing about the event. */
export const PRECISION = { arrival: 1, eventTime: 1_000, requestTime: 1_000_000 } as const;

/** The earlier of two dates that may be missing. */
export function earliest(one: Micros | null, other: Micros | null): Micros | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

export interface Dated {
  readonly at: Micros;
  /** It happened less than that after `at`. */
  readonly precision: Micros;
}

/** Above 0 if `a` is later than `b` whatever their precision, below 0 if it is earlier, 0 if they tie. */
export function compareDates(a: Micros, aPrecision: Micros, b: Micros, bPrecision: Micros): number {
  if (a >= b + bPrecision) return 1;
  return b >= a + aPrecision ? -1 : 0;
}

/** The place of a change set in the order of arrival: the number of its batch, and how many of that came before. */
export type ArrivalOrder = readonly [batch: number, index: number];

/** Where a change set stands: in the order of arrival, and when it came by the database's clock. */
export interface Arrival {
  readonly order: ArrivalOrder;
  readonly at: Micros;
}

/** A beginning or an end. */
export type EventTime = readonly [at: Micros, precision: Micros, order: ArrivalOrder];

/** The earliest and the latest date of an event that may be delivered more than once. */
export type Span = readonly [first: EventTime, last: EventTime];

export function isLater(a: EventTime, b: EventTime): boolean {
  const order = compareDates(a[0], a[1], b[0], b[1]);
  return order > 0 || (order === 0 && isLaterOrder(a[2], b[2]));
}

function isLaterOrder(a: ArrivalOrder, b: ArrivalOrder): boolean {
  return a[0] === b[0] ? a[1] > b[1] : a[0] > b[0];
}

export function isTie(a: EventTime | undefined, b: EventTime | undefined): boolean {
  return a !== undefined && b !== undefined && compareDates(a[0], a[1], b[0], b[1]) === 0;
}

/** Whether equal dates mean one event, delivered again: no two happen to a topic in one millisecond. */
export function isExact(precision: Micros): boolean {
  return precision < PRECISION.requestTime;
}

/** A span after one more telling, which is the last to arrive. */
export function widen(span: Span | undefined, moment: EventTime): Span {
  if (span === undefined) return [moment, moment];
  const [first, last] = span;
  if (last[0] === moment[0] && last[1] === moment[1] && isExact(moment[1])) return span;
  const begin = compareDates(moment[0], moment[1], first[0], first[1]);
  const end = compareDates(moment[0], moment[1], last[0], last[1]);
  return [
    begin < 0
      ? moment
      : begin > 0
        ? first
        : join(Math.min(first[0], moment[0]), first, moment, first[2]),
    end > 0 ? moment : end < 0 ? last : join(Math.max(last[0], moment[0]), last, moment, moment[2]),
  ];
}

function join(at: Micros, a: EventTime, b: EventTime, order: ArrivalOrder): EventTime {
  return [at, Math.max(a[0] + a[1], b[0] + b[1]) - at, order];
}
