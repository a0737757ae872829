// PostgreSQL refuses to run as root, so as root it runs under another account.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { EmbeddedPostgresError } from './error.mjs';

// In this order: what a Debian server package made, else what every system has.
const CANDIDATES = ['postgres', 'nobody'];
// The first allows less; Docker, by default, has only the second.
const CAPABILITIES = ['dac_read_search', 'dac_override'];

/**
 * How to run the server's programs.
 * @typedef {object} Account
 * @property {{ uid: number, gid: number } | null} owner of the server's files; `null`: the caller
 * @property {string[]} prefix words before a command
 * @property {{ uid?: number, gid?: number }} identity for child_process
 */

/** @type {Account} */
const OWN = { owner: null, prefix: [], identity: {} };

/**
 * @param {string[]} paths that the account must be able to reach
 * @returns {Account}
 * @throws {EmbeddedPostgresError} when root has no account to run the server under
 */
export function findAccount(paths) {
  if (process.getuid?.() !== 0) return OWN;
  const owner = findUser();
  if (canReach(owner, paths)) return { owner, prefix: [], identity: owner };
  // A clone under /root: others cannot pass. One capability lets the server through all the same.
  for (const capability of CAPABILITIES) {
    const prefix = [
      'setpriv',
      `--reuid=${owner.uid}`,
      `--regid=${owner.gid}`,
      '--clear-groups',
      `--inh-caps=+${capability}`,
      `--ambient-caps=+${capability}`,
      // Else access(2), by which the server looks for its own files, does not count the capability.
      '--securebits=+no_setuid_fixup',
    ];
    const [command = '', ...args] = prefix;
    const trials = paths.map((path) => spawnSync(command, [...args, 'test', '-x', path]));
    if (trials.every(({ status }) => status === 0)) return { owner, prefix, identity: {} };
  }
  throw new EmbeddedPostgresError(
    'UNREACHABLE',
    `PostgreSQL does not run as root, and the account ${owner.uid} cannot reach ${paths.join(' and ')}: move the project to a directory that others may enter, run as an ordinary user, or set DATABASE_URL.`,
  );
}

function findUser() {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of CANDIDATES) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new EmbeddedPostgresError(
    'NO_ACCOUNT',
    'PostgreSQL does not run as root, and there is no account postgres or nobody: run as an ordinary user, or set DATABASE_URL.',
  );
}

/**
 * @param {{ uid: number, gid: number }} identity
 * @param {string[]} paths
 */
function canReach(identity, paths) {
  return paths.every(
    (path) => spawnSync('test', ['-x', path], { ...identity, cwd: '/' }).status === 0,
  );
}
