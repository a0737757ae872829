// Reads the vendor's JSON; which fields there are, and how each is read, says fields.ts.

/** A JSON object in the vendor's words. */
export type Wire = Readonly<Record<string, unknown>>;

// Strings first, so that digits inside of them are never taken for a number.
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

// Only bodies with such digits can hold a number that a double does not.
const SUSPECT = /\d{16}|\d[eE][+-]?\d{3}/;

/**
 * Parses JSON so that no number loses a digit: one that a double does not hold (such as `Next`)
 * becomes the text that it is written as.
 * @throws SyntaxError when it is not JSON.
 */
export function parseExact(json: string): unknown {
  // Parsed first in any case: of what is no JSON the expression might match anything, slowly.
  const parsed: unknown = JSON.parse(json);
  if (!SUSPECT.test(json)) return parsed;
  return JSON.parse(
    json.replace(STRING_OR_NUMBER, (token) => (isInexact(token) ? `"${token}"` : token)),
  );
}

function isInexact(token: string): boolean {
  if (token.startsWith('"')) return false;
  const number = Number(token);
  // Beyond the exponents of a double: infinite, or 0 with other digits.
  if (!Number.isFinite(number)) return true;
  if (number === 0) return /^[-.0]*[1-9]/.test(token);
  if (token.length < 16) return false;
  return Number.isInteger(number) ? !Number.isSafeInteger(number) : String(number) !== token;
}

export function isWire(value: unknown): value is Wire {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
