import { Backfill, type BackfillProgress } from '../reconcile/backfill.js';
import { Inspection } from '../reconcile/inspection.js';
import { RestCalls } from '../reconcile/rest-calls.js';
import { type Command, type Print, UsageError } from './command.js';

const PLAIN_LINE_MS = 10_000;
const BAR = 30;

/** Mirrors all communities of an app that existed before the mirror did. */
export const backfill: Command = {
  summary: 'mirror all communities of the app; goes on where one that was killed stopped',
  options: {
    'dry-run': { type: 'boolean', meaning: 'ask and compare, write nothing' },
  },
  run: async (app, options, print) => {
    const startedAt = performance.now();
    const calls = app.get(RestCalls);
    const inspection = app.get(Inspection);
    if (!inspection.isPossible) throw new UsageError('set IM_API_HOST and IM_SECRET_KEY first');
    const result =
      options['dry-run'] === true
        ? await compareAll(inspection)
        : await app.get(Backfill).run(progressOn(process.stderr, print));
    const { created = 0, updated = 0, deleted = 0, restored = 0 } = result.changes;
    const seconds = (performance.now() - startedAt) / 1000;
    if (result.isResumed) print('went on with a backfill that had not ended');
    print(
      `groups     ${result.groups}${result.untold > 0 ? `, and ${result.untold} unanswered` : ''}`,
    );
    print(`topics     ${result.topics}`);
    print(`created    ${created}`);
    print(`updated    ${updated}${restored > 0 ? `, and ${restored} restored` : ''}`);
    print(`deleted    ${deleted}`);
    print(`calls      ${calls.total} (${(calls.total / seconds).toFixed(1)} per second)`);
    print(`time       ${seconds.toFixed(1)} s`);
    if (options['dry-run'] === true) print('nothing was written');
    return result.untold === 0;
  },
};

async function compareAll(inspection: Inspection) {
  const result = { isResumed: false, groups: 0, topics: 0, untold: 0 };
  const changes: Record<string, number> = {};
  for await (const { look, changes: found } of inspection.inspect('listed', {
    isKept: false,
    isConfirmed: false,
  })) {
    if (look.kind === 'untold') {
      result.untold += 1;
      continue;
    }
    result.groups += 1;
    result.topics += look.verification.topics.length;
    for (const { kind } of found) changes[kind] = (changes[kind] ?? 0) + 1;
  }
  return { ...result, changes };
}

/** A bar on a terminal, a line now and then elsewhere. */
function progressOn(stream: NodeJS.WriteStream, print: Print) {
  let printedAt = performance.now();
  return ({ done, total }: BackfillProgress): void => {
    const share = total === 0 ? 0 : done / total;
    const text = `${done} of ${total} groups`;
    if (stream.isTTY) {
      const filled = '#'.repeat(Math.round(share * BAR)).padEnd(BAR, '.');
      stream.write(`\r[${filled}] ${text}  ${share === 1 ? '\n' : ''}`);
    } else if (performance.now() - printedAt >= PLAIN_LINE_MS) {
      printedAt = performance.now();
      print(text);
    }
  };
}
