import { createServer } from 'node:net';
import { once } from 'node:events';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findAccount } from '../../tools/embedded-postgres/account.mjs';
import { findBinaries } from '../../tools/embedded-postgres/binaries.mjs';
import { ensureCluster, SUPERUSER } from '../../tools/embedded-postgres/cluster.mjs';
import { type Running, startServer } from '../../tools/embedded-postgres/server.mjs';
import { createDataDir } from './process.js';

type Binaries = Awaited<ReturnType<typeof findBinaries>>;

/** A PostgreSQL under the hand of one spec file, on a port that stays the same. */
export interface OwnServer {
  /** Its data directory. */
  readonly path: string;
  urlOf(database: string): string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it and removes its files. */
  remove(): Promise<void>;
}

/**
 * The files of a server that does not run yet, with an empty database `topic_mirror`.
 * @param installed other programs than those of the package
 * @param primary makes it a standby of this one. Both begin with a copy of the same files, as they
 *   were when their server had stopped, so no backup is needed.
 */
export async function createOwnServer(
  primary?: OwnServer,
  installed?: Binaries,
): Promise<OwnServer> {
  const directory = await createDataDir(installed === undefined);
  const binaries = installed ?? (await findBinaries());
  const account = findAccount([binaries.postgres, directory.path]);
  const { path, password } = await ensureCluster(directory.path, binaries, account);
  if (primary) await makeStandby(path, primary);
  const port = await freePort();
  const logFile = join(directory.path, 'postgres.log');
  let running: Running | null = null;
  const stop = async () => {
    await running?.stop();
    running = null;
  };
  return {
    path,
    urlOf: (database) => `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`,
    start: async () => {
      const started = await startServer({ path, port, logFile, binaries, account });
      if ('failure' in started) throw new Error(`PostgreSQL did not start: ${started.failure}`);
      running = started;
    },
    stop,
    remove: async () => {
      await stop();
      await directory.remove();
    },
  };
}

async function makeStandby(path: string, primary: OwnServer): Promise<void> {
  const settings = [
    `primary_conninfo = '${primary.urlOf('postgres')}'`,
    // What is in the way of the replay is cancelled at once, and not after half a minute.
    'max_standby_streaming_delay = 0',
    // How soon it looks for its primary again.
    'wal_retrieve_retry_interval = 100ms',
  ];
  await appendFile(join(path, 'postgresql.auto.conf'), `${settings.join('\n')}\n`);
  await writeFile(join(path, 'standby.signal'), '');
}

export async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  return typeof address === 'object' && address ? address.port : 0;
}
