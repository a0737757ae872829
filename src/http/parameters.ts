// Query parameters of DTO classes: how each is parsed from its text.
import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';

export type Pairs = readonly (readonly [key: string, value: string])[];

/** Longer values name nothing that is stored. */
export const MAX_VALUE_LENGTH = 1024;

/** Every cursor that is given out is shorter: see `MAX_FILTER_BYTES` of the lists. */
export const MAX_CURSOR_LENGTH = 11_776;

/** Of an operation that takes none. */
export class NoParametersDto {}

/** In place of a value that cannot be parsed. */
export class Unparsable {
  constructor(readonly problem: string) {}
}

/**
 * For a property that is one parameter. `parse` throws a `RangeError` whose message says what the value must be.
 * @param maxLength in characters
 */
export function ParsedBy(
  parse: (text: string) => unknown,
  maxLength = MAX_VALUE_LENGTH,
): PropertyDecorator {
  return applyDecorators(
    Transform(({ obj, key }) => parseOne(key, obj[key], parse, maxLength)),
    IsParsable(),
  );
}

/** For a property `<prefix>.`, into which a pipe has collected the parameters `<prefix>.<Key>=<Value>`. */
export function ParsedFamily(): PropertyDecorator {
  return applyDecorators(
    Transform(({ obj, key }) => parseFamily(key, obj[key])),
    IsParsable(),
  );
}

function IsParsable(): PropertyDecorator {
  return ValidateBy({
    name: 'isParsable',
    validator: {
      validate: (value) => !(value instanceof Unparsable),
      defaultMessage: (args) => (args?.value instanceof Unparsable ? args.value.problem : ''),
    },
  });
}

function parseOne(
  name: string,
  given: unknown,
  parse: (text: string) => unknown,
  maxLength: number,
): unknown {
  const texts: unknown[] = Array.isArray(given) ? given : [given];
  if (texts.length !== 1) return unparsable(name, 'must be given once');
  const problem = textProblem(texts[0], maxLength);
  if (problem !== null) return unparsable(name, problem);
  try {
    return parse(String(texts[0]));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return unparsable(name, error.message);
  }
}

function parseFamily(
  prefix: string,
  given: readonly (readonly [string, unknown])[],
): Pairs | Unparsable {
  const problems: string[] = [];
  const pairs = given.flatMap(([name, value]) => {
    const key = name.slice(prefix.length);
    const texts: unknown[] = Array.isArray(value) ? value : [value];
    const wrong = [...texts, key].map((text) => textProblem(text)).find((it) => it !== null);
    if (key === '') problems.push(unparsable(name, 'must name a key after the dot').problem);
    else if (wrong) problems.push(unparsable(name, wrong).problem);
    return texts.map((text): [string, string] => [key, String(text)]);
  });
  return problems.length > 0 ? new Unparsable(problems.join(' ')) : pairs;
}

function unparsable(name: string, problem: string): Unparsable {
  return new Unparsable(`Parameter ${JSON.stringify(name)} ${problem}.`);
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

/** Whether an instant is written as `toISOString` writes it: another form in a cursor differs from the filter beside it. */
export function isIsoInstant(text: string): boolean {
  try {
    return instant(text).toISOString() === text;
  } catch {
    return false;
  }
}

export function anyText(text: string): string {
  return text;
}

/** Whether a text can be in a row. */
export function isStorableText(text: string): boolean {
  return textProblem(text) === null;
}

/** Why a text cannot be in any row, or `null`. */
function textProblem(text: unknown, maxLength = MAX_VALUE_LENGTH): string | null {
  if (typeof text !== 'string') return 'must be text';
  if (text.length > maxLength) return `must not be longer than ${maxLength} characters`;
  if (text.includes('\0') || !text.isWellFormed()) return 'must be text without U+0000';
  return null;
}
