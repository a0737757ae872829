// The built service in production form, as an operator starts it, on a port that it keeps.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './own-server.mjs';

const MAIN = resolve(import.meta.dirname, '..', 'dist', 'main.js');
const START_TIMEOUT_MS = 20_000;
const APP_ID = '1400000000';

/** What senders and readers of a service in production form need to know. */
export function makeSecrets() {
  return { token: randomBytes(16).toString('hex'), apiKey: randomBytes(32).toString('hex') };
}

/** @typedef {ReturnType<typeof makeSecrets>} Secrets */

/**
 * The query of a callback, signed now.
 * @param {string} command
 * @param {Secrets} secrets
 */
export function signedQuery(command, { token }) {
  const requestTime = String(Math.floor(Date.now() / 1000));
  return new URLSearchParams({
    SdkAppid: APP_ID,
    CallbackCommand: command,
    contenttype: 'json',
    ClientIP: '127.0.0.1',
    OptPlatform: 'RESTAPI',
    RequestTime: requestTime,
    Sign: sha256(token + requestTime),
  });
}

export class Replica {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  child;
  output = '';

  /**
   * @param {string} url
   * @param {NodeJS.ProcessEnv} env
   */
  constructor(url, env) {
    this.url = url;
    this.env = env;
  }

  /**
   * @param {string} directory for what it writes
   * @param {{ databaseUrl: string, secrets: Secrets, settings?: Record<string, string> }} options
   */
  static async create(directory, { databaseUrl, secrets, settings = {} }) {
    const port = await freePort();
    const dataDir = join(directory, `replica-${port}`);
    await mkdir(dataDir);
    return new Replica(`http://127.0.0.1:${port}`, {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      DATA_DIR: dataDir,
      IM_SDK_APP_ID: APP_ID,
      IM_CALLBACK_TOKENS: secrets.token,
      API_KEYS: `bench:${sha256(secrets.apiKey)}`,
      ...settings,
    });
  }

  /** @returns how many milliseconds it took until it was ready */
  async start() {
    const begun = performance.now();
    const child = spawn(process.execPath, [MAIN], {
      cwd: this.env.DATA_DIR,
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.output += text));
    }
    while (!(await this.isReady())) {
      const isLate = performance.now() - begun > START_TIMEOUT_MS;
      if (isLate || child.exitCode !== null) throw new Error(`no start:\n${this.output}`);
      await sleep(20);
    }
    return performance.now() - begun;
  }

  /**
   * Sends a signal and waits for the end.
   * @param {NodeJS.Signals} signal
   */
  async end(signal) {
    const begun = performance.now();
    const { child } = this;
    if (!child) return { code: null, ms: 0 };
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
    child.kill(signal);
    await ended;
    return { code: child.exitCode, ms: performance.now() - begun };
  }

  async isReady() {
    const answer = await fetch(`${this.url}/readyz`).catch(() => null);
    await answer?.arrayBuffer();
    return answer?.ok ?? false;
  }
}

/** @param {string} text */
function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}
