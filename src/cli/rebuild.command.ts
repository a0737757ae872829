import { hash } from 'node:crypto';
import type { ChangeSet } from '../topics/domain/change.js';
import { TopicsService } from '../topics/write/topics.service.js';
import { JournalRepository } from '../journal/journal.repository.js';
import { readRequest } from '../webhooks/callback-reader.js';
import { type Command, countOf, textOf, UsageError } from './command.js';

const MAX_SHOWN = 20;

/** Reduces the whole journal from nothing, and compares the result with the tables. */
export const rebuild: Command = {
  summary: 'with --check: compare topics with what the whole journal makes of them',
  options: {
    check: { type: 'boolean', meaning: 'compare only, write nothing' },
    passes: {
      type: 'string',
      meaning:
        'read the journal in so many passes, each for a part of the groups, to use less memory (1)',
    },
  },
  run: async (app, options, print, progress) => {
    if (options.check !== true) {
      throw new UsageError(
        'rebuild needs --check. To make topics anew, run replay on a database with an empty topics table.',
      );
    }
    const passes = Number(textOf(options, 'passes') ?? 1);
    if (!(Number.isInteger(passes) && passes >= 1 && passes <= 10_000)) {
      throw new UsageError('--passes must be a whole number from 1 to 10000');
    }
    const topics = app.get(TopicsService);
    const journal = app.get(JournalRepository);
    let read = 0;
    const sum = { compared: 0, verified: 0, unexplained: 0, mismatches: 0 };
    for (let pass = 0; pass < passes; pass += 1) {
      const sets: ChangeSet[] = [];
      for await (const page of journal.pages()) {
        read += page.length;
        progress.report(read, null, 'journal entries');
        for (const request of page) {
          const { entry: _, ...set } = readRequest(request).set;
          const [first] = set.changes;
          if (first && partOf(first.groupId, passes) === pass) sets.push(set);
        }
      }
      const found = await topics.compare(sets);
      for (const mismatch of found.mismatches) {
        if (sum.mismatches < MAX_SHOWN) print(JSON.stringify(mismatch));
        sum.mismatches += 1;
      }
      sum.compared += found.compared;
      sum.verified += found.verified;
      sum.unexplained += found.unexplained;
    }
    progress.end();
    print(
      `${countOf(sum.compared, 'topic')} compared, ${sum.mismatches} differ; ${sum.verified} left out as verified by the vendor, ${sum.unexplained} unknown to the journal`,
    );
    if (sum.verified > 0) {
      print(
        `not compared: ${countOf(sum.verified, 'topic')} of groups that were compared with the vendor: these may differ from their callbacks. Use reconcile for them.`,
      );
    }
    if (sum.unexplained > 0) {
      print(`not compared: ${countOf(sum.unexplained, 'topic')} without a callback in the journal`);
    }
    if (sum.compared === 0) print('nothing was compared, so nothing is proved');
    return sum.mismatches === 0 && sum.compared > 0;
  },
};

function partOf(groupId: string, parts: number): number {
  return parseInt(hash('sha256', groupId).slice(0, 8), 16) % parts;
}
