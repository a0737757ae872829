import { printable } from '../journal/printable.js';
import type { ChangeRow } from '../topics/domain/rows.js';
import type { Outcome } from '../journal/journal-entry.js';
import type { ChangeSet } from '../topics/domain/change.js';
import { TopicsService } from '../topics/write/topics.service.js';
import { type JournalFilter, JournalRepository } from '../journal/journal.repository.js';
import { handlingOf, MIRRORED_COMMANDS } from '../webhooks/commands.js';
import { readRequest } from '../webhooks/callback-reader.js';
import { type Command, countOf, type Options, textOf, timeOf, UsageError } from './command.js';

const OUTCOMES: readonly Outcome[] = [
  'applied',
  'unchanged',
  'stale',
  'ignored',
  'unknown',
  'invalid',
];

/** Applies journal entries again, as this version reads them. */
export const replay: Command = {
  summary: 'apply journal entries again, as this version reads them',
  options: {
    from: { type: 'string', meaning: 'only callbacks that arrived at this time or later' },
    to: { type: 'string', meaning: 'only callbacks that arrived before this time' },
    command: { type: 'string', meaning: 'only this command of the vendor' },
    group: { type: 'string', meaning: 'only callbacks about this group' },
    outcome: {
      type: 'string',
      meaning: `only callbacks with this outcome: ${OUTCOMES.join(', ')}`,
    },
    'dry-run': { type: 'boolean', meaning: 'print the changes, write nothing' },
  },
  run: async (app, options, print, progress) => {
    const topics = app.get(TopicsService);
    await checkCommand(app.get(JournalRepository), textOf(options, 'command'));
    const counts = new Map<string, number>();
    let entries = 0;
    for await (const page of app.get(JournalRepository).pages(filterOf(options))) {
      const sets = page.map((request) => readRequest(request).set);
      entries += sets.length;
      progress.report(entries, null, 'journal entries');
      if (options['dry-run'] === true) {
        for (const change of (await topics.preview(sets)).changes) {
          print(lineOf(change));
          count(counts, change.kind);
        }
      } else {
        const applied = await Promise.all(sets.map((set: ChangeSet) => topics.apply(set)));
        for (const { outcome } of applied) count(counts, outcome);
      }
    }
    progress.end();
    const summary = [...counts].map(([word, number]) => `${number} ${word}`).join(', ');
    print(
      `${countOf(entries, 'entry', 'entries')}${options['dry-run'] === true ? ', nothing written' : ''}: ${summary || 'nothing to do'}`,
    );
    return true;
  },
};

/** @throws UsageError where neither this build nor the journal knows the command. */
export async function checkCommand(
  journal: JournalRepository,
  command: string | undefined,
): Promise<void> {
  if (command === undefined || handlingOf(command) !== null) return;
  const commands = await journal.commands();
  if (commands.includes(command)) return;
  const known = [...new Set([...MIRRORED_COMMANDS, ...commands])].toSorted();
  throw new UsageError(
    `--command ${JSON.stringify(command)} is unknown to this version and to the journal; there are: ${known.map(printable).join(', ')}`,
  );
}

function filterOf(options: Options): JournalFilter {
  const named = textOf(options, 'outcome');
  const outcome = OUTCOMES.find((candidate) => candidate === named);
  if (named !== undefined && outcome === undefined) {
    throw new UsageError(`--outcome must be one of: ${OUTCOMES.join(', ')}`);
  }
  return {
    from: timeOf(options, 'from'),
    to: timeOf(options, 'to'),
    command: textOf(options, 'command'),
    groupId: textOf(options, 'group'),
    outcome,
  };
}

function lineOf({ groupId, topicId, kind, before, after }: ChangeRow): string {
  return JSON.stringify({ groupId, topicId, kind, before, after });
}

function count(counts: Map<string, number>, word: string): void {
  counts.set(word, (counts.get(word) ?? 0) + 1);
}
