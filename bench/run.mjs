// npm run bench [-- NAME [options]]: builds, and runs one of the measurements and trials of this folder; each says in its first
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
  relay: 'a backend behind the mirror that is away, and kills; its cost',
  spool: 'answers while PostgreSQL is away, and a large spool in little memory',
  page: 'long tasks and memory of the page, open on a busy group',
  floods: 'floods of requests in half a gibibyte',
  sabotage: 'planted bugs, each of which `faults`, `floods` or `relay` must find',
  upgrade: 'an older build, upgraded under load',
  'rolling-restart': 'two replicas behind HAProxy, restarted in turn under load',
  replicas: 'the tests of two replicas, behind HAProxy and PgBouncer',
};
// sysexits.h
const EX_USAGE = 64;

const [first = '', ...others] = process.argv.slice(2);
const isNamed = first !== '' && !first.startsWith('-');
const name = isNamed ? first : 'callbacks';
const lines = Object.entries(NAMES).map(([each, what]) => `  ${each.padEnd(16)} ${what}\n`);
const usage = `npm run bench -- NAME [options]\n\n${lines.join('')}`;
if (['help', '--help', '-h'].includes(first)) process.stdout.write(usage);
else if (Object.hasOwn(NAMES, name)) {
  process.exitCode = await run(isNamed ? others : process.argv.slice(2));
} else {
  process.stderr.write(`no such trial: ${name}\n${usage}`);
  process.exitCode = EX_USAGE;
}

/** @param {readonly string[]} args */
async function run(args) {
  if ((await execute('npm', ['run', 'build'])) !== 0) return 1;
  const isTest = name === 'replicas';
  const [command, parameters] = isTest
    ? ['npm', ['test', '--', 'test/operations/replicas.spec', ...args]]
    : [process.execPath, [join(DIRECTORY, `${name}.mjs`), ...args]];
  return execute(command, parameters, isTest ? { REPLICAS_BEHIND_PROXIES: 'on' } : {});
}

/**
 * @param {string} command
 * @param {readonly string[]} parameters
 * @param {Record<string, string>} env
 */
async function execute(command, parameters, env = {}) {
  const child = spawn(command, parameters, { stdio: 'inherit', env: { ...process.env, ...env } });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}
