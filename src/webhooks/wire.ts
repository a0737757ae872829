// Reads the ids of a callback: only they must be right, everything else is read as well as it can be.
import { type Field, FIELDS, has, read } from '../tencent/fields.js';
import { idProblem } from '../topics/domain/id.js';
import { type CallbackBody, InvalidCallbackError } from './callback.js';

/** @throws InvalidCallbackError when the id is absent or cannot be one. */
export function requiredId(body: CallbackBody, field: Field<string>): string {
  const [name] = field.spellings;
  if (!has(body, field)) throw new InvalidCallbackError(`${name} is missing`);
  const id = read(body, field);
  if (id === undefined) throw new InvalidCallbackError(`${name} must be a text`);
  const problem = idProblem(id);
  if (problem !== null) throw new InvalidCallbackError(`${name} ${problem}`);
  return id;
}

// Between the id of a group and what the vendor or the app calls the topic.
const TOPIC_MARK = '@TOPIC#';

export interface CallbackIds {
  readonly groupId: string;
  /** `null`: the callback names none. */
  readonly topicId: string | null;
}

/**
 * The group of a callback. A topic may stand in its place, since the vendor treats it as a group: then
 * the group is the part before the mark.
 * @throws InvalidCallbackError when it is absent or cannot be an id.
 */
export function groupOf(body: CallbackBody): CallbackIds {
  const groupId = requiredId(body, FIELDS.groupId);
  const mark = groupId.indexOf(TOPIC_MARK);
  if (mark <= 0) return { groupId, topicId: null };
  return { groupId: groupId.slice(0, mark), topicId: groupId };
}

/**
 * Group and topic of a callback. One that names its topic says the group in its own field, as it was sent.
 * @throws InvalidCallbackError as above.
 */
export function idsOf(body: CallbackBody): CallbackIds {
  const isNamed = has(body, FIELDS.topicId) && read(body, FIELDS.topicId) !== '';
  if (!isNamed) return groupOf(body);
  return {
    groupId: requiredId(body, FIELDS.groupId),
    topicId: requiredId(body, FIELDS.topicId),
  };
}

/**
 * The ids of a list, each once. A single text is taken as a list of one, unless it looks like a
 * list of another form.
 */
export function idList(
  body: CallbackBody,
  field: Field<unknown>,
): { readonly ids: readonly string[]; readonly hasBadOnes: boolean } {
  const value = read(body, field);
  if (typeof value === 'string' && /[,;[\]{}\n]/.test(value)) return { ids: [], hasBadOnes: true };
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const ids = new Set<string>();
  let hasBadOnes = false;
  for (const item of items) {
    if (isId(item)) ids.add(item);
    else hasBadOnes = true;
  }
  return { ids: [...ids], hasBadOnes };
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && idProblem(value) === null;
}
