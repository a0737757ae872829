// Reads single fields of a body in the vendor's words. What is of another type than documented is
// read as well as it can be; only an id must be right.
//
// Plain functions and not class-transformer: a callback is read 2,000 times a second, and building
// and validating a class instance took nine times as long as parsing the JSON (28 µs against 3 µs).
import { idProblem } from '../topics/id.js';
import { type CallbackBody, InvalidCallbackError } from './callback.js';

/** @throws InvalidCallbackError when the id is absent or cannot be one. */
export function requiredId(body: CallbackBody, name: string): string {
  const value = body[name];
  const id = typeof value === 'number' ? String(value) : value;
  if (typeof id !== 'string') throw new InvalidCallbackError(`${name} is missing`);
  const problem = idProblem(id);
  if (problem !== null) throw new InvalidCallbackError(`${name} ${problem}`);
  return id;
}

/** The ids of a list, each once; a single text is taken as a list of one. */
export function idList(
  body: CallbackBody,
  name: string,
): { readonly ids: readonly string[]; readonly hasBadOnes: boolean } {
  const value = body[name];
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (value === undefined || value === null) {
    throw new InvalidCallbackError(`${name} is missing`);
  }
  const ids = items.filter((item) => typeof item === 'string' && idProblem(item) === null);
  return { ids: [...new Set(ids as string[])], hasBadOnes: ids.length < items.length };
}

/** A switch; the vendor writes `On` and `Off` as well as JSON's own. */
export function flag(body: CallbackBody, name: string): boolean | undefined {
  const value = body[name];
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  const word = value.toLowerCase();
  if (word === 'on' || word === 'true') return true;
  return word === 'off' || word === 'false' ? false : undefined;
}

/** A text field; `undefined` when it is absent, null or not a plain value. */
export function text(body: CallbackBody, name: string): string | undefined {
  const value = body[name];
  if (typeof value === 'string') return storableText(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** A list kept as it came; `undefined` when it is absent or not a list. */
export function list(body: CallbackBody, name: string): readonly unknown[] | undefined {
  const value = body[name];
  return Array.isArray(value) ? value.map(storable) : undefined;
}

/** `fields` without those that are undefined: only what was named. */
export function named<T extends object>(fields: T): Partial<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<T>;
}

/** PostgreSQL holds neither U+0000 nor half a surrogate pair. */
function storableText(value: string): string {
  return value.replaceAll('\0', '\uFFFD').toWellFormed();
}

function storable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [storableText(key), storable(member)]),
  );
}
