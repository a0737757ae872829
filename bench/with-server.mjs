import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { acquireServer } from '../tools/embedded-postgres/embedded-postgres.mjs';

/**
 * Runs server.mjs on an embedded PostgreSQL of its own, of which nothing stays.
 * @param {(url: string, databaseUrl: string) => Promise<void>} work
 */
export async function withServer(work) {
  const dataDir = await mkdtemp(join(tmpdir(), 'topic-mirror-bench-'));
  const postgres = await acquireServer({ dataDir });
  const server = spawn(process.execPath, [join(import.meta.dirname, 'server.mjs')], {
    env: {
      ...process.env,
      NODE_ENV: 'development',
      DATABASE_URL: postgres.url,
      DATA_DIR: dataDir,
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await work(await firstUrl(server), postgres.url);
  } finally {
    server.kill('SIGTERM');
    if (server.exitCode === null) await once(server, 'exit');
    await postgres.release();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Where server.mjs listens: the first line it prints. @param {import('node:child_process').ChildProcess} child */
async function firstUrl(child) {
  if (!child.stdout) throw new Error('the server has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('http')) return line;
  }
  throw new Error('the server did not start');
}
