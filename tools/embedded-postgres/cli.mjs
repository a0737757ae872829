// npm run db: starts the embedded PostgreSQL, prints its URL, and lets it run until Ctrl-C or the end of stdin.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { acquireServer, EmbeddedPostgresError } from './embedded-postgres.mjs';

const USAGE = `Starts the embedded PostgreSQL, prints its URL, and lets it run until Ctrl-C.

  npm run db [-- DATA_DIR]

DATA_DIR is the directory of the database; by default that of the settings (DATA_DIR in the environment or in .env), or
.data. A service that runs on the same directory shares the server.

  psql "<the URL>"    in another terminal
`;
// sysexits.h
const EX_USAGE = 64;

/** @returns {string | null} the directory; `null` for --help */
function readArguments() {
  const { values, positionals } = parseArgs({
    options: { help: { type: 'boolean', short: 'h', default: false } },
    allowPositionals: true,
  });
  if (values.help) return null;
  const [directory, ...others] = positionals;
  if (others.length > 0) throw new Error(`There is one DATA_DIR; ${others[0]} is too many.`);
  // Variables that are set already win.
  if (existsSync('.env')) process.loadEnvFile('.env');
  return directory ?? (process.env.DATA_DIR?.trim() || '.data');
}

/** @param {string} dataDir */
async function serve(dataDir) {
  const { url, release } = await acquireServer({ dataDir });
  process.stdout.write(`${url}\n`);
  process.stdin.resume();
  await Promise.race([
    once(process, 'SIGINT'),
    once(process, 'SIGTERM'),
    once(process.stdin, 'end'),
  ]);
  await release();
  process.stdin.destroy();
}

/** @type {string | null} */
let dataDir = null;
try {
  dataDir = readArguments();
  if (dataDir === null) process.stdout.write(USAGE);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  process.exitCode = EX_USAGE;
}
if (dataDir !== null) {
  try {
    await serve(dataDir);
  } catch (error) {
    if (!(error instanceof EmbeddedPostgresError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
