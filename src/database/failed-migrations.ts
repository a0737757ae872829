// Migrations that were begun and never finished. Each script is one transaction, so it is applied whole or not at all:
// what it creates shows which.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';

export type MigrationState = 'applied' | 'absent' | 'unknown';

/** The flag of `prisma migrate resolve` for a state. */
export const RESOLUTIONS = { applied: '--applied', absent: '--rolled-back' } as const;

const CREATED = /^create (?<kind>table|view) (?<name>[\w."]+)/gim;
const KINDS: Readonly<Record<string, string>> = { table: 'r', view: 'v' };

/** @param directory of the migrations. */
export async function stateOfMigration(
  client: Pick<pg.Client, 'query'>,
  directory: string,
  name: string,
): Promise<MigrationState> {
  const path = join(directory, name, 'migration.sql');
  const script = await readFile(path, 'utf8').catch(() => '');
  const created = [...script.matchAll(CREATED)].map(({ groups }) => ({
    kind: KINDS[groups?.kind?.toLowerCase() ?? ''],
    name: groups?.name,
  }));
  const { rows } = await client.query<{ count: number }>(
    `select count(*)::int as count
       from unnest($1::text[], $2::text[]) as created (name, kind)
       join pg_class c on c.oid = to_regclass(created.name) and c.relkind::text = created.kind`,
    [created.map((one) => one.name), created.map((one) => one.kind)],
  );
  const found = rows[0]?.count;
  if (created.length === 0 || found === undefined) return 'unknown';
  if (found === 0) return 'absent';
  return found === created.length ? 'applied' : 'unknown';
}
