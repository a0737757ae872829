// The tables that the writer writes, each by its one list of columns. Those of the mirrored fields are declared in domain/fields.ts.
import type { JournalRow } from '../../journal/journal-row.js';
import type { Applied, ChangeSet } from '../domain/change.js';
import { isStoredField, type StoredField } from '../domain/custom-fields.js';
import {
  type FieldDeclaration,
  type FieldType,
  GROUP_FIELDS,
  type GroupFields,
  TOPIC_FIELDS,
  type TopicFields,
} from '../domain/fields.js';
import type { ChangeRow, GroupRow, Reduced, TopicRow, WrittenTopic } from '../domain/rows.js';
import { type GroupState, groupState, wholeMillis } from '../domain/state.js';
import { keysOf, type LwwRegisters, type Micros } from '../domain/lww-registers.js';
import { type BatchColumn, BatchTable } from '../../database/batch-table.js';
import { spansIn, type StoredRegisters, toStored } from './stored-registers.js';

/** Of each type of field, that of its column. */
const COLUMN_TYPES = {
  text: 'text',
  groupType: 'text',
  boolean: 'boolean',
  customFields: 'jsonb',
} as const satisfies Record<FieldType, string>;

interface FieldColumn<Fields> {
  readonly field: keyof Fields;
  readonly name: string;
  readonly type: (typeof COLUMN_TYPES)[FieldType];
}

const TOPIC_COLUMNS = columnsIn<TopicFields>(TOPIC_FIELDS);
const GROUP_COLUMNS = columnsIn<GroupFields>(GROUP_FIELDS);

function columnsIn<Fields extends object>(
  list: Readonly<Record<keyof Fields, FieldDeclaration>>,
): FieldColumn<Fields>[] {
  return keysOf(list).map((field) => {
    const { column, type } = list[field];
    return { field, name: column, type: COLUMN_TYPES[type] };
  });
}

/** A row with its state. */
interface WrittenGroup {
  readonly row: GroupRow;
  readonly state: GroupState;
}

export const GROUPS = new BatchTable<WrittenGroup>([
  ['group_id', 'text', ({ row }) => row.group.groupId],
  ...columnsOf<GroupFields, WrittenGroup>(GROUP_COLUMNS),
  ['topic_count', 'integer', ({ row }) => row.topicCount],
  ['seq', 'bigint', ({ row }) => row.seq],
  ['stale_since', 'timestamptz', ({ row }) => row.staleSince],
  ['verified_at', 'timestamptz', ({ row }) => row.verifiedAt],
  ['last_callback_at', 'timestamptz', ({ row }) => row.lastCallbackAt],
  ['destroyed_at', 'timestamptz', ({ state }) => wholeMillis(state.destroyedAt)],
  ['registers', 'json', ({ row }) => toStored(row.group.registers, row.group)],
]);

export const TOPICS = new BatchTable<WrittenTopic>([
  ['group_id', 'text', ({ topic }) => topic.groupId],
  ['topic_id', 'text', ({ topic }) => topic.topicId],
  ...columnsOf<TopicFields, WrittenTopic>(TOPIC_COLUMNS),
  ['created_at', 'timestamptz', ({ state }) => wholeMillis(state.createdAt)],
  ['updated_at', 'timestamptz', ({ updatedAt }) => updatedAt.getTime() * 1000],
  ['deleted_at', 'timestamptz', ({ state }) => wholeMillis(state.deletedAt)],
  ['seq', 'bigint', ({ seq }) => seq],
  ['registers', 'json', ({ topic }) => toStored(topic.registers)],
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

export function writtenGroups(rows: Reduced['groups']): WrittenGroup[] {
  return rows.map((row) => ({ row, state: groupState(row.group) }));
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
      registers: toRegisters<GroupFields>(GROUP_COLUMNS, row, registers),
      ownerChange: registers.o,
      staleBatch: registers.d,
      snapshotBatch: registers.q,
      heldBackBatch: registers.w,
      lastCallbackAt: registers.k,
      staleReason: registers.r,
    },
    topicCount: stored.topic_count,
    seq: stored.seq,
    staleSince: stored.stale_since,
    verifiedAt: stored.verified_at,
    lastCallbackAt: stored.last_callback_at,
  };
}

export function toTopicRow(row: StoredRow): TopicRow {
  const stored = row as unknown as StoredTopic;
  const known = toRegisters<TopicFields>(TOPIC_COLUMNS, row, stored.registers);
  return {
    topic: { groupId: stored.group_id, topicId: stored.topic_id, registers: known },
    storedDates: { createdAt: stored.created_at, deletedAt: stored.deleted_at },
    updatedAt: new Date(stored.updated_at / 1000),
    seq: stored.seq,
  };
}

/** Those cells of a stored row that are no fields. */
interface StoredGroup {
  readonly group_id: string;
  readonly seq: number;
  readonly topic_count: number;
  readonly stale_since: Micros | null;
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
  columns: readonly FieldColumn<Fields>[],
): BatchColumn<Row>[] {
  return columns.map(
    ({ field, name, type }) => [name, type, ({ state }: Row) => state[field]] as BatchColumn<Row>,
  );
}

function namesOf(wanted: 'text' | 'jsonb'): string[] {
  return TOPIC_COLUMNS.flatMap(({ name, type }) => (type === wanted ? [name] : []));
}

/** A field without a timestamp is unknown, whatever its column holds. */
function toRegisters<F extends object>(
  columns: readonly FieldColumn<F>[],
  row: StoredRow,
  stored: StoredRegisters<string>,
): LwwRegisters<F> {
  const timestamps = stored.f ?? {};
  const values: Partial<F> = {};
  for (const { field, name, type } of columns) {
    if (!(field in timestamps)) continue;
    const value = row[name];
    values[field] = (type === 'jsonb' ? customFieldsIn(value) : value) as F[typeof field];
  }
  return {
    values,
    // They were those of its fields when they were stored.
    timestamps: timestamps as LwwRegisters<F>['timestamps'],
    ...spansIn(stored),
  };
}

function customFieldsIn(value: unknown): readonly StoredField[] | null {
  return Array.isArray(value) ? value.filter(isStoredField) : null;
}
