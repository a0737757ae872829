import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Environment } from '../../src/config/environment.js';

const MAIN = resolve('dist/main.js');
const PRISMA = resolve('node_modules/prisma/build/index.js');
const { PATH, HOME } = process.env;

/** Production form, open on purpose: what the service needs besides a database. */
export const PRODUCTION = {
  NODE_ENV: 'production',
  HOST: '127.0.0.1',
  IM_SDK_APP_ID: '1400000000',
  IM_CALLBACK_AUTH: 'off',
  API_AUTH: 'off',
};

/** A DATA_DIR with the files of a PostgreSQL that was never started, made once for the whole run; or an empty one. */
export async function createDataDir(
  hasCluster = true,
): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'topic mirror ü '));
  const seed = process.env.TEST_CLUSTER ?? '';
  // Node's own copy would not keep the owner, which PostgreSQL insists on.
  if (hasCluster) await promisify(execFile)('cp', ['-a', seed, join(path, 'postgres')]);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export interface Service {
  readonly child: ChildProcess;
  /** Where it listens; rejects when it ends before. */
  readonly url: Promise<string>;
  /** Resolves with the exit code, or the name of the signal, and all that was written. */
  readonly ended: Promise<{ code: number | string | null; output: string }>;
}

/**
 * The built service as an operator starts it: nothing is set but what is given. It runs in an empty
 * directory of its own, so that no `.env` is read and no spool of another is found.
 */
export function startService(env: Environment): Service {
  const cwd = mkdtempSync(join(tmpdir(), 'topic-mirror-service-'));
  const child = spawn(process.execPath, [MAIN], {
    cwd,
    env: { PATH, HOME, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ended = once(child, 'close').then(async ([code, signal]) => {
    await rm(cwd, { recursive: true, force: true });
    return { code: code ?? signal, output };
  });
  const url = new Promise<string>((found, failed) => {
    createInterface({ input: child.stderr }).on('line', (line) => (output += `${line}\n`));
    createInterface({ input: child.stdout }).on('line', (line) => {
      output += `${line}\n`;
      const listening = /Server listening at (http:[^"]+)/.exec(line);
      if (listening?.[1]) found(listening[1]);
    });
    void ended.then(() => failed(new Error(`it did not start:\n${output}`)));
  });
  url.catch(() => undefined);
  return { child, url, ended };
}

/** Prisma's own command, as `npx prisma` runs it in the directory of a project. */
export function prisma(args: readonly string[], env: Environment, cwd = '.'): Promise<Run> {
  return run(process.execPath, [PRISMA, ...args], env, cwd);
}

export interface Run {
  readonly code: number;
  readonly output: string;
}

/** Runs a command to its end; nothing is set in its environment but what is given. */
export async function run(
  command: string,
  args: readonly string[],
  env: Environment = {},
  cwd = '.',
): Promise<Run> {
  const child = spawn(command, args, {
    cwd,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const [code] = await once(child, 'close');
  return { code, output };
}
