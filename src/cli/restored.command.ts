import { Database } from '../database/database.js';
import type { Command } from './command.js';

/** For a database in an earlier state than before, where the service cannot notice that. */
export const restored: Command = {
  summary: 'begin a new epoch, after a restore that the service cannot notice',
  options: {},
  run: async (app, _options, print) => {
    const seq = await app.get(Database).beginEpoch();
    print(`a new epoch began at seq ${seq}: earlier cursors and ETags are rejected`);
    print('subscribers of the feed start over; run reconcile --all for what was lost');
    return true;
  },
};
