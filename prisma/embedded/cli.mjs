// npm run db [-- DATA_DIR]: starts the embedded PostgreSQL, prints its URL, and keeps it until
// Ctrl-C or the end of stdin.
import { once } from 'node:events';
import { acquireServer, EmbeddedPostgresError } from './embedded-postgres.mjs';

try {
  const { url, release } = await acquireServer({
    dataDir: process.argv[2] ?? process.env.DATA_DIR ?? '.data',
  });
  process.stdout.write(`${url}\n`);
  process.stdin.resume();
  await Promise.race([
    once(process, 'SIGINT'),
    once(process, 'SIGTERM'),
    once(process.stdin, 'end'),
  ]);
  await release();
  process.stdin.destroy();
} catch (error) {
  if (!(error instanceof EmbeddedPostgresError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
