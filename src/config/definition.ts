/** What defaults depend on. */
export interface Context {
  readonly production: boolean;
  /** Callbacks have to be signed unless IM_CALLBACK_AUTH says otherwise. */
  readonly signed: boolean;
}

/**
 * How one setting is read: the words of its row in docs/settings.md, and a parser from the text of the
 * environment. A parser throws a `RangeError` whose message says what the value must be, and never
 * repeats it: any text may hold a secret, if only one in the wrong place.
 */
export interface Definition<T> {
  /** The heading in docs/settings.md and `.env.example` of this setting and those after it. */
  readonly group?: string;
  /** The text used when the variable is absent or empty; `null` when there is none. */
  readonly fallback: string | null;
  /** The default where it depends on other settings; `fallback` is `null` then. */
  readonly otherwise?: (context: Context) => T;
  /** NAME_FILE may name a file that holds the value. */
  readonly secret?: true;
  /** The value in `.env.example`, where it is not `fallback`. */
  readonly example?: string;
  readonly meaning: string;
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

/**
 * Comma-separated entries, trimmed.
 * @throws RangeError for an entry that is empty or quoted: two empty variables leave a `,`, and a
 * list that only looks set must not end as an empty one.
 */
export function list(value: string): string[] {
  if (value === '') return [];
  const entries = value.split(',').map((entry) => entry.trim());
  for (const entry of entries) {
    if (entry === '') {
      throw new RangeError('holds an empty entry: remove the comma, or leave the variable out');
    }
    if (/\s/.test(entry)) throw new RangeError('holds a blank inside an entry: separate by commas');
    if (STARTS_QUOTED.test(entry) || ENDS_QUOTED.test(entry)) throw new RangeError(QUOTED);
  }
  return entries;
}

/**
 * The text of a variable as it is meant, or `undefined` where it is not set. The empty text is not
 * set: so `NAME=` in an env file and `${NAME:-}` in a compose file mean.
 * @throws RangeError for what no editor shows, and for quotes that became part of the text.
 */
export function given(raw: string | undefined): string | undefined {
  if (raw === undefined || raw === '') return undefined;
  const value = raw.trim();
  if (value === '') throw new RangeError('is blank: set a value, or leave the variable out');
  if (INVISIBLE.test(value)) {
    throw new RangeError('holds invisible characters: type the value anew instead of pasting it');
  }
  if (STARTS_QUOTED.test(value) && ENDS_QUOTED.test(value)) throw new RangeError(QUOTED);
  return value;
}

const QUOTED = 'must not be quoted: the quotes became part of the value';
const STARTS_QUOTED = /^["'`\u2018\u2019\u201c\u201d]/;
const ENDS_QUOTED = /["'`\u2018\u2019\u201c\u201d]$/;
// Controls, formats such as U+200B, unassigned; what is drawn as nothing or as an odd blank.
const INVISIBLE = /[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800]|(?! )\p{Zs}/u;
