import { Erasure } from '../erasure/erasure.js';
import { isPseudonym, newPseudonym } from '../erasure/replacement.js';
import { type Command, countOf, textOf, UsageError } from './command.js';

const MAX_ACCOUNT_LENGTH = 256;

/** Replaces an account everywhere in the database by a pseudonym. */
export const erase: Command = {
  summary: 'replace an account in topics, groups, changes and journal by a pseudonym',
  options: {
    account: { type: 'string', meaning: 'the account to erase, exactly as the vendor spells it' },
    pseudonym: {
      type: 'string',
      meaning: 'continue an interrupted run, or erase again, with this',
    },
    'dry-run': { type: 'boolean', meaning: 'count the rows, write nothing' },
  },
  run: async (app, options, print) => {
    const account = textOf(options, 'account') ?? '';
    if (account === '' || account.length > MAX_ACCOUNT_LENGTH) {
      throw new UsageError('erase needs --account with the account to erase');
    }
    const pseudonym = textOf(options, 'pseudonym') ?? newPseudonym();
    if (!isPseudonym(pseudonym)) {
      throw new UsageError('--pseudonym must be one that an earlier run has printed: erased-…');
    }
    const isDryRun = options['dry-run'] === true;
    if (!isDryRun) print(`pseudonym: ${pseudonym} (to continue: --pseudonym ${pseudonym})`);
    const found = await app.get(Erasure).run({ account, pseudonym }, { isDryRun });
    print(
      `${isDryRun ? 'to be erased, nothing written' : 'erased'}: ${[
        countOf(found.topics, 'topic'),
        countOf(found.groups, 'group'),
        countOf(found.changes, 'change'),
        countOf(found.callbacks, 'journal entry', 'journal entries'),
      ].join(', ')}`,
    );
    for (const line of NOT_REACHED) print(line);
    return true;
  },
};

const NOT_REACHED = [
  'not reached:',
  '  the vendor: delete the account there first, or the next callback or reconciliation brings it back',
  '  callbacks that wait in DATA_DIR/spool: run again when /readyz says "spooled":0',
  '  backups and WAL archives, until they expire; dead rows, until vacuum',
  '  the backend behind RELAY_URL, and clients that have read the account',
  '  ids of groups and topics, longer texts that contain the account, and bodies that are not JSON',
];
