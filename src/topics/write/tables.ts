// The tables that the writer writes, each by its one list of columns. A new column is one more entry.
import type { Applied, ChangeSet, JournalEntry } from '../change.js';
import { isStoredField, type StoredField } from '../custom-field.js';
import type { ChangeRow, Folded, GroupRow, TopicRow } from '../snapshot.js';
import {
  type GroupView,
  type TopicView,
  viewGroup,
  viewTopic,
  wholeMillis,
} from '../topic-view.js';
import {
  isSame,
  keysOf,
  type Micros,
  type Moment,
  type Registers,
  type Span,
  type Stamp,
} from '../registers.js';
import type { Group, GroupFields, Handover, StaleReason, TopicFields } from '../topic.js';
import { type BatchColumn, BatchTable } from './batch-table.js';

/**
 * Stamps of the fields, the spans of creation (`c`) and end (`g`), the batch in which it was heard of last
 * (`n`), and the date of the last answer (`v`).
 */
interface StoredRegisters<Field extends string> {
  readonly f?: Partial<Record<Field, Stamp>> | undefined;
  readonly c?: StoredSpan | undefined;
  readonly g?: StoredSpan | undefined;
  readonly n?: number | undefined;
  /** When it was heard of last, and since when answers miss it. */
  readonly h?: Micros | undefined;
  readonly m?: Micros | undefined;
  readonly v?: Micros | undefined;
  /** Of a group: its last change of owner, the batch of its last doubt, and how many there were at the last question. */
  readonly o?: Handover | undefined;
  readonly d?: number | undefined;
  readonly q?: number | undefined;
  /** Of a group: the question of which something is held back. */
  readonly w?: number | undefined;
  /** Of a group: when it was called last, and why it is stale. */
  readonly k?: Micros | undefined;
  readonly r?: StaleReason | undefined;
}

/** A moment that is first and last stands there once. Rows of before have dates alone, which count as exact. */
type StoredSpan = readonly [Moment | Micros, (Moment | Micros)?];

/** The columns of the fields: to mirror another one is to add it here. */
const TOPIC_FIELDS = {
  name: ['name', 'text'],
  type: ['type', 'text'],
  ownerAccount: ['owner_account', 'text'],
  operatorAccount: ['operator_account', 'text'],
  introduction: ['introduction', 'text'],
  notification: ['notification', 'text'],
  faceUrl: ['face_url', 'text'],
  customString: ['custom_string', 'text'],
  muteAllMember: ['mute_all_member', 'boolean'],
  userDefinedDataList: ['user_defined_data_list', 'jsonb'],
} as const satisfies FieldColumns<TopicFields>;

const GROUP_FIELDS = {
  name: ['name', 'text'],
  type: ['type', 'text'],
  ownerAccount: ['owner_account', 'text'],
} as const satisfies FieldColumns<GroupFields>;

type FieldColumns<Fields> = Readonly<
  Record<keyof Fields, readonly [column: string, type: 'text' | 'boolean' | 'jsonb']>
>;

/** A row with the state that it shows. */
interface WithState<Row, State> {
  readonly row: Row;
  readonly state: State;
}
type WrittenGroup = WithState<GroupRow, GroupView>;
type WrittenTopic = WithState<TopicRow, TopicView>;

export const GROUPS = new BatchTable<WrittenGroup>([
  ['group_id', 'text', ({ row }) => row.group.groupId],
  ...columnsOf<GroupFields, WrittenGroup>(GROUP_FIELDS),
  ['topic_count', 'integer', ({ row }) => row.topicCount],
  ['seq', 'bigint', ({ row }) => row.seq],
  ['doubted_at', 'timestamptz', ({ row }) => row.doubtedAt],
  ['verified_at', 'timestamptz', ({ row }) => row.verifiedAt],
  ['last_callback_at', 'timestamptz', ({ row }) => row.lastCallbackAt],
  ['destroyed_at', 'timestamptz', ({ state }) => wholeMillis(state.destroyedAt)],
  ['registers', 'json', ({ row }) => toStored(row.group.known, row.group)],
]);

export const TOPICS = new BatchTable<WrittenTopic>([
  ['group_id', 'text', ({ row }) => row.topic.groupId],
  ['topic_id', 'text', ({ row }) => row.topic.topicId],
  ...columnsOf<TopicFields, WrittenTopic>(TOPIC_FIELDS),
  ['created_at', 'timestamptz', ({ state }) => wholeMillis(state.createdAt)],
  ['updated_at', 'timestamptz', ({ row }) => row.updatedAt.getTime() * 1000],
  ['deleted_at', 'timestamptz', ({ state }) => wholeMillis(state.deletedAt)],
  ['seq', 'bigint', ({ row }) => row.seq],
  ['registers', 'json', ({ row }) => toStored(row.topic.known)],
]);

/** The columns whose values may be large, by their type. */
export const TOPIC_TEXTS = namesOf('text');
export const TOPIC_JSON = namesOf('jsonb');

export const CHANGES = new BatchTable<ChangeRow>([
  ['group_id', 'text', ({ groupId }) => groupId],
  ['seq', 'bigint', ({ seq }) => seq],
  ['topic_id', 'text', ({ topicId }) => topicId],
  ['kind', 'text', ({ kind }) => kind],
  ['origin', 'text', ({ origin }) => origin],
  ['operator_account', 'text', ({ operatorAccount }) => operatorAccount],
  ['platform', 'text', ({ platform }) => platform],
  ['before', 'json', ({ before }) => before],
  ['after', 'json', ({ after }) => after],
]);

/** A callback, and what became of it. */
export interface JournalRow extends Applied {
  readonly entry: JournalEntry;
}

