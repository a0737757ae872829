// The app of a database. Two apps in one database would delete each other's groups.
import pg from 'pg';
import { SchemaError } from './errors.js';

const CONNECT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 5_000;

/**
 * Claims the database for an app, unless it is claimed already.
 * @throws SchemaError when it is claimed for another app.
 */
export async function claimForApp(url: string, sdkAppId: string): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
  });
  // Without a listener a connection that breaks between two queries ends the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('update sequencer set sdk_app_id = $1 where id = 1 and sdk_app_id is null', [
      sdkAppId,
    ]);
    const { rows } = await client.query<{ owner: string }>(
      'select sdk_app_id as owner from sequencer where id = 1',
    );
    const owner = rows[0]?.owner;
    if (owner !== undefined && owner !== sdkAppId) throw new SchemaError(refusal(owner, sdkAppId));
  } finally {
    await client.end();
  }
}

function refusal(owner: string, sdkAppId: string): string {
  return `The database is the mirror of the app ${owner}, and IM_SDK_APP_ID is ${sdkAppId}. Set IM_SDK_APP_ID=${owner}, or DATABASE_URL to a database of its own for ${sdkAppId}. If the app ${owner} is given up, empty the database first.`;
}
