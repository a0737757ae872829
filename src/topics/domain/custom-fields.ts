// Custom fields: stored form, response form, and merge key by key.
//
// A creation names all of them and replaces earlier ones; an update names only those that it changed. So the list is a
// register (its keys and their order, the latest creation wins), and so is each key: its timestamp is that of the list,
// or `userDefinedDataList.<Key>`, or `userDefinedDataList+<Key>` for a key that the list did not name. Keys older than
// the list are dropped. All of it is maxima, as in lww-registers.ts: every order and repetition converges. A key may
// stand in a list several times.
import {
  applyWrite,
  compareTimestamps,
  dropFields,
  isSame,
  joinTimestamps,
  type Micros,
  type LwwRegisters,
  type FieldTimestamp,
  timestampOf,
  type RegisterWrite,
} from './lww-registers.js';
import type { StoredField, TopicFields } from './fields.js';

export type { StoredField } from './fields.js';

/** Whether an item of a stored list is of that form. */
export function isStoredField(item: Partial<StoredField> | null): item is StoredField {
  return typeof item?.Key === 'string' && typeof item.Value === 'string';
}

/** A custom field in responses. */
export interface CustomField {
  readonly key: string;
  readonly value: string;
}

export function customFields(stored: readonly StoredField[] | null): readonly CustomField[] | null {
  return stored?.map(({ Key, Value }) => ({ key: Key, value: Value })) ?? null;
}

type Known = LwwRegisters<TopicFields>;

interface KeyRegister {
  readonly key: string;
  readonly items: readonly StoredField[];
  readonly timestamp: FieldTimestamp;
  readonly isListed: boolean;
}

const FIELD = 'userDefinedDataList';
const OF_LISTED_KEY = `${FIELD}.`;
const OF_UNLISTED_KEY = `${FIELD}+`;
// Of what an answer of the vendor left as it was, or of no list: everything is later.
const BASELINE: FieldTimestamp = [0, 0];

/** As `applyWrite`, with custom fields taken key by key. */
export function applyTopicWrite(
  known: Known,
  write: RegisterWrite<TopicFields>,
): { known: Known; tie: boolean } {
  const { [FIELD]: list, ...others } = write.fields;
  if (!list) return applyWrite<TopicFields>(known, write);
  const { kind, at, precision, order } = write;
  const plain = applyWrite<TopicFields>(known, { kind, at, precision, order, fields: others });
  const timestamp = timestampOf(at, kind === 'created' ? 0 : 1, precision);
  const { known: merged, tie } = mergeCustomFields(plain.known, list, kind, timestamp);
  return { known: merged, tie: tie || plain.tie };
}

function mergeCustomFields(
  known: Known,
  list: readonly StoredField[],
  kind: RegisterWrite<TopicFields>['kind'],
  timestamp: FieldTimestamp,
): { known: Known; tie: boolean } {
  const listTimestamp = known.timestamps[FIELD];
  const order = listTimestamp === undefined ? 1 : compareTimestamps(timestamp, listTimestamp);
  if (order < 0) return { known, tie: false };
  const isTied = order === 0 && listTimestamp !== undefined;
  if (kind === 'created' && !isTied && !hasKeyTimestamps(known) && hasDistinctKeys(list)) {
    return { known: withList(known, list, timestamp), tie: false };
  }
  const incoming = byKey(list);
  let registers = unpack(known);
  let newListTimestamp = listTimestamp ?? BASELINE;
  let tie = false;
  if (kind === 'created') {
    const keys = [...incoming.keys()];
    tie = isTied && !isSame(listedKeys(registers), keys);
    newListTimestamp = isTied ? joinTimestamps(listTimestamp, timestamp) : timestamp;
    registers = relisted(registers, keys, timestamp);
  }
  for (const [key, items] of incoming) {
    const before = registers.get(key);
    const later = before === undefined ? 1 : compareTimestamps(timestamp, before.timestamp);
    if (later < 0) continue;
    const isKeyTied = later === 0 && before !== undefined && before.items.length > 0;
    tie ||= isKeyTied && !isSame(items, before.items);
    registers.set(key, {
      key,
      items,
      timestamp: isKeyTied ? joinTimestamps(before.timestamp, timestamp) : timestamp,
      isListed: before?.isListed ?? false,
    });
  }
  return { known: pack(known, registers, newListTimestamp), tie };
}

