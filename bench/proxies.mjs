// HAProxy and PgBouncer as deploy/ describes them, on free ports of the loopback. Neither comes with npm.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import {
  chmod,
  chown,
  copyFile,
  mkdtemp,
  readdir,
  readFile,
  rm,
  writeFile,
} from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findAccount } from '../tools/embedded-postgres/account.mjs';
import { freePort } from './own-server.mjs';

const DEPLOY = join(import.meta.dirname, '..', 'deploy');
// A user's PATH often lacks these.
const SBIN = ['/usr/sbin', '/usr/local/sbin'];
const START_TIMEOUT_MS = 5_000;

/**
 * @param {string} name
 * @throws when it is not installed, with the way to get it
 */
export function findProgram(name) {
  for (const directory of [...(process.env.PATH ?? '').split(delimiter), ...SBIN]) {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return join(directory, name);
    } catch {
      // The next place.
    }
  }
  throw new Error(`${name} is not installed. On Debian: apt-get install ${name}`);
}

/**
 * HAProxy with deploy/haproxy.cfg.
 * @param {readonly string[]} urls of the two replicas
 * @param {{ repeats?: boolean }} options without, what a replica does not answer is lost
 */
export async function startHaproxy(urls, { repeats = true } = {}) {
  const path = join(DEPLOY, 'haproxy.cfg');
  const text = await readFile(path, 'utf8');
  const directory = await mkdtemp(join(tmpdir(), 'topic-mirror-haproxy-'));
  const file = join(directory, 'haproxy.cfg');
  await writeFile(
    file,
    repeats
      ? text
      : text.replace(/retries .*/, 'retries 0').replace(/retry-on .*/, 'retry-on none'),
  );
  const [front, internal, stats] = [await freePort(), await freePort(), await freePort()];
  const [first = '', second = ''] = urls.map((url) => new URL(url).host);
  const program = await startProgram('haproxy', ['-db', '-f', file], {
    port: front,
    env: {
      MIRROR_BIND: `127.0.0.1:${front}`,
      MIRROR_API_BIND: `127.0.0.1:${internal}`,
      MIRROR_STATS: `127.0.0.1:${stats}`,
      MIRROR_1: first,
      MIRROR_2: second,
    },
  });
  const statsUrl = `http://127.0.0.1:${stats}/;csv`;
  return {
    url: `http://127.0.0.1:${front}`,
    /** Of the query API; callbacks are taken there as well. */
    apiUrl: `http://127.0.0.1:${internal}`,
    /** What its statistics say of each `server`. */
    servers: () => readServers(statsUrl),
    close: async () => {
      await program.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/**
 * PgBouncer with deploy/pgbouncer.ini, in front of the server of a database.
 * @param {string} databaseUrl
 */
export async function startPgbouncer(databaseUrl) {
  const { username, password, hostname, port: serverPort, pathname } = new URL(databaseUrl);
  const database = pathname.slice(1);
  const directory = await mkdtemp(join(tmpdir(), 'topic-mirror-pgbouncer-'));
  const port = await freePort();
  await copyFile(join(DEPLOY, 'pgbouncer.ini'), join(directory, 'deploy.ini'));
  await writeFile(join(directory, 'userlist.txt'), `"${username}" "${password}"\n`);
  await writeFile(
    join(directory, 'own.ini'),
    // A second section [pgbouncer] would undo the first: its last lines are added to that.
    `[pgbouncer]
%include ${join(directory, 'deploy.ini')}
listen_port = ${port}
auth_file = ${join(directory, 'userlist.txt')}
[databases]
${database} = host=${hostname} port=${serverPort} dbname=${database}
`,
  );
  // As PostgreSQL, it does not run as root.
  const { owner, identity } = findAccount([]);
  await chmod(directory, 0o700);
  if (owner !== null) {
    const names = await readdir(directory);
    for (const name of ['.', ...names]) await chown(join(directory, name), owner.uid, owner.gid);
  }
  const program = await startProgram('pgbouncer', ['-q', join(directory, 'own.ini')], {
    port,
    identity,
  });
  return {
    url: Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${port}` }).href,
    close: async () => {
      await program.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/**
 * Starts a program and waits until its port takes connections.
 * @param {string} name
 * @param {readonly string[]} args
 * @param {{ port: number, env?: Record<string, string>, identity?: { uid?: number, gid?: number } }} options
 */
async function startProgram(name, args, { port, env = {}, identity = {} }) {
  const path = findProgram(name);
  const child = spawn(path, args, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...identity,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  const ended = once(child, 'close');
  const failed = ended.then(() => {
    throw new Error(`${name} did not start:\n${output}`);
  });
  failed.catch(() => undefined);
  const stop = async () => {
    // Both end at once on this; for others they would wait for their clients.
    child.kill('SIGTERM');
    await ended;
  };
  await Promise.race([untilOpen(port), failed]).catch(async (error) => {
    await stop();
    throw error;
  });
  return { stop };
}

/** @param {number} port */
async function untilOpen(port) {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await isOpen(port))) {
    if (performance.now() > deadline) throw new Error(`nobody listens on port ${port}`);
    await sleep(20);
  }
}

/** @param {number} port */
async function isOpen(port) {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** @param {string} url */
async function readServers(url) {
  const text = await (await fetch(url)).text();
  const [header = '', ...lines] = text.trim().split('\n');
  const names = header.replace(/^# /, '').split(',');
  return lines
    .map((line) => {
      const values = line.split(',');
      return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
    })
    .filter(({ svname }) => svname !== 'FRONTEND' && svname !== 'BACKEND')
    .map(({ pxname, svname, status = '', stot, wretr, wredis, eresp }) => ({
      name: `${pxname}/${svname}`,
      isUp: status.startsWith('UP'),
      requests: Number(stot),
      /** Requests it was sent again, or that were sent to the other after it had failed. */
      repeated: Number(wretr) + Number(wredis),
      failed: Number(eresp),
    }));
}
