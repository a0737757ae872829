import { Backfill } from '../reconcile/backfill.js';
import { Reconciliation } from '../reconcile/reconciliation.js';
import { RestCalls } from '../reconcile/rest-calls.js';
import { type Command, MissingSettingsError } from './command.js';
import type { Progress } from './progress.js';

/** Mirrors all communities of an app that existed before the mirror did. */
export const backfill: Command = {
  summary: 'mirror all communities of the app; resumes where an interrupted backfill stopped',
  options: {
    'dry-run': { type: 'boolean', meaning: 'compare only, write nothing' },
  },
  run: async (app, options, print, progress) => {
    const startedAt = performance.now();
    const calls = app.get(RestCalls);
    const reconciliation = app.get(Reconciliation);
    if (!reconciliation.isPossible) {
      throw new MissingSettingsError('set IM_API_HOST and IM_SECRET_KEY first');
    }
    const result =
      options['dry-run'] === true
        ? await compareAll(reconciliation, progress)
        : await app.get(Backfill).run(({ done, total }) => progress.report(done, total, 'groups'));
    progress.end();
    const { created = 0, updated = 0, deleted = 0, restored = 0 } = result.changes;
    const seconds = (performance.now() - startedAt) / 1000;
    if (result.isResumed) print('resumed an interrupted backfill');
    print(
      `groups     ${result.groups}${result.inconclusive > 0 ? `, and ${result.inconclusive} without a usable answer` : ''}`,
    );
    print(`topics     ${result.topics}`);
    print(`created    ${created}`);
    print(`updated    ${updated}${restored > 0 ? `, and ${restored} restored` : ''}`);
    print(`deleted    ${deleted}`);
    print(`calls      ${calls.total} (${(calls.total / seconds).toFixed(1)} per second)`);
    print(`time       ${seconds.toFixed(1)} s`);
    if (options['dry-run'] === true) print('nothing was written');
    return result.inconclusive === 0;
  },
};

async function compareAll(reconciliation: Reconciliation, progress: Progress) {
  const result = { isResumed: false, groups: 0, topics: 0, inconclusive: 0 };
  const changes: Record<string, number> = {};
  for await (const { snapshot, changes: found } of reconciliation.run('listed', {
    isPersisted: false,
    isConfirmed: false,
  })) {
    if (snapshot.kind === 'inconclusive') {
      result.inconclusive += 1;
      continue;
    }
    result.groups += 1;
    progress.report(result.groups, null, 'groups');
    result.topics += snapshot.vendorSnapshot.topics.length;
    for (const { kind } of found) changes[kind] = (changes[kind] ?? 0) + 1;
  }
  return { ...result, changes };
}
