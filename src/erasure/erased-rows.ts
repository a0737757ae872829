// Rows of groups and topics without an account, and the changes that tell followers of it. Pure.
import { customFields, type StoredField } from '../topics/domain/custom-fields.js';
import { inJson, inRegisters, inText, type Replacement } from './replacement.js';

export interface StoredTopic {
  readonly groupId: string;
  readonly topicId: string;
  readonly isDeleted: boolean;
  readonly seq: number;
  /** Texts by their names in the query API. */
  readonly fields: Readonly<Record<string, string | null>>;
  readonly list: readonly StoredField[] | null;
  readonly registers: unknown;
}

export interface StoredGroup {
  readonly groupId: string;
  readonly registers: unknown;
}

interface Change {
  readonly groupId: string;
  readonly seq: number;
  readonly topicId: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface ErasedRows {
  readonly topics: readonly (Pick<StoredTopic, 'groupId' | 'topicId' | 'registers' | 'seq'> & {
    readonly list: unknown;
  })[];
  readonly groups: readonly (StoredGroup & { readonly seq: number })[];
  readonly changes: readonly Change[];
  /** The last number that was given. */
  readonly seq: number;
}

/** Gives each topic that is not deleted a change, and each group the number of its last one, or one of its own. */
export function eraseRows(
  replacement: Replacement,
  lastSeq: number,
  rows: { readonly topics: readonly StoredTopic[]; readonly groups: readonly StoredGroup[] },
): ErasedRows {
  let seq = lastSeq;
  const changes: Change[] = [];
  const seqOfGroup = new Map<string, number>();
  const topics = rows.topics.map(({ groupId, topicId, ...topic }) => {
    const list = inJson(topic.list, replacement);
    const fields = visible(topic, replacement);
    const registers = inRegisters(topic.registers, replacement);
    if (topic.isDeleted || Object.keys(fields).length === 0) {
      return { groupId, topicId, list, registers, seq: topic.seq };
    }
    seq += 1;
    changes.push({ groupId, seq, topicId, fields });
    seqOfGroup.set(groupId, seq);
    return { groupId, topicId, list, registers, seq };
  });
  const groups = rows.groups.map(({ groupId, registers }) => ({
    groupId,
    registers: inRegisters(registers, replacement),
    seq: seqOfGroup.get(groupId) ?? (seq += 1),
  }));
  return { topics, groups, changes, seq };
}

/** The fields that hold the account, as the query API shows them afterwards. */
function visible(
  { fields, list }: Pick<StoredTopic, 'fields' | 'list'>,
  replacement: Replacement,
): Record<string, unknown> {
  const found = Object.entries(fields)
    .filter(([, value]) => value === replacement.account)
    .map(([name, value]): [string, unknown] => [name, inText(value, replacement)]);
  const shown = customFields(list);
  const replacedList = inJson(shown, replacement);
  const isListed = JSON.stringify(shown) !== JSON.stringify(replacedList);
  return Object.fromEntries([
    ...found,
    ...(isListed ? [['userDefinedDataList', replacedList] as const] : []),
  ]);
}
