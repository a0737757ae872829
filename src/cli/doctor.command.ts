import { Diagnosis, type Finding } from '../reconcile/diagnosis.js';
import { arrivalOf } from '../webhooks/callback.js';
import type { Command } from './command.js';

const SIGNS = { ok: 'ok     ', warning: 'warning', fault: 'FAULT  ' } as const satisfies Record<
  Finding['verdict'],
  string
>;

/** Looks at everything a mirror needs, and says what to mend. */
export const doctor: Command = {
  summary: 'check settings, database, REST API, clock and callbacks; exit code 1 with a fault',
  options: {},
  run: async (app, _options, print) => {
    let faults = 0;
    const dateOf = (id: string): Date => new Date(arrivalOf(id) / 1000);
    for await (const { verdict, what, advice } of app.get(Diagnosis).findings(dateOf)) {
      if (verdict === 'fault') faults += 1;
      print(`${SIGNS[verdict]}  ${what}`);
      if (advice !== undefined) print(`${' '.repeat(SIGNS.ok.length)}  -> ${advice}`);
    }
    print(faults === 0 ? 'no fault was found' : `${faults} to mend`);
    return faults === 0;
  },
};
