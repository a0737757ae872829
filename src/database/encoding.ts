import type pg from 'pg';
import { SchemaError } from './errors.js';

const NEEDED = 'UTF8';

/**
 * Requires a database that can hold every text of the vendor. No encoding can be changed afterwards.
 * @throws SchemaError naming the command that makes one.
 */
export async function checkEncoding(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ encoding: string }>(
    `select current_setting('server_encoding') as encoding`,
  );
  const encoding = rows[0]?.encoding;
  if (encoding === NEEDED) return;
  throw new SchemaError(
    `The database is encoded in ${encoding}, and the mirror needs ${NEEDED}. Make another, and name it in DATABASE_URL: createdb --encoding ${NEEDED} --template template0 …`,
  );
}
