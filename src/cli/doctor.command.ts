import { Diagnosis } from '../reconcile/diagnosis.js';
import { databaseFault, type Finding, OutsideDiagnosis } from '../reconcile/outside-diagnosis.js';
import { arrivalOf } from '../webhooks/callback.js';
import type { Command, Print } from './command.js';

const SIGNS = { ok: 'ok     ', warning: 'warning', fault: 'FAULT  ' } as const satisfies Record<
  Finding['verdict'],
  string
>;

/** Looks at everything a mirror needs, and says what to mend. */
export const doctor: Command = {
  summary: 'check settings, database, REST API, clock and callbacks; exit code 1 with a fault',
  options: {},
  run: (app, _options, print) => {
    const dateOf = (id: string): Date => new Date(arrivalOf(id) / 1000);
    return report(app.get(Diagnosis).findings(dateOf), print);
  },
  runWithoutDatabase: (app, error, print) =>
    report(withoutDatabase(app.get(OutsideDiagnosis), error), print),
};

async function* withoutDatabase(
  outside: OutsideDiagnosis,
  error: unknown,
): AsyncGenerator<Finding> {
  yield* outside.settingsFindings();
  yield databaseFault(error);
  yield* outside.restFindings();
}

/** @returns whether there was no fault. */
async function report(findings: AsyncIterable<Finding>, print: Print): Promise<boolean> {
  let faults = 0;
  for await (const { verdict, what, advice } of findings) {
    if (verdict === 'fault') faults += 1;
    print(`${SIGNS[verdict]}  ${what}`);
    if (advice !== undefined) print(`${' '.repeat(SIGNS.ok.length)}  -> ${advice}`);
  }
  print(faults === 0 ? 'no fault was found' : `${faults} to mend`);
  return faults === 0;
}
