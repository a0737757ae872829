// npm run bench [-- NAME [options]]: runs one of the measurements and trials of this folder; each says in its first
// lines what it does and which options it has. Without a name: callbacks per second.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const DIRECTORY = import.meta.dirname;

/** @type {Record<string, string>} */
const NAMES = {
  callbacks: 'callbacks per second, against one upsert and against no database',
  read: 'answers of the query API per second',
  feed: 'what subscribers of the feed cost',
  steady: 'a rate that is held, and the memory it takes',
  size: 'tables of many topics: their size and speed',
  faults: 'kills, stops and freezes; all that was answered OK must be there',
  floods: 'floods of requests in half a gibibyte',
  sabotage: 'planted bugs, each of which `faults` must find',
  upgrade: 'an older build, upgraded under load',
  'rolling-restart': 'two replicas behind HAProxy, restarted in turn under load',
  replicas: 'the tests of two replicas, behind HAProxy and PgBouncer',
};
// sysexits.h
const EX_USAGE = 64;

const [first = '', ...others] = process.argv.slice(2);
const isNamed = first !== '' && !first.startsWith('-');
const name = isNamed ? first : 'callbacks';
if (Object.hasOwn(NAMES, name))
  process.exitCode = await run(isNamed ? others : process.argv.slice(2));
else {
  const lines = Object.entries(NAMES).map(([each, what]) => `  ${each.padEnd(16)} ${what}\n`);
  process.stderr.write(
    `no such trial: ${name}\nnpm run bench -- NAME [options]\n\n${lines.join('')}`,
  );
  process.exitCode = EX_USAGE;
}

/** @param {readonly string[]} args */
async function run(args) {
  const isTest = name === 'replicas';
  const [command, parameters] = isTest
    ? ['npm', ['test', '--', 'test/replicas.spec', ...args]]
    : [process.execPath, [join(DIRECTORY, `${name}.mjs`), ...args]];
  const env = { ...process.env, ...(isTest ? { REPLICAS_BEHIND_PROXIES: 'on' } : {}) };
  const child = spawn(command, parameters, { stdio: 'inherit', env });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}
