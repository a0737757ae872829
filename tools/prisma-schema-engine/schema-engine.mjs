#!/usr/bin/env node
// The schema engine of Prisma, run from WebAssembly where the native one cannot be downloaded. It takes
// the arguments, and speaks the JSON-RPC on stdin and stdout, that Prisma's command line expects.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { UserFacingError, createDatabase, openSession, parseDatabaseUrl } from './database.mjs';
import { serve } from './rpc.mjs';
import { assertMatchingVersions, loadEngine } from './wasm.mjs';

/** @type {Record<string, (url: string) => Promise<void>>} */
const COMMANDS = {
  'can-connect-to-database': async (url) => (await openSession(parseDatabaseUrl(url))).end(),
  'create-database': (url) => createDatabase(parseDatabaseUrl(url)),
};

// The command line reads stderr as JSON, one object a line: a warning in between would hide the error.
process.removeAllListeners('warning');

// Called wrongly, the engine throws where its caller cannot catch it.
/** @type {Promise<never>} */
const crash = new Promise((_, reject) => process.on('uncaughtException', reject));
crash.catch(() => undefined);

main().then(
  () => process.exit(),
  (error) => process.stderr.write(`\n${errorLine(error)}\n`, () => process.exit(1)),
);

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      datamodels: { type: 'string', short: 'd', multiple: true, default: [] },
      datasource: { type: 'string', default: '{}' },
      'enabled-preview-features': { type: 'string' },
      'extension-types': { type: 'string' },
      version: { type: 'boolean', default: false },
    },
  });
  const setup = prepare(values);
  if (positionals.length === 0 && !values.version) await serve(setup, crash);
  else await Promise.race([crash, runCommand(values.version ? ['version'] : positionals, setup)]);
  await Promise.race([crash, setup]);
}

/** @param {{ datasource: string, datamodels: string[] }} values */
async function prepare({ datasource, datamodels }) {
  assertMatchingVersions();
  return { ...readDatasource(datasource), datamodels: readFiles(datamodels) };
}

/**
 * @param {string[]} names
 * @param {ReturnType<typeof prepare>} setup
 */
async function runCommand([mode, name = ''], setup) {
  const { url = '' } = await setup;
  if (mode === 'version') {
    const { version } = await loadEngine();
    process.stdout.write(`schema-engine-cli ${version()}\n`);
    return;
  }
  const command = mode === 'cli' ? COMMANDS[name] : undefined;
  if (!command) throw new Error(`Unknown command: ${mode} ${name}`);
  await command(url);
}

/**
 * @param {string[]} paths
 * @returns {[path: string, content: string][]}
 */
function readFiles(paths) {
  return paths.map((path) => [path, readFileSync(path, 'utf8')]);
}

/** @param {string} json */
function readDatasource(json) {
  /** @type {unknown} */
  const datasource = JSON.parse(json);
  const entries = new Map(Object.entries(Object(datasource)));
  /** @param {string} key */
  const read = (key) => {
    const value = entries.get(key);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  return { url: read('url'), shadowDatabaseUrl: read('shadowDatabaseUrl') };
}

/** @param {unknown} error */
function errorLine(error) {
  return JSON.stringify({
    timestamp: new Date().toISOString(),
    level: 'ERROR',
    fields: {
      is_panic: false,
      error_code: error instanceof UserFacingError ? error.code : '',
      message: error instanceof Error ? error.message : String(error),
    },
    target: 'schema_engine::logger',
  });
}
