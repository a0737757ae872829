import { Doctor } from '../reconcile/doctor.js';
import { databaseFault, type Finding, OfflineDoctor } from '../reconcile/offline-doctor.js';
import { arrivalOf } from '../journal/callback-id.js';
import { type Command, countOf, type Print } from './command.js';

const SIGNS = { ok: 'ok     ', warning: 'warning', fault: 'FAULT  ' } as const satisfies Record<
  Finding['verdict'],
  string
>;

/** Checks everything that the mirror needs, and names the remedy of each fault. */
export const doctor: Command = {
  summary: 'check settings, database, REST API, clock and callbacks; exit code 1 with a fault',
  options: {},
  run: (app, _options, print) => {
    const dateOf = (id: string): Date => new Date(arrivalOf(id) / 1000);
    return report(app.get(Doctor).findings(dateOf), print);
  },
  runWithoutDatabase: (app, error, print) =>
    report(withoutDatabase(app.get(OfflineDoctor), error), print),
};

async function* withoutDatabase(outside: OfflineDoctor, error: unknown): AsyncGenerator<Finding> {
  yield* outside.settingsFindings();
  yield databaseFault(error);
  yield* outside.restFindings();
  yield* outside.relayFindings();
}

/** @returns whether there was no fault. */
async function report(findings: AsyncIterable<Finding>, print: Print): Promise<boolean> {
  let faults = 0;
  for await (const { verdict, what, advice } of findings) {
    if (verdict === 'fault') faults += 1;
    print(`${SIGNS[verdict]}  ${what}`);
    if (advice !== undefined) print(`${' '.repeat(SIGNS.ok.length)}  -> ${advice}`);
  }
  print(faults === 0 ? 'no fault found' : `${countOf(faults, 'fault')} found`);
  return faults === 0;
}
