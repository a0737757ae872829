import { randomUUID } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase {
  readonly url: string;
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

/** A database of its own for one spec file: migrated, empty, or a copy of another that nobody uses just then. */
export async function createDatabase(
  kind: 'migrated' | 'empty' | { readonly copyOf: Pick<TestDatabase, 'url'> } = 'migrated',
): Promise<TestDatabase> {
  const server = setting('TEST_SERVER_URL');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await onServer(server, `create database ${name} template ${await templateOf(kind, server)}`);
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  // `drop … with (force)` ends idle connections; the pool reports that here.
  pool.on('error', () => undefined);
  return {
    url,
    query: async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      (await pool.query<Row>(text, values)).rows,
    drop: async () => {
      await pool.end();
      await onServer(server, `drop database ${name} with (force)`);
    },
  };
}

async function templateOf(kind: Parameters<typeof createDatabase>[0], server: string) {
  if (kind === 'empty') return 'template0';
  if (typeof kind !== 'object') return setting('TEST_TEMPLATE');
  const name = new URL(kind.copyOf.url).pathname.slice(1);
  await onServer(
    server,
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '${name}'`,
  );
  return name;
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests with npm test`);
  return value;
}
