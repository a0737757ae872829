// Reads what only callbacks have of a body in the vendor's words; the rest is read as everywhere
// (tencent/wire.ts). What is of another type than documented is read as well as it can be; only an id
// must be right.
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
  const ids = new Set<string>();
  let hasBadOnes = false;
  for (const item of items) {
    if (typeof item === 'string' && idProblem(item) === null) ids.add(item);
    else hasBadOnes = true;
  }
  return { ids: [...ids], hasBadOnes };
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