/** Whether a key has a timestamp of its own, which may be later than that of the list. */
function hasKeyTimestamps({ timestamps }: Known): boolean {
  for (const name in timestamps) if (name.startsWith(FIELD) && name !== FIELD) return true;
  return false;
}

function hasDistinctKeys(list: readonly StoredField[]): boolean {
  return list.length < 2 || new Set(list.map(({ Key }) => Key)).size === list.length;
}

function withList(known: Known, list: readonly StoredField[], timestamp: FieldTimestamp): Known {
  return {
    ...known,
    values: { ...known.values, [FIELD]: list },
    timestamps: { ...known.timestamps, [FIELD]: timestamp },
  };
}

/** As `dropFields`, which knows nothing of single keys. */
export function dropTopicFields(
  known: Known,
  isBefore: (at: Micros, precision: Micros) => boolean,
): Known {
  const isTimestampBefore = ([at, , precision = 1]: FieldTimestamp): boolean =>
    isBefore(at, precision);
  const rest = dropFields(known, isBefore);
  const listTimestamp = known.timestamps[FIELD];
  if (listTimestamp === undefined || !isTimestampBefore(listTimestamp)) return rest;
  const left = new Map<string, KeyRegister>();
  for (const register of unpack(known).values()) {
    if (!isTimestampBefore(register.timestamp))
      left.set(register.key, { ...register, isListed: false });
  }
  return pack(rest, left, left.size === 0 ? null : BASELINE);
}

function unpack({ values, timestamps }: Known): Map<string, KeyRegister> {
  const stored: Readonly<Record<string, FieldTimestamp | undefined>> = timestamps;
  const listTimestamp = timestamps[FIELD] ?? BASELINE;
  const registers = new Map<string, KeyRegister>();
  for (const [key, items] of byKey(values[FIELD] ?? [])) {
    const unlisted = stored[OF_UNLISTED_KEY + key];
    const timestamp = unlisted ?? stored[OF_LISTED_KEY + key] ?? listTimestamp;
    registers.set(key, { key, items, timestamp, isListed: unlisted === undefined });
  }
  return registers;
}

/** Registers under a new list: older ones are dropped, its own have its order. */
function relisted(
  registers: ReadonlyMap<string, KeyRegister>,
  keys: readonly string[],
  timestamp: FieldTimestamp,
): Map<string, KeyRegister> {
  const found = new Map<string, KeyRegister>();
  for (const key of keys) {
    const before = registers.get(key);
    const isLeft = before !== undefined && compareTimestamps(before.timestamp, timestamp) >= 0;
    if (isLeft) found.set(key, { ...before, isListed: true });
    else found.set(key, { key, items: [], timestamp, isListed: true });
  }
  for (const register of registers.values()) {
    if (found.has(register.key) || compareTimestamps(register.timestamp, timestamp) < 0) continue;
    found.set(register.key, { ...register, isListed: false });
  }
  return found;
}

/** Listed keys in the order of their list, then the others by their names. */
function pack(
  known: Known,
  registers: ReadonlyMap<string, KeyRegister>,
  listTimestamp: FieldTimestamp | null,
): Known {
  const timestamps: Record<string, FieldTimestamp | undefined> = { ...known.timestamps };
  for (const name of Object.keys(timestamps)) if (name.startsWith(FIELD)) delete timestamps[name];
  const { [FIELD]: _, ...values } = known.values;
  if (listTimestamp === null) return { ...known, values, timestamps };
  const listed = [...registers.values()].filter(({ isListed }) => isListed);
  const others = [...registers.values()].filter(({ isListed }) => !isListed);
  others.sort((a, b) => (a.key < b.key ? -1 : 1));
  timestamps[FIELD] = listTimestamp;
  for (const { key, timestamp } of others) timestamps[OF_UNLISTED_KEY + key] = timestamp;
  for (const { key, timestamp } of listed) {
    if (!isSame(timestamp, listTimestamp)) timestamps[OF_LISTED_KEY + key] = timestamp;
  }
  const list = [...listed, ...others].flatMap(({ items }) => items);
  return { ...known, values: { ...values, [FIELD]: list }, timestamps };
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
