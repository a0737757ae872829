// Answers that contradict themselves. Such an answer is none: it neither confirms nor deletes.
import { isWire, text, type Wire } from './wire.js';

/** The list in which each command's answer carries what was asked for. */
const LISTS = ['TopicAndSelfInfo', 'GroupInfo', 'GroupIdList'] as const;

/** In what an answer with this code contradicts itself; `null`: in nothing. */
export function contradictionIn(code: number, wire: Wire): string | null {
  const status = text(wire, 'ActionStatus')?.toUpperCase();
  if (code === 0) return status === 'FAIL' ? 'ActionStatus FAIL with ErrorCode 0' : null;
  if (status === 'OK') return `ActionStatus OK with ErrorCode ${code}`;
  return LISTS.some((name) => hasItems(wire[name])) ? `data with ErrorCode ${code}` : null;
}

/** Whether an item that carries an error of its own tells the rest as well. */
export function isToldInSpite(item: Wire, ...names: readonly string[]): boolean {
  return names.some((name) => item[name] !== undefined && item[name] !== null);
}

/** Whether two items about the same thing say different things. */
export function differ(one: Wire | undefined, other: Wire): boolean {
  return one !== undefined && JSON.stringify(one) !== JSON.stringify(other);
}

function hasItems(list: unknown): boolean {
  return Array.isArray(list) && list.some(isWire);
}
