import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'prisma/config';

const ENV_FILE = '.env';
const USES_DATABASE = ['migrate', 'db', 'studio'];
// Of `migrate diff`; whatever else it compares are files.
const DIFFS_DATABASE = /^--(from|to)-(migrations|config-datasource)\b/;
const NEEDS_NO_SERVER = /^(--url\b|--help$|-h$)/;

// Variables that are set already win.
if (existsSync(ENV_FILE)) process.loadEnvFile(ENV_FILE);
// Prisma asks its makers for news at every command; where they cannot be reached it would be in vain.
process.env.CHECKPOINT_DISABLE ??= '1';
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= join(
  import.meta.dirname,
  'tools/prisma-schema-engine/schema-engine.mjs',
);

const url = databaseUrl() || (await startEmbedded(process.argv.slice(2)));

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  ...(url && { datasource: { url } }),
});

/** As the settings of the service have it: DATABASE_URL, or the contents of DATABASE_URL_FILE. */
function databaseUrl(): string | undefined {
  const { DATABASE_URL: value, DATABASE_URL_FILE: file } = process.env;
  if (!file) return value?.trim();
  if (value) throw new Error('DATABASE_URL_FILE and DATABASE_URL are both set: remove one');
  const contents = readFileSync(file, 'utf8').trim();
  if (contents === '') throw new Error(`DATABASE_URL_FILE names the file ${file}, which is empty`);
  return contents;
}

/** URL of the embedded server, for a command that needs a database. In production there is none. */
async function startEmbedded(args: readonly string[]): Promise<string | undefined> {
  if (process.env.NODE_ENV === 'production' || !usesDatabase(args)) return undefined;
  const { acquireServer } = await import('./tools/embedded-postgres/embedded-postgres.mjs');
  const server = await acquireServer({
    dataDir: process.env.DATA_DIR?.trim() || '.data',
  });
  process.once('beforeExit', () => void server.release());
  return server.url;
}

function usesDatabase([command = '', subcommand, ...options]: readonly string[]): boolean {
  if (!USES_DATABASE.includes(command)) return false;
  const all = [subcommand ?? '', ...options];
  if (all.some((option) => NEEDS_NO_SERVER.test(option))) return false;
  return subcommand !== 'diff' || options.some((option) => DIFFS_DATABASE.test(option));
}
