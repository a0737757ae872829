import pg from 'pg';
import { SchemaError } from './errors.js';

// A server without these answers "committed" before anything is on disk.
const NEEDED = ['fsync', 'full_page_writes', 'synchronous_commit'] as const;

/**
 * Requires that commits survive a crash of the server.
 * @throws SchemaError naming the parameters that prevent it.
 */
export async function checkDurability(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select name from pg_settings where name = any ($1) and setting = 'off' order by name`,
    [NEEDED],
  );
  if (rows.length === 0) return;
  const names = rows.map((row) => row.name).join(', ');
  throw new SchemaError(
    `PostgreSQL runs with ${names} = off: it would lose callbacks that were answered OK. Set it to on for the server, the database and the role.`,
  );
}
