// The rows of `callbacks` as they are written, in one statement with what they changed.
import { BatchTable } from '../database/batch-table.js';
import type { JournalEntry, Outcome } from './journal-entry.js';

export interface JournalRow {
  readonly entry: JournalEntry;
  readonly outcome: Outcome;
  /** The first and the last `seq` of its changes. */
  readonly seqs: readonly [first: number, last: number] | null;
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
