// The rows of the tables as the writer reads them, and as the columns it writes.
import type { Applied, ChangeSet } from './change.js';
import type { ChangeRow, Folded, GroupRow, TopicRow } from './fold.js';
import type { Micros, Registers, Span, Stamp } from './registers.js';
import {
  type GroupFields,
  type Handover,
  type TopicFields,
  viewGroup,
  viewTopic,
} from './topic.js';

/** Stamps of the fields, the spans of creation (`c`) and end (`g`), and what was heard and verified last. */
interface StoredRegisters<Field extends string> {
  readonly f?: Partial<Record<Field, Stamp>>;
  readonly c?: Span;
  readonly g?: Span;
  readonly h?: Micros;
  readonly v?: Micros;
  /** Of a group: its last change of owner. */
  readonly o?: Handover;
}

/** A row of `mirror_read_v1`: the sequencer (`s`), a group (`g`) or a topic (`t`). Dates in µs. */
export interface ReadRow {
  readonly kind: 's' | 'g' | 't';
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
  readonly user_defined_data_list: readonly unknown[] | null;
  readonly seq: number;
  /** Of a group its living topics, of the sequencer the batches committed. */
  readonly count: number;
  /** Of the sequencer the clock of the database. */
  readonly updated_us: Micros;
  readonly doubted_us: Micros | null;
  readonly verified_us: Micros | null;
  readonly called_us: Micros | null;
  readonly registers: StoredRegisters<string>;
}

export function toGroupRow(row: ReadRow): GroupRow {
  const values = { name: row.name, type: row.type, ownerAccount: row.owner_account };
  return {
    group: {
      groupId: row.group_id,
      known: toKnown<GroupFields>(values, row.registers),
      handover: row.registers.o,
    },
    topicCount: row.count,
    seq: row.seq,
    doubtedAt: row.doubted_us,
    verifiedAt: row.verified_us,
    lastCallbackAt: row.called_us,
  };
}

export function toTopicRow(row: ReadRow): TopicRow {
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
    userDefinedDataList: row.user_defined_data_list,
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

/** Rows as columns: one array for each column, in the order of `mirror_write_v1`. */
export type Columns = (string | null)[][];

export function groupColumns(rows: readonly GroupRow[]): Columns {
  return toColumns(rows, 11, (row) => {
    const view = viewGroup(row.group);
    return [
      row.group.groupId,
      view.name,
      view.type,
      view.ownerAccount,
      String(row.topicCount),
      String(row.seq),
      isoMicros(row.doubtedAt),
      isoMicros(row.verifiedAt),
      isoMicros(row.lastCallbackAt),
      isoMillis(view.destroyedAt),
      fromKnown(row.group.known, row.group.handover),
    ];
  });
}

export function topicColumns(rows: Folded['topics']): Columns {
  return toColumns(rows, 17, ({ topic, group, updatedAt, seq }) => {
    const view = viewTopic(topic, group);
    return [
      topic.groupId,
      topic.topicId,
      view.name,
      view.type,
      view.ownerAccount,
      view.operatorAccount,
      view.introduction,
      view.notification,
      view.faceUrl,
      view.customString,
      view.muteAllMember === null ? null : String(view.muteAllMember),
      view.userDefinedDataList === null ? null : JSON.stringify(view.userDefinedDataList),
      isoMillis(view.createdAt),
      updatedAt.toISOString(),
      isoMillis(view.deletedAt),
      String(seq),
      fromKnown(topic.known),
    ];
  });
}

export function changeColumns(rows: readonly ChangeRow[]): Columns {
  return toColumns(rows, 9, (row) => [
    row.groupId,
    String(row.seq),
    row.topicId,
    row.kind,
    row.origin,
    row.operatorAccount,
    row.platform,
    JSON.stringify(row.before),
    JSON.stringify(row.after),
  ]);
}

/** The journal's rows of those sets that came as a callback. */
export function callbackColumns(sets: readonly ChangeSet[], applied: readonly Applied[]): Columns {
  const rows = sets.flatMap(({ entry }, index) => {
    const became = applied[index];
    return entry && became ? [{ entry, became }] : [];
  });
  return toColumns(rows, 8, ({ entry, became: { outcome, seqs } }) => [
    entry.id,
    entry.command,
    entry.groupId,
    entry.query,
    `\\x${entry.body.toString('hex')}`,
    outcome,
    seqs && String(seqs[0]),
    seqs && String(seqs[1]),
  ]);
}

function toColumns<Row>(
  rows: readonly Row[],
  width: number,
  cells: (row: Row) => (string | null)[],
): Columns {
  const columns: Columns = Array.from({ length: width }, () => []);
  for (const row of rows) cells(row).forEach((cell, index) => columns[index]?.push(cell));
  return columns;
}

/** Only a field with a stamp was ever said; the others are null because nothing is known. */
function toKnown<F extends object>(values: F, stored: StoredRegisters<string>): Registers<F> {
  const stamps = stored.f ?? {};
  const said: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(values)) if (field in stamps) said[field] = value;
  return {
    // The pairs are those of `values`, and the stamps were those of its fields when they were stored.
    values: said as Partial<F>,
    stamps: stamps as Registers<F>['stamps'],
    created: stored.c,
    gone: stored.g,
    heard: stored.h,
    verified: stored.v,
  };
}

function fromKnown<F>(
  { stamps, created, gone, heard, verified }: Registers<F>,
  handover?: Handover,
): string {
  const stored = { f: stamps, c: created, g: gone, h: heard, v: verified, o: handover };
  return JSON.stringify(stored satisfies StoredRegisters<Extract<keyof F, string>>);
}

function isoMillis(at: Micros | null): string | null {
  return at === null ? null : new Date(at / 1000).toISOString();
}

function isoMicros(at: Micros | null): string | null {
  if (at === null) return null;
  const micros = String(at % 1000).padStart(3, '0');
  return `${new Date(Math.floor(at / 1000)).toISOString().slice(0, -1)}${micros}Z`;
}
