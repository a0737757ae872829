import { execFile } from 'node:child_process';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);

// Where Debian keeps the versions beside each other.
const VERSIONS = '/usr/lib/postgresql';

/** The programs of a PostgreSQL that is installed here, server and clients of one version; `null` without one. */
export async function findInstalled() {
  const versions = await readdir(VERSIONS).catch(() => []);
  const configured = await run('pg_config', ['--bindir']).then(
    ({ stdout }) => [stdout.trim()],
    () => [],
  );
  for (const directory of [...configured, ...versions.map((name) => join(VERSIONS, name, 'bin'))]) {
    const at = (name: string) => join(directory, name);
    const [initdb, postgres, pgDump, pgRestore, psql] = [
      at('initdb'),
      at('postgres'),
      at('pg_dump'),
      at('pg_restore'),
      at('psql'),
    ];
    const isWhole = await Promise.all(
      [initdb, postgres, pgDump, pgRestore, psql].map((path) => access(path)),
    ).then(
      () => true,
      () => false,
    );
    if (isWhole) return { binaries: { initdb, postgres, libraries: '' }, pgDump, pgRestore, psql };
  }
  return null;
}
