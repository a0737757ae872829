// The rows of the tables as the writer reads them, and as the columns it writes.
import type { Applied, ChangeSet } from './change.js';
import { isStoredField, type StoredField } from './custom-field.js';
import type { ChangeRow, Folded, GroupRow, TopicRow } from './snapshot.js';
import { viewGroup, viewTopic } from './topic-view.js';
import {
  isSame,
  keysOf,
  type Micros,
  type Moment,
  type Registers,
  type Span,
  type Stamp,
} from './registers.js';
import type { Group, GroupFields, Handover, StaleReason, TopicFields } from './topic.js';

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

/** What `mirror_read_v2` answers. Dates in µs. */
export interface Stored {
  readonly seq: number;
  /** How many batches were committed. */
  readonly batch: number;
  /** By the database's clock. */
  readonly now_us: Micros;
  readonly groups: readonly StoredGroup[] | null;
  /** One that was asked for twice may stand here twice. */
  readonly topics: readonly StoredTopic[] | null;
}

interface StoredGroup {
  readonly group_id: string;
  readonly name: string | null;
  readonly type: string | null;
  readonly owner_account: string | null;
  readonly seq: number;
  readonly topic_count: number;
  readonly doubted_us: Micros | null;
  readonly verified_us: Micros | null;
  readonly called_us: Micros | null;
  readonly registers: StoredRegisters<string>;
}

interface StoredTopic {
  readonly group_id: string;
  readonly topic_id: string;
  readonly name: string | null;
  readonly type: string | null;
  readonly owner_account: string | null;
  readonly operator_account: string | null;
  readonly introduction: string | null;
  readonly notification: string | null;
  readonly face_url: string | null;
  readonly custom_string: string | null;
  readonly mute_all_member: boolean | null;
  readonly user_defined_data_list: readonly StoredField[] | null;
  readonly seq: number;
  readonly updated_us: Micros;
  readonly registers: StoredRegisters<string>;
}

export function toGroupRow(row: StoredGroup): GroupRow {
  const values = { name: row.name, type: row.type, ownerAccount: row.owner_account };
  return {
    group: {
      groupId: row.group_id,
      known: toKnown<GroupFields>(values, row.registers),
      handover: row.registers.o,
      doubted: row.registers.d,
      asked: row.registers.q,
      held: row.registers.w,
      calledAt: row.registers.k,
      reason: row.registers.r,
    },
    topicCount: row.topic_count,
    seq: row.seq,
    doubtedAt: row.doubted_us,
    verifiedAt: row.verified_us,
    lastCallbackAt: row.called_us,
  };
}

export function toTopicRow(row: StoredTopic): TopicRow {
  const values: TopicFields = {
    name: row.name,
    type: row.type,
    ownerAccount: row.owner_account,
    operatorAccount: row.operator_account,
    introduction: row.introduction,
    notification: row.notification,
    faceUrl: row.face_url,
    customString: row.custom_string,
    muteAllMember: row.mute_all_member,
    userDefinedDataList: row.user_defined_data_list?.filter(isStoredField) ?? null,
  };
  return {
    topic: {
      groupId: row.group_id,
      topicId: row.topic_id,
      known: toKnown<TopicFields>(values, row.registers),
    },
    updatedAt: new Date(row.updated_us / 1000),
    seq: row.seq,
  };
}

/** Rows as columns in the order of `mirror_write_v2`: of each the literal of an array, or a JSON list. */
export type Columns = readonly string[];

export function groupColumns(rows: readonly GroupRow[]): Columns {
  const views = rows.map(({ group }) => viewGroup(group));
  return [
    array(rows, ({ group }) => quoted(group.groupId)),
    array(views, ({ name }) => quoted(name)),
    array(views, ({ type }) => quoted(type)),
    array(views, ({ ownerAccount }) => quoted(ownerAccount)),
    array(rows, ({ topicCount }) => topicCount),
    array(rows, ({ seq }) => seq),
    array(rows, ({ doubtedAt }) => doubtedAt),
    array(rows, ({ verifiedAt }) => verifiedAt),
    array(rows, ({ lastCallbackAt }) => lastCallbackAt),
    array(views, ({ destroyedAt }) => wholeMillis(destroyedAt)),
    list(rows, ({ group }) => toStored(group.known, group)),
  ];
}

