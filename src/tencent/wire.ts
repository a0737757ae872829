// Reads the vendor's JSON: what is of another type than documented is read as well as it can be.

/** A JSON object in the vendor's words. */
export type Wire = Readonly<Record<string, unknown>>;

// Strings first, so that digits inside of them are never taken for a number.
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const LONG_INTEGER = /^\d{16,}$/;

/**
 * Parses JSON so that no integer loses a digit: one that a double may not hold (16 digits and more,
 * such as `Next`) becomes a text of its digits.
 * @throws SyntaxError when it is not JSON.
 */
export function parseExact(json: string): unknown {
  if (!/\d{16}/.test(json)) return JSON.parse(json);
  return JSON.parse(
    json.replace(STRING_OR_NUMBER, (token) => (LONG_INTEGER.test(token) ? `"${token}"` : token)),
  );
}

export function isWire(value: unknown): value is Wire {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text field as PostgreSQL can hold it; `undefined` when it is absent or not a plain value. */
export function text(wire: Wire, name: string): string | undefined {
  const value = wire[name];
  if (typeof value === 'string') return storableText(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** An id, byte for byte; `undefined` when it is absent or empty. */
export function id(wire: Wire, ...names: readonly string[]): string | undefined {
  const value = names.map((name) => wire[name]).find((candidate) => candidate !== undefined);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** An integer that came as a number or as digits. */
export function integer(wire: Wire, name: string): number | undefined {
  const value = wire[name];
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

/** An unsigned integer of 64 bits. */
export function unsigned64(wire: Wire, name: string): bigint | undefined {
  const value = wire[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  return typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

export function objects(wire: Wire, name: string): readonly Wire[] | undefined {
  const value = wire[name];
  return Array.isArray(value) && value.every(isWire) ? value : undefined;
}

/** A list kept as it came; `undefined` when it is absent or not a list. */
export function list(wire: Wire, name: string): readonly unknown[] | undefined {
  const value = wire[name];
  return Array.isArray(value) ? value.map(storable) : undefined;
}

/** `fields` without those that are undefined: only what was named. */
export function named<T extends object>(fields: T): Partial<T> {
  const found: Partial<T> = {};
  for (const name in fields) if (fields[name] !== undefined) found[name] = fields[name];
  return found;
}

/** A text as PostgreSQL can hold it: without U+0000 and half surrogate pairs. */
export function storableText(value: string): string {
  if (value.isWellFormed() && !value.includes('\0')) return value;
  return value.replaceAll('\0', '\uFFFD').toWellFormed();
}

function storable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(storable);
  if (!isWire(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [storableText(key), storable(member)]),
  );
}
