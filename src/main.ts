import 'reflect-metadata';
import { createApp } from './app.js';
import { readEnvironment } from './config/environment.js';
import { openDoors, parseSettings, type Settings, SettingsError } from './config/settings.js';
import { createLogger } from './http/logger.js';
import { stopOnSignal } from './shutdown.js';

// sysexits.h
const EX_CONFIG = 78;

async function serve(settings: Settings): Promise<void> {
  const logger = createLogger(settings);
  const doors = openDoors(settings);
  if (doors.length > 0) logger.warn(`open: ${doors.join('; ')}`);
  try {
    const app = await createApp(settings, logger);
    stopOnSignal(app, logger);
    await app.listen(settings.port, settings.host);
  } catch (error) {
    logger.fatal({ err: error }, `not started: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}

try {
  await serve(parseSettings(readEnvironment()));
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EX_CONFIG;
}
