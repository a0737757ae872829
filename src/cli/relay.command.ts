import { type JournalFilter, JournalRepository } from '../journal/journal.repository.js';
import { Resending } from '../relay/resending.js';
import {
  type Command,
  MissingSettingsError,
  type Options,
  textOf,
  timeOf,
  UsageError,
} from './command.js';
import { checkCommand } from './replay.command.js';

/** Sends callbacks of the journal to the backend of RELAY_URL once more. */
export const relay: Command = {
  summary: 'send journal entries to the backend of RELAY_URL again, delivered or not',
  options: {
    from: { type: 'string', meaning: 'only callbacks that arrived at this time or later' },
    to: { type: 'string', meaning: 'only callbacks that arrived before this time' },
    command: { type: 'string', meaning: 'only this command of the vendor' },
    group: { type: 'string', meaning: 'only callbacks about this group' },
  },
  run: async (app, options, print, progress) => {
    const resending = app.get(Resending);
    if (!resending.isPossible) throw new MissingSettingsError('set RELAY_URL first');
    const filter = filterOf(options);
    if (filter.from === undefined)
      throw new UsageError('--from is missing: a time such as 2026-01-31T12:00:00Z');
    await checkCommand(app.get(JournalRepository), filter.command);
    const { delivered, failed } = await resending.run(filter, (resent) =>
      progress.report(resent.delivered + resent.failed, null, 'callbacks'),
    );
    progress.end();
    print(`${delivered} delivered, ${failed} failed`);
    return failed === 0;
  },
};

function filterOf(options: Options): JournalFilter {
  return {
    from: timeOf(options, 'from'),
    to: timeOf(options, 'to'),
    command: textOf(options, 'command'),
    groupId: textOf(options, 'group'),
  };
}