export const CALLBACKS = new BatchTable<JournalRow>([
  ['id', 'uuid', ({ entry }) => entry.id],
  ['command', 'text', ({ entry }) => entry.command],
  ['group_id', 'text', ({ entry }) => entry.groupId],
  ['query', 'text', ({ entry }) => entry.query],
  ['body', 'bytea', ({ entry }) => entry.body],
  ['outcome', 'text', ({ outcome }) => outcome],
  ['first_seq', 'bigint', ({ seqs }) => seqs && seqs[0]],
  ['last_seq', 'bigint', ({ seqs }) => seqs && seqs[1]],
]);

export function writtenGroups(rows: Folded['groups']): WrittenGroup[] {
  return rows.map((row) => ({ row, state: viewGroup(row.group) }));
}

export function writtenTopics(rows: Folded['topics']): WrittenTopic[] {
  return rows.map((row) => ({ row, state: viewTopic(row.topic, row.group) }));
}

/** The journal's rows of those sets that came as a callback. */
export function journalRows(sets: readonly ChangeSet[], applied: readonly Applied[]): JournalRow[] {
  return sets.flatMap(({ entry }, index) => {
    const became = applied[index];
    return entry && became ? [{ entry, outcome: became.outcome, seqs: became.seqs }] : [];
  });
}

/** A row as `BatchTable.stored` selects it. */
export type StoredRow = Readonly<Record<string, unknown>>;

export function toGroupRow(row: StoredRow): GroupRow {
  // The database has made the row of what was written by the columns above.
  const stored = row as unknown as StoredGroup;
  const { registers } = stored;
  return {
    group: {
      groupId: stored.group_id,
      known: toKnown<GroupFields>(GROUP_FIELDS, row, registers),
      handover: registers.o,
      doubted: registers.d,
      asked: registers.q,
      held: registers.w,
      calledAt: registers.k,
      reason: registers.r,
    },
    topicCount: stored.topic_count,
    seq: stored.seq,
    doubtedAt: stored.doubted_at,
    verifiedAt: stored.verified_at,
    lastCallbackAt: stored.last_callback_at,
  };
}

export function toTopicRow(row: StoredRow): TopicRow {
  const stored = row as unknown as StoredTopic;
  const known = toKnown<TopicFields>(TOPIC_FIELDS, row, stored.registers);
  return {
    topic: { groupId: stored.group_id, topicId: stored.topic_id, known },
    shown: { createdAt: stored.created_at, deletedAt: stored.deleted_at },
    updatedAt: new Date(stored.updated_at / 1000),
    seq: stored.seq,
  };
}

/** Those cells of a stored row that are no fields. */
interface StoredGroup {
  readonly group_id: string;
  readonly seq: number;
  readonly topic_count: number;
  readonly doubted_at: Micros | null;
  readonly verified_at: Micros | null;
  readonly last_callback_at: Micros | null;
  readonly registers: StoredRegisters<string>;
}

interface StoredTopic {
  readonly group_id: string;
  readonly topic_id: string;
  readonly seq: number;
  readonly created_at: Micros | null;
  readonly updated_at: Micros;
  readonly deleted_at: Micros | null;
  readonly registers: StoredRegisters<string>;
}

function columnsOf<Fields extends object, Row extends { readonly state: Fields }>(
  fields: FieldColumns<Fields>,
): BatchColumn<Row>[] {
  return keysOf(fields).map((field): BatchColumn<Row> => {
    const [name, type] = fields[field];
    return [name, type, ({ state }: Row) => state[field]] as BatchColumn<Row>;
  });
}

function namesOf(wanted: 'text' | 'jsonb'): string[] {
  return Object.values(TOPIC_FIELDS).flatMap(([name, type]) => (type === wanted ? [name] : []));
}

/** Only a field with a stamp was ever said; the others are null because nothing is known. */
function toKnown<F extends object>(
  fields: FieldColumns<F>,
  row: StoredRow,
  stored: StoredRegisters<string>,
): Registers<F> {
  const stamps = stored.f ?? {};
  const values: Partial<F> = {};
  for (const field of keysOf(fields)) {
    if (!(field in stamps)) continue;
    const [column, type] = fields[field];
    const value = row[column];
    values[field] = (type === 'jsonb' ? customFieldsIn(value) : value) as F[typeof field];
  }
  return {
    values,
    // They were those of its fields when they were stored.
    stamps: stamps as Registers<F>['stamps'],
    created: toSpan(stored.c),
    gone: toSpan(stored.g),
    heard: stored.n,
    heardAt: stored.h,
    missedAt: stored.m,
    verified: stored.v,
  };
}

function customFieldsIn(value: unknown): readonly StoredField[] | null {
  return Array.isArray(value) ? value.filter(isStoredField) : null;
}

function toStored<F>(
  { stamps, created, gone, heard, heardAt, missedAt, verified }: Registers<F>,
  { handover, doubted, asked, held, calledAt, reason }: Partial<Group> = {},
): StoredRegisters<Extract<keyof F, string>> {
  return {
    f: stamps,
    c: fromSpan(created),
    g: fromSpan(gone),
    n: heard,
    h: heardAt,
    m: missedAt,
    v: verified,
    o: handover,
    d: doubted,
    q: asked,
    w: held,
    k: calledAt,
    r: reason,
  };
}

function toSpan(stored: StoredSpan | undefined): Span | undefined {
  if (stored === undefined) return undefined;
  const [first, last = first] = stored;
  return [toMoment(first), toMoment(last)];
}

function toMoment(stored: Moment | Micros): Moment {
  return typeof stored === 'number' ? [stored, 1, [0, 0]] : stored;
}

function fromSpan(span: Span | undefined): StoredSpan | undefined {
  return span && isSame(span[0], span[1]) ? [span[0]] : span;
}
