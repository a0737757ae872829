// The parameters of a query string: one table per endpoint says how each is read and how it is
// documented, so that what is refused, what is told in the refusal and what /openapi.json says
// cannot part ways.
import { Problem } from './problem.js';

/** A piece of JSON Schema 2020-12. */
export type Schema = Readonly<Record<string, unknown>>;

/** One parameter. `parse` throws a `RangeError` whose message says what the value must be. */
export interface Parameter<T> {
  readonly description: string;
  readonly schema: Schema;
  readonly example?: string | number;
  /** In characters; without it that of the longest text that is stored. */
  readonly maxLength?: number;
  readonly parse: (text: string) => T;
}

export type ParameterTable = Readonly<Record<string, Parameter<unknown>>>;

/** The values of the parameters that were given. */
export type Given<Table extends ParameterTable> = {
  readonly [Name in keyof Table]?: ReturnType<Table[Name]['parse']>;
};

/** A family of parameters, `<prefix><Key>=<Value>`, each of which may be given several times. */
export interface Family {
  readonly prefix: string;
  readonly description: string;
  readonly example: Readonly<Record<string, string>>;
}

export interface Read<Table extends ParameterTable> {
  readonly given: Given<Table>;
  /** Pairs of the family, in the order they were given. */
  readonly family: readonly (readonly [key: string, value: string])[];
}

/** Longer values name nothing that is stored. */
const MAX_VALUE_LENGTH = 1024;

/** Every cursor that is given out is shorter: see `MAX_FILTER_BYTES` of the lists. */
export const MAX_CURSOR_LENGTH = 11_776;

/**
 * Reads a parsed query string (`name → text`, or a list of texts where it was repeated).
 * @throws Problem 400 that tells everything wrong at once, by name, and what is allowed.
 */
export function readParameters<const Table extends ParameterTable>(
  query: unknown,
  table: Table,
  family?: Family,
): Read<Table> {
  const pairs: [string, string][] = [];
  const values: [string, unknown][] = [];
  const unknown: string[] = [];
  const problems: string[] = [];
  for (const [name, given] of Object.entries(query ?? {})) {
    const parameter = Object.hasOwn(table, name) ? table[name] : undefined;
    const texts: unknown[] = Array.isArray(given) ? given : [given];
    const maxLength = parameter?.maxLength ?? MAX_VALUE_LENGTH;
    const wrong = texts.map((text) => textProblem(text, maxLength)).find((it) => it !== null);
    if (family && name.startsWith(family.prefix)) {
      const key = name.slice(family.prefix.length);
      if (key === '') problems.push(`Parameter ${quote(name)} must name a key after the dot.`);
      else if (wrong ?? textProblem(key))
        problems.push(`Parameter ${quote(name)} ${wrong ?? textProblem(key)}.`);
      else pairs.push(...texts.map((text): [string, string] => [key, String(text)]));
    } else if (!parameter) unknown.push(quote(name));
    else if (texts.length !== 1) problems.push(`Parameter ${quote(name)} must be given once.`);
    else if (wrong) problems.push(`Parameter ${quote(name)} ${wrong}.`);
    else {
      const [value, problem] = parsed(parameter, String(texts[0]));
      if (problem === null) values.push([name, value]);
      else problems.push(`Parameter ${quote(name)} ${problem}.`);
    }
  }
  if (unknown.length > 0) {
    const allowed = [...Object.keys(table), ...(family ? [`${family.prefix}<Key>`] : [])];
    problems.unshift(
      `Unknown parameter ${unknown.join(', ')}; allowed: ${allowed.toSorted().join(', ')}.`,
    );
  }
  if (problems.length > 0) throw new Problem(400, 'INVALID_PARAMETER', problems.join(' '));
  // The values are those of the table's parsers; only the compiler has lost that.
  return { given: Object.fromEntries(values) as Given<Table>, family: pairs };
}

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= min && number <= max)) {
      throw new RangeError(`must be one whole number from ${min} to ${max}`);
    }
    return number;
  };
}

export function oneOf<const T extends string>(allowed: readonly T[]): (text: string) => T {
  return (text) => {
    const found = allowed.find((candidate) => candidate === text);
    if (found === undefined) throw new RangeError(`must be one of: ${allowed.join(', ')}`);
    return found;
  };
}

/** Names out of a closed set, comma-separated, in the order of the set. */
export function someOf<const T extends string>(allowed: readonly T[]): (text: string) => T[] {
  return (text) => {
    const names = text.split(',');
    if (!names.every((name) => allowed.some((candidate) => candidate === name))) {
      throw new RangeError(`must be names, comma-separated, of: ${allowed.join(', ')}`);
    }
    return allowed.filter((candidate) => names.includes(candidate));
  };
}

const INSTANT =
  /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))?$/;
// The years that every date of an answer can be written with: PostgreSQL has no year 0.
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** An instant of ISO 8601 with its offset, or a day in UTC; to the millisecond that it lies in. */
export function instant(text: string): Date {
  return readInstant(text).date;
}

/** Likewise; to the first millisecond that is not before it. */
export function instantOrLater(text: string): Date {
  const { date, isWhole } = readInstant(text);
  return isWhole ? date : dateOf(date.getTime() + 1);
}

function readInstant(text: string): { date: Date; isWhole: boolean } {
  // An unencoded + arrives as a space.
  const iso = text.replace(/ (?=\d\d:\d\d$)/, '+');
  const [found, day = '', time = '00:00', second = '00', fraction = ''] = INSTANT.exec(iso) ?? [];
  // Date takes 30 February and the hour 24, and makes other days of them.
  const local = `${day}T${time}:${second}.000Z`;
  const localMs = Date.parse(local);
  const isReal = !Number.isNaN(localMs) && new Date(localMs).toISOString() === local;
  if (found === undefined || !isReal) throw notAnInstant();
  return { date: dateOf(Date.parse(iso)), isWhole: /^0*$/.test(fraction.slice(3)) };
}

function dateOf(ms: number): Date {
  if (!(ms >= FIRST_MS && ms <= LAST_MS)) throw notAnInstant();
  return new Date(ms);
}

function notAnInstant(): RangeError {
  return new RangeError(
    'must be an instant of the years 0001 to 9999 like 2026-01-31T12:00:00Z, on a day that exists',
  );
}

export function anyText(text: string): string {
  return text;
}

function parsed(parameter: Parameter<unknown>, text: string): [unknown, string | null] {
  try {
    return [parameter.parse(text), null];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [undefined, error.message];
  }
}

/** Why a text cannot be in any row, or `null`. */
function textProblem(text: unknown, maxLength = MAX_VALUE_LENGTH): string | null {
  if (typeof text !== 'string') return 'must be text';
  if (text.length > maxLength) return `must not be longer than ${maxLength} characters`;
  if (text.includes('\0') || !text.isWellFormed()) return 'must be text without U+0000';
  return null;
}

function quote(name: string): string {
  return JSON.stringify(name);
}
