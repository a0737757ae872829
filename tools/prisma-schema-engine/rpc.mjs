import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import { AdapterFactory } from './adapter-factory.mjs';
import { cancelled } from './adapter.mjs';
import { createDatabase, parseDatabaseUrl } from './database.mjs';
import { loadEngine, panicMessage } from './wasm.mjs';

/**
 * @import { SchemaEngine } from '@prisma/schema-engine-wasm'
 * @import { Target } from './database.mjs'
 * @typedef {{ url?: string, shadowDatabaseUrl?: string, datamodels: [path: string, content: string][] }} Setup
 * @typedef {{ factory: AdapterFactory, engine?: Promise<SchemaEngine> }} Host
 */

const APPLICATION_ERROR = 4466;
const METHOD_NOT_FOUND = -32_601;
const SHUTDOWN_TIMEOUT_MS = 4_000;
const NO_SHADOW_DATABASE = 'shadow DB must be provided through an external factory';
const METHODS = new Set([
  'applyMigrations',
  'createDatabase',
  'createMigration',
  'dbExecute',
  'debugPanic',
  'devDiagnostic',
  'diagnoseMigrationHistory',
  'diff',
  'ensureConnectionValidity',
  'evaluateDataLoss',
  'getDatabaseVersion',
  'introspect',
  'introspectSql',
  'markMigrationApplied',
  'markMigrationRolledBack',
  'reset',
  'schemaPush',
]);

/**
 * Answers the requests on stdin, one after the other, until stdin closes or a signal comes. What runs
 * then is cancelled in the database, and no session or shadow database is left. A set-up that failed
 * is in the responses: Prisma can end in silence, with exit code 0, when its engine ends early.
 * @param {Promise<Setup>} setup
 * @param {Promise<never>} crash rejects when the engine has thrown past its caller
 */
export async function serve(setup, crash) {
  const server = new Server(setup, crash);
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  lines.on('line', (line) => server.receive(line));
  await new Promise((resolve) => {
    lines.once('close', resolve);
    process.stdout.on('error', resolve);
    // Prisma closes stdin and sends SIGTERM in the same moment: neither may cut the other's clean-up short.
    process.on('SIGTERM', resolve);
    process.on('SIGINT', resolve);
  });
  await Promise.race([server.stop(), delay(SHUTDOWN_TIMEOUT_MS)]);
}

class Server {
  #setup;
  #crash;
  #requests = Promise.resolve();
  #pending = 0;
  #isStopping = false;
  #prints = 0;

  /** @type {Map<boolean, Host>} */
  #hosts = new Map();

  /**
   * @param {Promise<Setup>} setup
   * @param {Promise<never>} crash
   */
  constructor(setup, crash) {
    this.#setup = setup;
    this.#crash = crash;
    setup.catch(() => undefined);
  }

  /** @param {string} line */
  receive(line) {
    /** @type {Record<string, unknown>} */
    const message = JSON.parse(line);
    // A line without a method is the reply to a `print`.
    if (typeof message['method'] !== 'string') return;
    const { id, method, params } = message;
    this.#pending += 1;
    this.#requests = this.#requests
      .then(() => this.#answer(method, params))
      .then((answer) => send({ id, ...answer }))
      .finally(() => (this.#pending -= 1));
  }

  async stop() {
    this.#isStopping = true;
    const factories = [...this.#hosts.values()].map(({ factory }) => factory);
    if (this.#pending > 0) {
      await Promise.allSettled(factories.map((factory) => factory.cancel()));
      await this.#requests;
    }
    await Promise.all(factories.map((factory) => factory.close()));
  }

  /**
   * @param {string} method
   * @param {unknown} params
   */
  async #answer(method, params) {
    if (!METHODS.has(method)) {
      return { error: { code: METHOD_NOT_FOUND, message: `Method not found: ${method}` } };
    }
    /** @type {Host | undefined} */
    let host;
    try {
      const setup = await this.#setup;
      if (this.#isStopping) throw cancelled();
      if (method === 'createDatabase') return { result: await createConfiguredDatabase(setup) };
      host = this.#hostFor(method, params, setup);
      host.factory.failure = undefined;
      const result = await Promise.race([this.#crash, call(host, method, params, setup)]);
      return { result: method === 'diff' ? this.#print(result) : (result ?? null) };
    } catch (error) {
      return { error: toRpcError(host?.factory.failure ?? error) };
    }
  }

  /**
   * The engine connects as soon as it starts. A diff of files needs no database, so it gets an engine of its own.
   * @param {string} method
   * @param {unknown} params
   * @param {Setup} setup
   * @returns {Host}
   */
  #hostFor(method, params, { url, shadowDatabaseUrl }) {
    const isDisconnected =
      method === 'diff' && !JSON.stringify(params).includes('"tag":"schemaDatasource"');
    const host = this.#hosts.get(isDisconnected) ?? {
      factory: new AdapterFactory({
        target: toTarget(url),
        shadowTarget: toTarget(shadowDatabaseUrl),
        isDisconnected,
      }),
    };
    this.#hosts.set(isDisconnected, host);
    return host;
  }

  /**
   * The native engine prints the diff through its client instead of returning it.
   * @param {unknown} result
   */
  #print(result) {
    const { stdout, ...rest } = Object(result);
    if (typeof stdout === 'string') {
      const content = stdout.replace(/\n$/, '');
      send({ id: this.#prints++, method: 'print', params: { content } });
    }
    return { ...rest, stdout: null };
  }
}

/**
 * @param {Host} host
 * @param {string} method
 * @param {unknown} params
 * @param {Setup} setup
 * @returns {Promise<unknown>}
 */
async function call(host, method, params, { datamodels }) {
  host.engine ??= startEngine(host.factory, datamodels);
  const engine = await host.engine;
  const name = method === 'getDatabaseVersion' ? 'version' : method;
  const attempt = () =>
    Reflect.apply(Reflect.get(engine, name), engine, params === undefined ? [] : [params]);
  try {
    return await attempt();
  } catch (error) {
    if (!String(error).includes(NO_SHADOW_DATABASE)) throw error;
    // Some methods can only look up the schema of the migrations, not compute it. Comparing the
    // histories computes and keeps it, for the migrations that are applied, as all are by then.
    await engine.diagnoseMigrationHistory({ ...Object(params), optInToShadowDatabase: true });
    return attempt();
  }
}

/** @param {Setup} setup */
async function createConfiguredDatabase({ url = '' }) {
  const target = parseDatabaseUrl(url);
  await createDatabase(target);
  return { databaseName: target.database };
}

/** @param {string | undefined} url */
function toTarget(url) {
  return url === undefined ? undefined : parseDatabaseUrl(url);
}

/**
 * @param {AdapterFactory} factory
 * @param {Setup['datamodels']} datamodels
 */
async function startEngine(factory, datamodels) {
  const { SchemaEngine } = await loadEngine();
  const options = { datamodels: datamodels.length > 0 ? datamodels : undefined };
  return SchemaEngine.new(options, () => undefined, bindMigrationAwareSqlAdapterFactory(factory));
}

/** @param {object} message */
function send(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

/** @param {unknown} error */
function toRpcError(error) {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text =
    error instanceof Error && error.name === 'RuntimeError'
      ? `${panicMessage()} (${message})`
      : message;
  return {
    code: APPLICATION_ERROR,
    message: 'An error happened. Check the data field for details.',
    // Not even a panic is reported as one: Prisma would offer to send it to the makers of the native engine.
    data: {
      is_panic: false,
      message: text,
      ...(code ? { meta: null, error_code: code } : { backtrace: null }),
    },
  };
}
