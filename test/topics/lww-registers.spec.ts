import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  applyWrite,
  compareTimestamps,
  dropFields,
  EMPTY_REGISTERS,
  isSame,
  isSameRegisters,
  type LwwRegisters,
  type RegisterWrite,
} from '../../src/topics/domain/lww-registers.js';

interface Fields {
  readonly name: string;
  readonly type: string;
}
type Write = Omit<RegisterWrite<Fields>, 'order'>;

const S = 1_000_000;
const write = (at: number, fields: Partial<Fields>, precision = 1): Write => ({
  kind: 'updated',
  at,
  precision,
  fields,
});

/** Applies writes in the order of their arrival. */
function merge(writes: readonly Write[]) {
  let known: LwwRegisters<Fields> = EMPTY_REGISTERS;
  let ties = 0;
  writes.forEach((one, index) => {
    const result = applyWrite<Fields>(known, { ...one, order: [1, index] });
    known = result.known;
    if (result.tie) ties += 1;
  });
  return { known, ties };
}

const shuffledWrites = fc
  .uniqueArray(fc.nat(30), { minLength: 1, maxLength: 8 })
  .chain((dates) =>
    fc.tuple(
      ...dates.map((at) =>
        fc.record({
          kind: fc.constantFrom('created' as const, 'updated' as const, 'deleted' as const),
          at: fc.constant(at * 1000),
          precision: fc.constant(1000),
          fields: fc.record(
            { name: fc.string({ maxLength: 2 }), type: fc.string({ maxLength: 2 }) },
            { requiredKeys: [] },
          ),
        }),
      ),
    ),
  )
  .chain((writes) =>
    fc.tuple(
      fc.constant<readonly Write[]>(writes),
      fc.shuffledSubarray([...writes, ...writes], { minLength: 2 * writes.length }),
    ),
  );

describe('registers', () => {
  it('end the same in any order and repetition of writes with distinct dates', () => {
    fc.assert(
      fc.property(shuffledWrites, ([writes, delivered]) => {
        const expected = merge(writes.toSorted((a, b) => a.at - b.at));
        const found = merge(delivered);
        expect(found.known.values).toEqual(expected.known.values);
        expect(isSameRegisters(found.known, expected.known)).toBe(true);
        expect([expected.ties, found.ties]).toEqual([0, 0]);
      }),
    );
  });

  it('take the later date, whichever arrives last', () => {
    const early = write(1 * S, { name: 'early' });
    const late = write(2 * S, { name: 'late' });
    expect(merge([late, early]).known.values).toEqual({ name: 'late' });
    expect(merge([early, late]).known.values).toEqual({ name: 'late' });
  });

  it('take the last to arrive of dates that overlap, and report a tie of different values', () => {
    const second = write(1 * S, { name: 'second' }, S);
    const millisecond = write(1.5 * S, { name: 'millisecond' }, 1000);
    expect(merge([millisecond, second])).toMatchObject({
      known: { values: { name: 'second' } },
      ties: 1,
    });
    expect(merge([second, millisecond]).known.values).toEqual({ name: 'millisecond' });
    expect(merge([second, second]).ties).toBe(0);
  });

  it('cover what two overlapping dates leave open, and never fall behind the later one', () => {
    const { known } = merge([write(1.5 * S, { name: 'a' }, 1000), write(1 * S, { name: 'b' }, S)]);
    expect(known.timestamps.name).toEqual([1.5 * S, 1, 0.5 * S]);
  });

  it('prefer an update to the creation of the same date', () => {
    const created: Write = { ...write(S, { name: 'created' }), kind: 'created' };
    const updated = write(S, { name: 'updated' });
    expect(merge([updated, created]).known.values).toEqual({ name: 'updated' });
    expect(merge([created, updated]).known.values).toEqual({ name: 'updated' });
    expect(merge([created, updated]).ties).toBe(0);
  });

  it('leave a field that a write does not name', () => {
    const { known } = merge([write(S, { name: 'a' }), write(2 * S, { type: 'b' })]);
    expect(known.values).toEqual({ name: 'a', type: 'b' });
    expect(known.timestamps).toEqual({ name: [S, 1], type: [2 * S, 1] });
  });

  it('drop the fields of an earlier life with their timestamps, and no others', () => {
    const { known } = merge([write(S, { name: 'a' }), write(3 * S, { type: 'b' })]);
    const left = dropFields(known, (at) => at < 2 * S);
    expect([left.values, left.timestamps]).toEqual([{ type: 'b' }, { type: [3 * S, 1] }]);
  });
});

describe('timestamps', () => {
  it('are ordered by date, then by rank, and overlap within their precision', () => {
    expect(compareTimestamps([2, 0], [1, 1])).toBe(1);
    expect(compareTimestamps([1, 1], [1, 0])).toBe(1);
    expect(compareTimestamps([1, 1, 1000], [500, 1])).toBe(0);
    expect(compareTimestamps([1001, 0], [1, 1, 1000])).toBe(1);
  });
});

describe('values', () => {
  it('are equal as JSON is, whatever the order of members', () => {
    expect(isSame([{ a: 1, b: null }], [{ b: null, a: 1 }])).toBe(true);
    expect(isSame([1, 2], [2, 1])).toBe(false);
    expect(isSame({}, [])).toBe(false);
    expect(isSame({ a: undefined }, { b: undefined })).toBe(false);
  });
});
