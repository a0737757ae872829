import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  compareDates,
  earliest,
  type EventTime,
  isLater,
  isTie,
  type Span,
  widen,
} from '../../src/topics/domain/event-time.js';

const MS = 1000;
const S = 1_000_000;

describe('dates', () => {
  it('can be told apart only where their intervals do not overlap', () => {
    expect(compareDates(2 * S, S, 1 * S, S)).toBe(1);
    expect(compareDates(2 * S - 1, S, 1 * S, S)).toBe(0);
    expect(compareDates(1 * S, MS, 1 * S + MS, MS)).toBe(-1);
  });

  it('compare the other way round when they are exchanged', () => {
    const date = fc.tuple(fc.nat(3000), fc.constantFrom(1, 1000));
    fc.assert(
      fc.property(date, date, ([a, p], [b, q]) => {
        expect(compareDates(a, p, b, q) + compareDates(b, q, a, p)).toBe(0);
      }),
    );
  });

  it('yield to the order of arrival where they overlap', () => {
    const first: EventTime = [S, S, [1, 1]];
    const second: EventTime = [S, S, [1, 2]];
    expect([isLater(second, first), isLater(first, second)]).toEqual([true, false]);
    expect(isLater([S, S, [2, 0]], second)).toBe(true);
    expect(isLater([3 * S, S, [1, 0]], second)).toBe(true);
    expect([isTie(first, second), isTie(first, undefined)]).toEqual([true, false]);
  });

  it('may be missing on either side', () => {
    expect([earliest(null, 1), earliest(2, null), earliest(2, 1), earliest(null, null)]).toEqual([
      1,
      2,
      1,
      null,
    ]);
  });
});

describe('a span', () => {
  it('holds the first and the last of distinct dates in any order and repetition', () => {
    const deliveries = fc
      .uniqueArray(fc.nat(50), { minLength: 1, maxLength: 6 })
      .chain((dates) => fc.shuffledSubarray([...dates, ...dates], { minLength: 2 * dates.length }));
    fc.assert(
      fc.property(deliveries, (dates) => {
        const span = dates.reduce<Span | undefined>(
          (known, at, index) => widen(known, [at * MS, MS, [1, index]]),
          undefined,
        );
        expect(span?.map(([at]) => at)).toEqual([Math.min(...dates) * MS, Math.max(...dates) * MS]);
      }),
    );
  });

  it('keeps its order of arrival when the same exact date is repeated', () => {
    const span = widen(undefined, [S, MS, [1, 0]]);
    expect(widen(span, [S, MS, [9, 9]])).toBe(span);
  });
});
