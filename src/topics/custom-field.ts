// Custom fields: how they are stored, told, and merged key by key.
//
// A creation names all of them and replaces what was said before; an update names only those that it
// changed. So a list is a register (its keys and their order, the latest creation wins) and each key is one
// of its own: its stamp is that of the list, or `userDefinedDataList.<Key>`, or `userDefinedDataList+<Key>`
// for a key that the list did not name. What was said before the list is not there. All of it is maxima, as
// in registers.ts: any order and any repetition end the same. A key may stand in a list several times.
import {
  absorb,
  compareStamps,
  forget,
  isSame,
  joined,
  type Micros,
  type Registers,
  type Stamp,
  stampOf,
  type Statement,
} from './registers.js';
import type { TopicFields } from './topic.js';

/** A custom field as it is stored, in the vendor's words. */
export interface StoredField {
  readonly Key: string;
  readonly Value: string;
}

/** Whether an item of a stored list is of that form: the release before stored others too. */
export function isStoredField(item: Partial<StoredField> | null): item is StoredField {
  return typeof item?.Key === 'string' && typeof item.Value === 'string';
}

/** A custom field as the query API tells it. */
export interface CustomField {
  readonly key: string;
  readonly value: string;
}

export function customFields(stored: readonly StoredField[] | null): readonly CustomField[] | null {
  return stored?.map(({ Key, Value }) => ({ key: Key, value: Value })) ?? null;
}

type Known = Registers<TopicFields>;

interface KeyRegister {
  readonly key: string;
  readonly items: readonly StoredField[];
  readonly stamp: Stamp;
  readonly isListed: boolean;
}

const FIELD = 'userDefinedDataList';
const SAID_ANEW = `${FIELD}.`;
const NOT_LISTED = `${FIELD}+`;
// Of what an answer of the vendor left as it was, or of no list: everything is later.
const GROUND: Stamp = [0, 0];

/** As `absorb`, with custom fields taken key by key. */
export function absorbTopic(
  known: Known,
  statement: Statement<TopicFields>,
): { known: Known; tie: boolean } {
  const { [FIELD]: said, ...others } = statement.fields;
  if (!said) return absorb<TopicFields>(known, statement);
  const { kind, at, precision, order } = statement;
  const absorbed = absorb<TopicFields>(known, { kind, at, precision, order, fields: others });
  const stamp = stampOf(at, kind === 'created' ? 0 : 1, precision);
  const { known: merged, tie } = absorbCustomFields(absorbed.known, said, kind, stamp);
  return { known: merged, tie: tie || absorbed.tie };
}

function absorbCustomFields(
  known: Known,
  said: readonly StoredField[],
  kind: Statement<TopicFields>['kind'],
  stamp: Stamp,
): { known: Known; tie: boolean } {
  const listStamp = known.stamps[FIELD];
  const order = listStamp === undefined ? 1 : compareStamps(stamp, listStamp);
  if (order < 0) return { known, tie: false };
  const isTied = order === 0 && listStamp !== undefined;
  const incoming = byKey(said);
  let registers = unpack(known);
  let newListStamp = listStamp ?? GROUND;
  let tie = false;
  if (kind === 'created') {
    const keys = [...incoming.keys()];
    tie = isTied && !isSame(listedKeys(registers), keys);
    newListStamp = isTied ? joined(listStamp, stamp) : stamp;
    registers = relisted(registers, keys, stamp);
  }
  for (const [key, items] of incoming) {
    const before = registers.get(key);
    const later = before === undefined ? 1 : compareStamps(stamp, before.stamp);
    if (later < 0) continue;
    const isKeyTied = later === 0 && before !== undefined && before.items.length > 0;
    tie ||= isKeyTied && !isSame(items, before.items);
    registers.set(key, {
      key,
      items,
      stamp: isKeyTied ? joined(before.stamp, stamp) : stamp,
      isListed: before?.isListed ?? false,
    });
  }
  return { known: pack(known, registers, newListStamp), tie };
}

/** As `forget`, which knows nothing of single keys. */
export function forgetTopicBefore(
  known: Known,
  isOver: (at: Micros, precision: Micros) => boolean,
): Known {
  const isStampOver = ([at, , precision = 1]: Stamp): boolean => isOver(at, precision);
  const rest = forget(known, isOver);
  const listStamp = known.stamps[FIELD];
  if (listStamp === undefined || !isStampOver(listStamp)) return rest;
  const left = new Map<string, KeyRegister>();
  for (const register of unpack(known).values()) {
    if (!isStampOver(register.stamp)) left.set(register.key, { ...register, isListed: false });
  }
  return pack(rest, left, left.size === 0 ? null : GROUND);
}

function unpack({ values, stamps }: Known): Map<string, KeyRegister> {
  const said: Readonly<Record<string, Stamp | undefined>> = stamps;
  const listStamp = stamps[FIELD] ?? GROUND;
  const registers = new Map<string, KeyRegister>();
  for (const [key, items] of byKey(values[FIELD] ?? [])) {
    const unlisted = said[NOT_LISTED + key];
    const stamp = unlisted ?? said[SAID_ANEW + key] ?? listStamp;
    registers.set(key, { key, items, stamp, isListed: unlisted === undefined });
  }
  return registers;
}

/** Registers under another list: those said before it are gone, its own have its order. */
function relisted(
  registers: ReadonlyMap<string, KeyRegister>,
  keys: readonly string[],
  stamp: Stamp,
): Map<string, KeyRegister> {
  const found = new Map<string, KeyRegister>();
  for (const key of keys) {
    const before = registers.get(key);
    const isLeft = before !== undefined && compareStamps(before.stamp, stamp) >= 0;
    if (isLeft) found.set(key, { ...before, isListed: true });
    else found.set(key, { key, items: [], stamp, isListed: true });
  }
  for (const register of registers.values()) {
    if (found.has(register.key) || compareStamps(register.stamp, stamp) < 0) continue;
    found.set(register.key, { ...register, isListed: false });
  }
  return found;
}

/** Listed keys in the order of their list, then the others by their names. */
function pack(
  known: Known,
  registers: ReadonlyMap<string, KeyRegister>,
  listStamp: Stamp | null,
): Known {
  const stamps: Record<string, Stamp | undefined> = { ...known.stamps };
  for (const name of Object.keys(stamps)) if (name.startsWith(FIELD)) delete stamps[name];
  const { [FIELD]: _, ...values } = known.values;
  if (listStamp === null) return { ...known, values, stamps };
  const listed = [...registers.values()].filter(({ isListed }) => isListed);
  const others = [...registers.values()].filter(({ isListed }) => !isListed);
  others.sort((a, b) => (a.key < b.key ? -1 : 1));
  stamps[FIELD] = listStamp;
  for (const { key, stamp } of others) stamps[NOT_LISTED + key] = stamp;
  for (const { key, stamp } of listed) {
    if (!isSame(stamp, listStamp)) stamps[SAID_ANEW + key] = stamp;
  }
  const list = [...listed, ...others].flatMap(({ items }) => items);
  return { ...known, values: { ...values, [FIELD]: list }, stamps };
}

function listedKeys(registers: ReadonlyMap<string, KeyRegister>): string[] {
  return [...registers.values()].filter(({ isListed }) => isListed).map(({ key }) => key);
}

function byKey(list: readonly StoredField[]): Map<string, StoredField[]> {
  const found = new Map<string, StoredField[]>();
  for (const item of list) {
    const items = found.get(item.Key);
    if (items) items.push(item);
    else found.set(item.Key, [item]);
  }
  return found;
}
