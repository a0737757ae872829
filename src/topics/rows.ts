// The rows of `groups` and `topics` as PostgreSQL reads and writes them in JSON, and back.
import type { GroupRow, TopicRow } from './fold.js';
import type { Registers, Span, Stamp } from './registers.js';
import { type GroupFields, type TopicFields, viewGroup, viewTopic, type Group } from './topic.js';

/** A row of `groups` in the words of the table; dates are ISO 8601 texts. */
export interface StoredGroup {
  readonly group_id: string;
  readonly name: string | null;
  readonly type: string | null;
  readonly owner_account: string | null;
  readonly topic_count: number;
  readonly seq: number;
  readonly stale_since: string | null;
  readonly verified_at: string | null;
  readonly last_callback_at: string | null;
  readonly destroyed_at: string | null;
  readonly registers: StoredRegisters<keyof GroupFields>;
}

/** A row of `topics` in the words of the table. */
export interface StoredTopic {
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
  readonly created_at: string | null;
  readonly updated_at: string;
  readonly deleted_at: string | null;
  readonly seq: number;
  readonly registers: StoredRegisters<keyof TopicFields>;
}

/** Stamps of the fields, and the spans of creation (`c`) and end (`g`). */
interface StoredRegisters<Field extends string> {
  readonly f?: Partial<Record<Field, Stamp>>;
  readonly c?: Span;
  readonly g?: Span;
}

export function toGroupRow(stored: StoredGroup): GroupRow {
  const values = { name: stored.name, type: stored.type, ownerAccount: stored.owner_account };
  return {
    group: { groupId: stored.group_id, known: toKnown<GroupFields>(values, stored.registers) },
    topicCount: stored.topic_count,
    seq: stored.seq,
    staleSince: toDate(stored.stale_since),
    verifiedAt: toDate(stored.verified_at),
    lastCallbackAt: toDate(stored.last_callback_at),
  };
}

export function fromGroupRow(row: GroupRow): StoredGroup {
  const view = viewGroup(row.group);
  return {
    group_id: row.group.groupId,
    name: view.name,
    type: view.type,
    owner_account: view.ownerAccount,
    topic_count: row.topicCount,
    seq: row.seq,
    stale_since: row.staleSince?.toISOString() ?? null,
    verified_at: row.verifiedAt?.toISOString() ?? null,
    last_callback_at: row.lastCallbackAt?.toISOString() ?? null,
    destroyed_at: fromMicros(view.destroyedAt),
    registers: fromKnown(row.group.known),
  };
}

export function toTopicRow(stored: StoredTopic): TopicRow {
  const values: TopicFields = {
    name: stored.name,
    type: stored.type,
    ownerAccount: stored.owner_account,
    operatorAccount: stored.operator_account,
    introduction: stored.introduction,
    notification: stored.notification,
    faceUrl: stored.face_url,
    customString: stored.custom_string,
    muteAllMember: stored.mute_all_member,
    userDefinedDataList: stored.user_defined_data_list,
  };
  return {
    topic: {
      groupId: stored.group_id,
      topicId: stored.topic_id,
      known: toKnown<TopicFields>(values, stored.registers),
    },
    updatedAt: new Date(stored.updated_at),
    seq: stored.seq,
  };
}

export function fromTopicRow({
  topic,
  group,
  updatedAt,
  seq,
}: TopicRow & { group: Group }): StoredTopic {
  const view = viewTopic(topic, group);
  return {
    group_id: topic.groupId,
    topic_id: topic.topicId,
    name: view.name,
    type: view.type,
    owner_account: view.ownerAccount,
    operator_account: view.operatorAccount,
    introduction: view.introduction,
    notification: view.notification,
    face_url: view.faceUrl,
    custom_string: view.customString,
    mute_all_member: view.muteAllMember,
    user_defined_data_list: view.userDefinedDataList,
    created_at: fromMicros(view.createdAt),
    updated_at: updatedAt.toISOString(),
    deleted_at: fromMicros(view.deletedAt),
    seq,
    registers: fromKnown(topic.known),
  };
}

/** Only a field with a stamp was ever said; the others are null because nothing is known. */
function toKnown<F extends object>(
  values: F,
  stored: StoredRegisters<Extract<keyof F, string>>,
): Registers<F> {
  const stamps = stored.f ?? {};
  const said = Object.entries(values).filter(([field]) => field in stamps);
  return {
    // The pairs are those of `values`; only the compiler has lost that.
    values: Object.fromEntries(said) as Partial<F>,
    stamps: stamps as Registers<F>['stamps'],
    created: stored.c,
    gone: stored.g,
  };
}

function fromKnown<F>(known: Registers<F>): StoredRegisters<Extract<keyof F, string>> {
  return { f: known.stamps, c: known.created, g: known.gone };
}

function toDate(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}

function fromMicros(at: number | null): string | null {
  return at === null ? null : new Date(at / 1000).toISOString();
}
