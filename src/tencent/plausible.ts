// Answers that contradict themselves. Such an answer is none: it neither confirms nor deletes.
import { type Field, FIELDS, has, read } from './fields.js';
import { isWire, type Wire } from './wire.js';

/** The list that holds the results of each command. */
const LISTS = [FIELDS.topics, FIELDS.groups, FIELDS.groupIds] as const;

/** In what an answer with this code contradicts itself; `null`: in nothing. */
export function contradictionIn(code: number, wire: Wire): string | null {
  const status = read(wire, FIELDS.actionStatus);
  if (code === 0) return status === 'FAIL' ? 'ActionStatus FAIL with ErrorCode 0' : null;
  if (status === 'OK') return `ActionStatus OK with ErrorCode ${code}`;
  return LISTS.some(({ spellings: [name] }) => hasItems(wire[name]))
    ? `data with ErrorCode ${code}`
    : null;
}

/** Whether an item with an error of its own has the other fields as well. */
export function hasData(item: Wire, ...fields: readonly Field<unknown>[]): boolean {
  return fields.some((field) => has(item, field));
}

/** Whether two items about the same thing say different things. */
export function differ(one: Wire | undefined, other: Wire): boolean {
  return one !== undefined && JSON.stringify(one) !== JSON.stringify(other);
}

function hasItems(list: unknown): boolean {
  return Array.isArray(list) && list.some(isWire);
}
