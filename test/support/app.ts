import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import supertest from 'supertest';
import { createApp } from '../../src/app.js';
import type { Environment } from '../../src/config/environment.js';
import { parseSettings } from '../../src/config/settings.js';
import { createLogger } from '../../src/http/logger.js';
import { createDatabase, type TestDatabase } from './database.js';

export interface TestApp {
  readonly app: NestFastifyApplication;
  readonly database: TestDatabase;
  readonly http: supertest.Agent;
  readonly url: string;
  /** What was logged so far, one object a line. */
  readonly log: readonly Record<string, unknown>[];
  close(): Promise<void>;
}

/**
 * The real service, listening on a free port of the loopback, on a database of its own or on one
 * that the caller drops.
 */
export async function startApp(env: Environment = {}, shared?: TestDatabase): Promise<TestApp> {
  const database = shared ?? (await createDatabase());
  const dataDir = join(tmpdir(), `topic-mirror-test-${randomUUID()}`);
  const log: Record<string, unknown>[] = [];
  const logger = createLogger(
    { logLevel: 'debug' },
    { write: (line: string) => log.push(JSON.parse(line)) },
  );
  const settings = parseSettings({
    DATABASE_URL: database.url,
    DATA_DIR: dataDir,
    PORT: '0',
    ...env,
  });
  const app = await createApp(settings, logger);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    app,
    database,
    http: supertest.agent(url),
    url,
    log,
    close: async () => {
      await app.close();
      if (!shared) await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
