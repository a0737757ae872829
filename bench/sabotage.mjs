// npm run bench -- sabotage [--only NAME]: plants bugs in copies of the built service, one at a time, and expects
// `faults`, `floods` or `relay` to find each of them. A rig that cannot fail proves nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * @typedef {{ file: string, find: string, put: string, rig?: string, fault: string, seconds: number }} Bug
 * `find` must stand in the file exactly once.
 */

/** @type {Record<string, Bug>} */
const BUGS = {
  'an OK before the commit': {
    file: 'webhooks/webhooks.service.js',
    find: 'await this.persistOrDelay(request, reading);',
    put: 'void this.persistOrDelay(request, reading).catch(() => {});',
    fault: 'kill-app',
    seconds: 4,
  },
  'a swallowed error': {
    file: 'webhooks/persistence.js',
    find: 'await this.spool.append(request);',
    put: '',
    fault: 'stop-postgres',
    seconds: 3,
  },
  'no deadline for the database': {
    file: 'webhooks/persistence.js',
    find: 'const DATABASE_DEADLINE_MS = 1_000;',
    put: 'const DATABASE_DEADLINE_MS = 30_000;',
    fault: 'freeze-postgres',
    seconds: 8,
  },
  'a dropped record of the spool': {
    file: 'spool/spool.js',
    find: 'await take(piece.records)',
    put: 'await take(piece.records.slice(1))',
    fault: 'stop-postgres',
    seconds: 3,
  },
  'a spool that forgets at the start': {
    file: 'spool/spool.js',
    find: '!isSegmentName(name)',
    put: 'name',
    fault: 'kill-both',
    seconds: 4,
  },
  'a record that is removed before its commit': {
    file: 'spool/spool.js',
    find: 'await take(piece.records)',
    put: '(take(piece.records).catch(() => {}), [])',
    fault: 'stop-postgres',
    seconds: 3,
  },
  'an OK before the record is on disk': {
    file: 'spool/spool.js',
    find: 'const result = await this.appends.submit(record);',
    put: 'this.appends.submit(record).catch(() => {}); const result = true;',
    fault: 'spool-disk-full',
    seconds: 10,
  },
  'a short write that is taken for a whole one': {
    file: 'spool/segment.js',
    find: 'if (bytes + each.length > written)',
    put: 'if (bytes < 0)',
    fault: 'spool-disk-full',
    seconds: 10,
  },
  'no time limit for the disk': {
    file: 'webhooks/persistence.js',
    find: 'const DURABLE_DEADLINE_MS = 1_800;',
    put: 'const DURABLE_DEADLINE_MS = 30_000;',
    fault: 'slow-disk',
    seconds: 20,
  },
  'a writer that looks at nobody else': {
    file: 'topics/write/topics.repository.js',
    find: 'where s.id = 1 and s.batch = $1::bigint',
    put: 'where s.id = 1 and $1::bigint is not null',
    fault: 'two-replicas',
    seconds: 4,
  },
  'the last writer wins the whole row': {
    file: 'topics/domain/lww-registers.js',
    find: 'const compared = old === undefined ? 1 : compareTimestamps(timestamp, old);',
    put: 'const compared = 1;',
    fault: 'nothing',
    seconds: 3,
  },
  'a journal apart from the commit': {
    file: 'topics/write/tables.js',
    find: 'return entry && became ? [',
    put: 'return entry && became && Math.random() < 0.99 ? [',
    fault: 'nothing',
    seconds: 3,
  },
  'a feed without its row': {
    file: 'topics/write/topics.repository.js',
    find: '...CHANGES.parameters(reduced.changes)',
    put: '...CHANGES.parameters(reduced.changes.slice(1))',
    fault: 'nothing',
    seconds: 3,
  },
  'a position that passes over what is not delivered': {
    file: 'relay/window.js',
    find: 'isSettled: !isRelayed',
    put: 'isSettled: true',
    rig: 'relay',
    fault: 'kill-app',
    seconds: 15,
  },
  'no bound for responses in flight': {
    file: 'http/responses-in-flight.js',
    find: 'length <= SMALL_ANSWER_BYTES',
    put: 'length >= 0',
    rig: 'floods',
    fault: 'slow-readers',
    seconds: 20,
  },
};

const ROOT = join(import.meta.dirname, '..');
const { values: options } = parseArgs({ options: { only: { type: 'string' } } });
const unseen = [];
for (const [name, bug] of Object.entries(BUGS)) {
  if (options.only !== undefined && options.only !== name) continue;
  const isFound = await isFoundIn(bug);
  process.stdout.write(`${isFound ? 'found   ' : 'NOT SEEN'}  ${name} (${bug.fault})\n`);
  if (!isFound) unseen.push(name);
}
process.exitCode = unseen.length === 0 ? 0 : 1;

/** @param {Bug} bug */
async function isFoundIn({ file, find, put, rig = 'faults', fault, seconds }) {
  // Beside dist/, so that what it imports from outside is where it was.
  const copy = join(ROOT, 'dist-sabotage');
  try {
    await cp(join(ROOT, 'dist'), copy, { recursive: true });
    const path = join(copy, file);
    const parts = (await readFile(path, 'utf8')).split(find);
    if (parts.length !== 2) throw new Error(`${file} does not hold this once: ${find}`);
    await writeFile(path, parts.join(put));
    const app = join(copy, 'main.js');
    const args = ['--only', fault, '--seconds', String(seconds), '--app', app];
    const trial = spawn(process.execPath, [join(import.meta.dirname, `${rig}.mjs`), ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [code] = await once(trial, 'exit');
    return code !== 0;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
