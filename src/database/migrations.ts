// Compares the migrations in prisma/migrations with those of a database, and decides whether and when Prisma's command
// has to apply them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { childEnvironment } from '../config/environment.js';
import { checkDurability } from './durability.js';
import { checkEncoding } from './encoding.js';
import { SchemaError } from './errors.js';
import { checkParameters } from './parameters.js';
import { type MigrationState, RESOLUTIONS, stateOfMigration } from './failed-migrations.js';
import { checkPrivileges } from './privileges.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MIGRATIONS = join(ROOT, 'prisma', 'migrations');
const DEPLOY = 'npx prisma migrate deploy';
// Any constant does, as long as nothing else in the database takes the same advisory lock.
const MIGRATION_LOCK = 7_201_408_331;
const CONNECT_TIMEOUT_MS = 5_000;
// Of a check; the wait for the migration of another process has no limit.
const CHECK_TIMEOUT_MS = 5_000;

/** Names of the migrations this build needs, in their order. */
export async function neededMigrations(root = ROOT): Promise<string[]> {
  const entries = await readdir(join(root, 'prisma', 'migrations'), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}

/**
 * Requires every migration that this build needs. The database may be ahead: during an upgrade the old build serves on
 * the new schema.
 * @throws SchemaError naming the missing migrations and the command that applies them.
 */
export async function checkSchema(url: string): Promise<void> {
  const options = { connectionString: url, query_timeout: CHECK_TIMEOUT_MS };
  await withClient(options, async (client) => {
    await checkServer(client);
    const { failed, pending } = await compare(client);
    const [unfinished] = failed;
    if (unfinished !== undefined) {
      throw failedError(unfinished, await stateOfMigration(client, MIGRATIONS, unfinished));
    }
    if (pending.length > 0) {
      throw new SchemaError(
        `The schema of the database is behind by ${pending.length} migration(s): ${pending.join(', ')}. Run: ${DEPLOY}`,
      );
    }
  });
}

/**
 * Applies pending migrations; one that was interrupted is taken as what it has become. Of several processes that start
 * at once one applies them, the others wait for it.
 * @returns the names of the migrations that were applied.
 * @throws SchemaError with the reason of Prisma's command.
 */
export async function migrateSchema(url: string): Promise<string[]> {
  return withClient({ connectionString: url }, async (client) => {
    await checkServer(client);
    // A transaction's lock, not a session's, so that it also works behind a transaction pooler.
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    const found = await compare(client);
    for (const name of found.failed) await resolve(client, url, name);
    const { pending } = found.failed.length > 0 ? await compare(client) : found;
    if (pending.length > 0) await prisma(url, ['migrate', 'deploy']);
    await client.query('commit');
    return pending;
  });
}

/** Before the schema: what is wrong here would let a migration fail halfway. */
async function checkServer(client: pg.Client): Promise<void> {
  await checkEncoding(client);
  await checkDurability(client);
  await checkPrivileges(client);
  await checkParameters(client);
}

/** Records whether a migration that was interrupted has been applied. */
async function resolve(client: pg.Client, url: string, name: string): Promise<void> {
  const state = await stateOfMigration(client, MIGRATIONS, name);
  if (state === 'unknown') throw failedError(name, state);
  await prisma(url, ['migrate', 'resolve', RESOLUTIONS[state], name]);
}

async function prisma(url: string, args: readonly string[]): Promise<void> {
  const manifest = createRequire(import.meta.url).resolve('prisma/package.json');
  const command = join(dirname(manifest), 'build', 'index.js');
  const child = spawn(process.execPath, [command, ...args], {
    cwd: ROOT,
    env: childEnvironment({ DATABASE_URL: url, DATABASE_URL_FILE: '' }),
    // Ctrl-C in the terminal must not end it halfway.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (code === 0) return;
  const output = [stdout, stderr]
    .map((part) => part.trim())
    .filter(Boolean)
    .join('\n');
  const advice = output.includes('permission denied') ? `\n${GRANTS}` : '';
  throw new SchemaError(`The migrations could not be applied. ${output}${advice}`);
}

const GRANTS = 'deploy/sql/roles.sql grants to mirror_migrate what migrations need.';
const OTHER_LINE =
  'The database has migrations of a development version before the first release. It cannot be upgraded: set DATABASE_URL to a new database, or DATA_DIR to a new directory, and run backfill.';

interface Comparison {
  /** Started and never finished: an operator has to inspect the database. */
  readonly failed: string[];
  readonly pending: string[];
}

async function compare(client: pg.Client): Promise<Comparison> {
  const needed = await neededMigrations();
  const { rows: tables } = await client.query<{ found: boolean }>(
    `select to_regclass('_prisma_migrations') is not null as found`,
  );
  if (!tables[0]?.found) return { failed: [], pending: needed };
  const { rows } = await client.query<{ name: string; finished: boolean }>(
    `select migration_name as name, finished_at is not null as finished
       from _prisma_migrations
      where rolled_back_at is null`,
  );
  const applied = new Set(rows.filter((row) => row.finished).map((row) => row.name));
  const failed = rows.filter((row) => !row.finished && !applied.has(row.name));
  const [first] = needed;
  if (applied.size > 0 && first !== undefined && !applied.has(first)) {
    throw new SchemaError(OTHER_LINE);
  }
  return {
    failed: failed.map((row) => row.name),
    pending: needed.filter((name) => !applied.has(name)),
  };
}

/** Calls `work` with a connection that ends with it. */
export async function withClient<T>(
  options: pg.ClientConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionTimeoutMillis: CONNECT_TIMEOUT_MS, ...options });
  // Without a listener a connection that breaks between two queries ends the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function failedError(name: string, state: MigrationState): SchemaError {
  const found =
    state === 'unknown'
      ? 'Look at `npx prisma migrate status`, repair the database, then run: npx prisma migrate resolve --rolled-back'
      : `It was ${state === 'applied' ? 'applied' : 'not applied'}; run: npx prisma migrate resolve ${RESOLUTIONS[state]}`;
  return new SchemaError(
    `The migration ${name} failed before and was not finished. ${found} ${name}, then: ${DEPLOY}`,
  );
}
