import { Injectable } from '@nestjs/common';
import { ErasureRepository } from './erasure.repository.js';
import { type JournalText, JournalErasureRepository } from './journal-erasure.repository.js';
import { inBody, inJson, inQuery, type Replacement, withoutAddress } from './replacement.js';

/** How many rows hold an account, or held it. */
export interface Found {
  groups: number;
  topics: number;
  changes: number;
  callbacks: number;
}

// Rows of one transaction of the only writer, which callbacks wait for.
const STEP = 200;

/**
 * Replaces an account in all tables, in short transactions. A run that was interrupted is repeated with the same
 * pseudonym: what is replaced already is not found again.
 */
@Injectable()
export class Erasure {
  constructor(
    private readonly store: ErasureRepository,
    private readonly journal: JournalErasureRepository,
  ) {}

  async run(
    replacement: Replacement,
    { isDryRun }: { readonly isDryRun: boolean },
  ): Promise<Readonly<Found>> {
    const found = { groups: 0, topics: 0, changes: 0, callbacks: 0 };
    for await (const groupIds of this.store.groups(replacement)) {
      found.groups += groupIds.length;
      for (const step of isDryRun ? [] : stepsOf(groupIds)) {
        await this.store.eraseRows(replacement, step, []);
      }
    }
    for await (const keys of this.store.topics(replacement)) {
      found.topics += keys.length;
      for (const step of isDryRun ? [] : stepsOf(keys)) {
        await this.store.eraseRows(replacement, [], step);
      }
    }
    for await (const page of this.store.changes(replacement)) {
      found.changes += page.length;
      for (const step of isDryRun ? [] : stepsOf(page)) {
        await this.store.writeChanges(
          replacement,
          step.map((change) => ({
            ...change,
            before: inJson(change.before, replacement),
            after: inJson(change.after, replacement),
          })),
        );
      }
    }
    for await (const page of this.journal.callbacks(replacement)) {
      for (const entry of page.map((each) => erased(each, replacement)).filter((e) => e !== null)) {
        found.callbacks += 1;
        if (!isDryRun) await this.journal.writeCallback(entry);
      }
    }
    if (!isDryRun) await this.store.announce();
    return found;
  }
}

/** An entry without the account; `null` where it is not in it. */
function erased(entry: JournalText, replacement: Replacement): JournalText | null {
  const body = inBody(Buffer.from(entry.body), replacement);
  const query = inQuery(entry.query, replacement);
  if (query === entry.query && body.equals(entry.body)) return null;
  return { id: entry.id, query: withoutAddress(query), body };
}

function* stepsOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += STEP) yield items.slice(at, at + STEP);
}
