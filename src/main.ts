import 'reflect-metadata';
import { setFlagsFromString } from 'node:v8';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { createApp, listen } from './app.js';
import { readEnvironment } from './config/environment.js';
import { placeOf } from './config/requirements.js';
import {
  securityWarnings,
  parseSettings,
  type Settings,
  SettingsError,
} from './config/settings.js';
import { Database } from './database/database.js';
import { requireFreePorts } from './http/free-ports.js';
import { createLogger, terminal } from './http/logger.js';
import { Metrics } from './metrics/metrics.js';
import { stop, stopOnSignal } from './shutdown.js';

// sysexits.h
const EX_CONFIG = 78;
// Left alone, V8 lets old objects grow to several times what is used before it collects them. A third less
// memory, for no measurable time while few objects grow old.
setFlagsFromString('--heap-growing-percent=30');

async function serve(settings: Settings): Promise<void> {
  const logger = createLogger(settings, await terminal());
  const doors = securityWarnings(settings);
  if (doors.length > 0) logger.warn(`open: ${doors.join('; ')}`);
  const starting = start(settings, logger);
  stopOnSignal(starting, { drainSeconds: settings.drainSeconds, logger });
  let app: NestFastifyApplication | null = null;
  try {
    app = await starting;
    // Where PostgreSQL was away at the start, it may still turn out not to be the right one.
    await app.get(Database).opened;
  } catch (error) {
    // Of an error that has a code the message says it all; anything else is a fault of the program.
    const isKnown = error instanceof Error && 'code' in error;
    logger.fatal(isKnown ? { code: error.code } : { err: error }, `not started: ${reason(error)}`);
    process.exitCode = 1;
    if (app) await stop(app, { drainSeconds: 0, logger });
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function start(settings: Settings, logger: Logger): Promise<NestFastifyApplication> {
  await requireFreePorts(settings);
  const app = await createApp(settings, logger);
  const { receiver, api } = await listen(app, settings);
  const database =
    settings.databaseUrl === null
      ? `embedded PostgreSQL in ${settings.dataDir}`
      : `PostgreSQL at ${placeOf(settings.databaseUrl)}`;
  const { version } = app.get(Metrics);
  logger.info(
    `topic-mirror ${version} at ${receiver}, ${database}; page at ${api}/, documentation at ${api}/docs`,
  );
  return app;
}

try {
  await serve(parseSettings(readEnvironment()));
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EX_CONFIG;
}
