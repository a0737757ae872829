/**
 * How one setting is read: the words of its README row, and a parser from the text of the
 * environment. A parser throws a `RangeError` whose message says what the value must be.
 */
export interface Definition<T> {
  /** The text used when the variable is absent or empty; `null` when there is none. */
  readonly fallback: string | null;
  readonly meaning: string;
  /** Never repeat the value of such a setting in a message. */
  readonly secret?: true;
  readonly parse: (text: string) => T;
}

export function text(value: string): string {
  return value;
}

export function integer(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) {
      throw new RangeError(`must be a whole number from ${min} to ${max}`);
    }
    return number;
  };
}

export function oneOf<const T extends string>(...allowed: readonly T[]): (value: string) => T {
  return (value) => {
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) throw new RangeError(`must be one of: ${allowed.join(', ')}`);
    return found;
  };
}

/** Comma-separated entries, trimmed, empty ones dropped. */
export function list(value: string): string[] {
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
