// The reading of the vendor's fields, in callbacks and in answers of the REST API: how each is spelled, and in which
// forms its value comes. Those that are mirrored are declared in topics/domain/fields.ts.
//
// Plain functions and not class-transformer: a callback is read 2,000 times a second, and building
// and validating a class instance took nine times as long as parsing the JSON (28 µs against 3 µs).
import {
  type FieldDeclaration,
  type FieldType,
  GROUP_FIELDS,
  type GroupFields,
  type StoredField,
  TOPIC_FIELDS,
  type TopicFields,
} from '../topics/domain/fields.js';
import { isWire, storableText, type Wire } from './wire.js';

/** A field: its spellings, the documented one first, and the reading of its value. */
export interface Field<T> {
  readonly spellings: readonly [string, ...string[]];
  /** `undefined` where the value is of no form that can be read. */
  readonly read: (value: unknown) => T | undefined;
}

export const FIELDS = {
  groupId: field(idText, 'GroupId', 'GroupID', 'groupID', 'groupId'),
  topicId: field(idText, 'TopicId', 'TopicID', 'topicID', 'topicId'),
  topicIds: field(anything, 'TopicIdList', 'TopicIDList'),
  name: field(text, ...TOPIC_FIELDS.name.vendorKeys),
  type: field(groupType, ...TOPIC_FIELDS.type.vendorKeys),
  newOwnerAccount: field(text, 'NewOwner_Account'),
  operatorAccount: field(text, 'Operator_Account', 'From_Account'),
  customKey: field(plainText, 'Key'),
  customValue: field(jsonText, 'Value'),
  eventTime: field(time, 'EventTime'),
  createdAt: field(time, 'CreateTime'),
  command: field(anything, 'CallbackCommand'),
  topics: field(objects, 'TopicAndSelfInfo'),
  topicInfo: field(object, 'TopicInfo'),
  groups: field(objects, 'GroupInfo'),
  groupIds: field(objects, 'GroupIdList'),
  next: field(unsigned64, 'Next'),
  totalCount: field(integer, 'TotalCount'),
  actionStatus: field(upperCase, 'ActionStatus'),
  errorCode: field(integer, 'ErrorCode'),
  errorInfo: field(text, 'ErrorInfo'),
} as const satisfies Record<string, Field<unknown>>;

/** The value of a field; `undefined` where it is absent, `null`, or of no form that can be read. */
export function read<T>(wire: Wire, { spellings, read: readValue }: Field<T>): T | undefined {
  for (const spelling of spellings) {
    const value = wire[spelling];
    if (value === undefined || value === null) continue;
    const found = readValue(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether a field is there and not `null`, in whatever form. */
export function has(wire: Wire, { spellings }: Field<unknown>): boolean {
  return spellings.some((spelling) => wire[spelling] !== undefined && wire[spelling] !== null);
}

const READERS: Readonly<Record<FieldType, (value: unknown) => unknown>> = {
  text,
  groupType,
  boolean: flag,
  customFields,
};

/** The topic's fields in a callback or in an item of get_topic. An empty text is a cleared field. */
export const topicFields = reader<TopicFields>(TOPIC_FIELDS);

/** The group's fields in a callback or in an item of get_group_info. */
export const groupFields = reader<GroupFields>(GROUP_FIELDS);

/** Reads those of the declared fields that are present. The list is prepared once: this is the hot path. */
function reader<Fields>(
  declarations: Readonly<Record<keyof Fields & string, FieldDeclaration>>,
): (wire: Wire) => Partial<Fields> {
  const prepared = Object.entries<FieldDeclaration>(declarations).flatMap(
    ([
      name,
      {
        vendorKeys: [first, ...others],
        type,
      },
    ]) => (first === undefined ? [] : [{ name, field: field(READERS[type], first, ...others) }]),
  );
  return (wire) => {
    const found: Record<string, unknown> = {};
    for (const one of prepared) {
      const value = read(wire, one.field);
      if (value !== undefined) found[one.name] = value;
    }
    // The declared type of a field is that of its reader.
    return found as Partial<Fields>;
  };
}

// The product is younger than this; an earlier date is a mistake.
const EARLIEST_MS = Date.UTC(2010, 0);
// In milliseconds a day of 1973, in seconds one of the year 5138.
const LEAST_MS = 1e11;

/**
 * A time in milliseconds since 1970, from seconds or milliseconds, a number or a text.
 * @returns `undefined` for what is no time between 2010 and `latestMs`.
 */
export function plausibleMs(ms: number | undefined, latestMs: number): number | undefined {
  return ms !== undefined && ms >= EARLIEST_MS && ms <= latestMs ? ms : undefined;
}

/** A time as the vendor writes one: `0` and what is no whole number are none. */
export function time(value: unknown): number | undefined {
  const number = integer(value);
  if (number === undefined || number <= 0) return undefined;
  return number < LEAST_MS ? number * 1000 : number;
}

function field<T>(
  readValue: (value: unknown) => T | undefined,
  ...spellings: [string, ...string[]]
): Field<T> {
  return { spellings, read: readValue };
}

/** An id as it came, also an empty one; of numbers only those that kept all their digits. */
function idText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? String(value)
    : undefined;
}

/** A text as PostgreSQL can hold it. */
function text(value: unknown): string | undefined {
  const plain = plainText(value);
  return plain === undefined ? undefined : storableText(plain);
}

function plainText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function upperCase(value: unknown): string | undefined {
  return text(value)?.toUpperCase();
}

/** Any value as a text: a text as it is, the others as JSON writes them. */
function jsonText(value: unknown): string {
  return plainText(value) ?? JSON.stringify(value);
}

const GROUP_TYPES = new Map(
  ['Community', 'Public', 'Private', 'ChatRoom', 'AVChatRoom', 'BChatRoom'].map((type) => [
    type.toLowerCase(),
    type,
  ]),
);
export const COMMUNITY = 'Community';

/** A type of group in the documented letter case; one that nobody documented as it came. */
function groupType(value: unknown): string | undefined {
  const type = text(value);
  return type === undefined ? undefined : (GROUP_TYPES.get(type.toLowerCase()) ?? type);
}

const SWITCH: ReadonlyMap<string, boolean> = new Map([
  ['on', true],
  ['true', true],
  ['1', true],
  ['off', false],
  ['false', false],
  ['0', false],
]);

/** A switch: `On` and `Off`, JSON's own, or a number, of which 0 means off. */
function flag(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  return typeof value === 'string' ? SWITCH.get(value.toLowerCase()) : undefined;
}

/** An integer that came as a number or as digits. */
function integer(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

function unsigned64(value: unknown): bigint | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  return typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

/** Custom fields in their order, repeated keys too; an item without a key is none. */
function customFields(value: unknown): readonly StoredField[] | undefined {
  return Array.isArray(value) ? value.flatMap(customField) : undefined;
}

function customField(item: unknown): StoredField[] {
  if (!isWire(item)) return [];
  const key = read(item, FIELDS.customKey);
  if (key === undefined) return [];
  const value = read(item, FIELDS.customValue) ?? '';
  return [{ Key: storableText(key), Value: storableText(value) }];
}

function object(value: unknown): Wire | undefined {
  return isWire(value) ? value : undefined;
}

function objects(value: unknown): readonly Wire[] | undefined {
  return Array.isArray(value) && value.every(isWire) ? value : undefined;
}

function anything(value: unknown): unknown {
  return value;
}
