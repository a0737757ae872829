import { hash } from 'node:crypto';
import type { ChangeSet } from '../topics/change.js';
import { TopicsService } from '../topics/topics.service.js';
import { JournalStore } from '../webhooks/journal.store.js';
import { readRequest } from '../webhooks/reading.js';
import { type Command, textOf, UsageError } from './command.js';

const MAX_SHOWN = 20;

/** Folds the whole journal from nothing, and compares the result with the tables. */
export const rebuild: Command = {
  summary: 'with --check: fold the whole journal and compare the result with topics',
  options: {
    check: { type: 'boolean', meaning: 'compare only; the tables are not touched' },
    passes: {
      type: 'string',
      meaning: 'read the journal this many times, each time for a part of the groups (1)',
    },
  },
  run: async (app, options, print) => {
    if (options.check !== true) {
      throw new UsageError(
        'rebuild needs --check. To make topics anew, run replay on a database with an empty topics table.',
      );
    }
    const passes = Number(textOf(options, 'passes') ?? 1);
    if (!(passes >= 1 && passes <= 10_000)) {
      throw new UsageError('--passes must be a number from 1 to 10000');
    }
    const topics = app.get(TopicsService);
    const journal = app.get(JournalStore);
    const sum = { compared: 0, verified: 0, untold: 0, mismatches: 0 };
    for (let pass = 0; pass < passes; pass += 1) {
      const sets: ChangeSet[] = [];
      for await (const page of journal.pages()) {
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
      sum.untold += found.untold;
    }
    print(
      `${sum.compared} topics compared, ${sum.mismatches} differ; ${sum.verified} left out as verified by the vendor, ${sum.untold} unknown to the journal`,
    );
    if (sum.verified > 0) {
      print(
        `not compared: ${sum.verified} topics of groups that were compared with the vendor, since these need not be what their callbacks say; reconcile compares them`,
      );
    }
    if (sum.untold > 0) {
      print(`not compared: ${sum.untold} topics of which the journal holds no callback`);
    }
    if (sum.compared === 0) print('nothing was compared, so that nothing is proved');
    return sum.mismatches === 0 && sum.compared > 0;
  },
};

function partOf(groupId: string, parts: number): number {
  return parseInt(hash('sha256', groupId).slice(0, 8), 16) % parts;
}
