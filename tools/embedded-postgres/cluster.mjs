// The files of the server: a database cluster made by initdb, with the password of its superuser.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedPostgresError, hasCode } from './error.mjs';

// In the cluster itself, so that the two appear together.
const PASSWORD_FILE = 'topic_mirror.password';
export const SUPERUSER = 'postgres';

/** @typedef {import('./account.mjs').Account} Account */
/** @typedef {Awaited<ReturnType<typeof import('./binaries.mjs').findBinaries>>} Binaries */

/**
 * Makes the cluster if it is not there. Of several processes that do so at once one wins.
 * @param {string} directory
 * @param {Binaries} binaries
 * @param {Account} account
 * @returns {Promise<{ path: string, password: string }>}
 */
export async function ensureCluster(directory, binaries, account) {
  const path = join(directory, 'postgres');
  const found = await readPassword(path);
  if (found === null) await makeCluster(directory, path, binaries, account);
  const password = found ?? (await readPassword(path));
  const version = await readVersion(path);
  const wanted = await versionOf(binaries, account);
  if (password === null || version !== wanted) {
    throw new EmbeddedPostgresError(
      'OTHER_VERSION',
      `The files in ${path} are of PostgreSQL ${version ?? 'unknown'}, this is ${wanted}: dump them with that version and load them here, or move them away to start anew.`,
    );
  }
  return { path, password };
}

/**
 * @param {string} directory
 * @param {string} path
 * @param {Binaries} binaries
 * @param {Account} account
 */
async function makeCluster(directory, path, binaries, account) {
  const draft = await mkdtemp(join(directory, 'postgres.new-'));
  try {
    const data = join(draft, 'data');
    const passwordFile = join(draft, 'password');
    const password = randomBytes(24).toString('hex');
    await mkdir(data, { mode: 0o700 });
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (account.owner) {
      const { uid, gid } = account.owner;
      for (const owned of [draft, data, passwordFile]) await chown(owned, uid, gid);
    }
    await run(
      [
        binaries.initdb,
        '--pgdata',
        data,
        '--username',
        SUPERUSER,
        '--pwfile',
        passwordFile,
        // Bytes are compared as bytes on every system, and no locale has to be installed.
        '--encoding=UTF8',
        '--locale=C',
        '--auth=scram-sha-256',
        '--no-instructions',
      ],
      binaries,
      account,
    );
    await rename(passwordFile, join(data, PASSWORD_FILE));
    await rename(data, path).catch((error) => {
      // Another process was faster.
      if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/**
 * @param {Binaries} binaries
 * @param {Account} account
 */
async function versionOf(binaries, account) {
  const { stdout } = await run([binaries.postgres, '--version'], binaries, account);
  return /(\d+)/.exec(stdout)?.[1] ?? '';
}

/**
 * @param {string[]} words
 * @param {Binaries} binaries
 * @param {Account} account
 */
async function run(words, binaries, account) {
  const [command = '', ...args] = [...account.prefix, ...words];
  try {
    return await promisify(execFile)(command, args, {
      ...account.identity,
      cwd: '/',
      env: environment(binaries),
    });
  } catch (error) {
    const reason = error instanceof Error && 'stderr' in error ? error.stderr : error;
    throw new EmbeddedPostgresError(
      'COMMAND_FAILED',
      `A program of the embedded PostgreSQL failed: ${String(reason).trim()}. Set DATA_DIR to a directory on a local disk, or DATABASE_URL to a PostgreSQL of yours.`,
      { cause: error },
    );
  }
}

/** @param {Binaries} binaries */
export function environment(binaries) {
  const { PATH = '/usr/bin:/bin', SystemRoot = '' } = process.env;
  return { PATH, SystemRoot, LC_ALL: 'C', TZ: 'UTC', LD_LIBRARY_PATH: binaries.libraries };
}

/** @param {string} path */
const readPassword = (path) => readIfThere(join(path, PASSWORD_FILE));
/** @param {string} path */
const readVersion = (path) => readIfThere(join(path, 'PG_VERSION'));

/** @param {string} file */
async function readIfThere(file) {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}