export function topicColumns(rows: Folded['topics']): Columns {
  const views = rows.map(({ topic, group }) => viewTopic(topic, group));
  return [
    array(rows, ({ topic }) => quoted(topic.groupId)),
    array(rows, ({ topic }) => quoted(topic.topicId)),
    array(views, ({ name }) => quoted(name)),
    array(views, ({ type }) => quoted(type)),
    array(views, ({ ownerAccount }) => quoted(ownerAccount)),
    array(views, ({ operatorAccount }) => quoted(operatorAccount)),
    array(views, ({ introduction }) => quoted(introduction)),
    array(views, ({ notification }) => quoted(notification)),
    array(views, ({ faceUrl }) => quoted(faceUrl)),
    array(views, ({ customString }) => quoted(customString)),
    array(views, ({ muteAllMember }) => muteAllMember),
    list(views, ({ userDefinedDataList }) => userDefinedDataList),
    array(views, ({ createdAt }) => wholeMillis(createdAt)),
    array(rows, ({ updatedAt }) => updatedAt.getTime() * 1000),
    array(views, ({ deletedAt }) => wholeMillis(deletedAt)),
    array(rows, ({ seq }) => seq),
    list(rows, ({ topic }) => toStored(topic.known)),
  ];
}

export function changeColumns(rows: readonly ChangeRow[]): Columns {
  return [
    array(rows, ({ groupId }) => quoted(groupId)),
    array(rows, ({ seq }) => seq),
    array(rows, ({ topicId }) => quoted(topicId)),
    array(rows, ({ kind }) => kind),
    array(rows, ({ origin }) => origin),
    array(rows, ({ operatorAccount }) => quoted(operatorAccount)),
    array(rows, ({ platform }) => quoted(platform)),
    list(rows, ({ before }) => before),
    list(rows, ({ after }) => after),
  ];
}

/** The journal's rows of those sets that came as a callback. */
export function callbackColumns(sets: readonly ChangeSet[], applied: readonly Applied[]): Columns {
  const rows = sets.flatMap(({ entry }, index) => {
    const became = applied[index];
    return entry && became ? [{ entry, ...became }] : [];
  });
  return [
    array(rows, ({ entry }) => entry.id),
    array(rows, ({ entry }) => quoted(entry.command)),
    array(rows, ({ entry }) => quoted(entry.groupId)),
    array(rows, ({ entry }) => quoted(entry.query)),
    array(rows, ({ entry }) => `"\\\\x${entry.body.toString('hex')}"`),
    array(rows, ({ outcome }) => outcome),
    array(rows, ({ seqs }) => seqs && seqs[0]),
    array(rows, ({ seqs }) => seqs && seqs[1]),
  ];
}

// Literals and not arrays: what takes parameters to the database would look at each cell several times.

/** The literal of an array of PostgreSQL; texts that anybody wrote must be `quoted`. */
function array<Row>(
  rows: readonly Row[],
  cell: (row: Row) => string | number | boolean | null,
): string {
  return `{${rows.map((row) => cell(row) ?? 'NULL').join()}}`;
}

function quoted(text: string | null): string | null {
  if (text === null) return null;
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}

function list<Row>(rows: readonly Row[], cell: (row: Row) => unknown): string {
  return JSON.stringify(rows.map(cell));
}

/** Only a field with a stamp was ever said; the others are null because nothing is known. */
function toKnown<F extends object>(values: F, stored: StoredRegisters<string>): Registers<F> {
  const stamps = stored.f ?? {};
  const said: Partial<F> = {};
  for (const field of keysOf(values)) if (field in stamps) said[field] = values[field];
  return {
    values: said,
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

function wholeMillis(at: Micros | null): Micros | null {
  return at === null ? null : Math.floor(at / 1000) * 1000;
}
