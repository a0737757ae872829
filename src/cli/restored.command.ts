import { Database } from '../database/database.js';
import type { Command } from './command.js';

/** Says what the service cannot see for itself: that the database is in an earlier state than it was. */
export const restored: Command = {
  summary: 'after a restore that the service did not notice: begin a new epoch of seqs',
  options: {},
  run: async (app, _options, print) => {
    const seq = await app.get(Database).beginEpoch();
    print(`a new epoch began at seq ${seq}: cursors and ETags of before are refused`);
    print('readers of the feed start over; run reconcile --all for what was lost');
    return true;
  },
};
