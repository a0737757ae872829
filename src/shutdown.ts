import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { ApiPort } from './http/api-port.js';
import { Lifecycle } from './health/lifecycle.js';

// npm passes on a Ctrl-C that the terminal has sent already: one press must not count twice.
const SAME_SIGNAL_MS = 1_000;
// Slow clients are disconnected then.
const CLOSE_TIMEOUT_MS = 4_000;
// Every part has a shorter limit of its own; this one is for what nobody has thought of. In docs/install.md.
const GIVE_UP_MS = 15_000;
const LINGER_MS = 200;

/**
 * On the first SIGTERM or SIGINT drains and closes the app, also one that is still starting; a
 * second one ends the process at once.
 */
export function stopOnSignal(
  starting: Promise<NestFastifyApplication>,
  { drainSeconds, logger }: { drainSeconds: number; logger: Logger },
): void {
  let stoppedAt: number | null = null;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stoppedAt === null) {
      stoppedAt = Date.now();
      logger.info(`${signal}: finishing what runs, then stopping`);
      // Also of a start that hangs. What has not started has taken nothing.
      setTimeout(() => process.exit(), drainSeconds * 1000 + GIVE_UP_MS).unref();
      // main.ts logs a failed start.
      void starting.then(
        (app) => stop(app, { drainSeconds, logger }),
        () => undefined,
      );
    } else if (Date.now() - stoppedAt > SAME_SIGNAL_MS) {
      // Not by the signal itself: the first process of a container would ignore it.
      process.exit(128 + constants.signals[signal]);
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** Still answers for a while, so that a load balancer sees `/readyz` fail, then closes the port. */
export async function stop(
  app: NestFastifyApplication,
  { drainSeconds, logger }: { drainSeconds: number; logger: Logger },
): Promise<void> {
  app.get(Lifecycle).drain();
  if (drainSeconds > 0) await delay(drainSeconds * 1000);
  const cut = setTimeout(() => {
    app.getHttpServer().closeAllConnections();
    app.get(ApiPort).closeAllConnections();
  }, CLOSE_TIMEOUT_MS);
  // What was answered OK is in the database or in the spool, so nothing is lost by that.
  setTimeout(() => {
    logger.error('not stopped in time: what still ran is cut');
    process.exit();
  }, GIVE_UP_MS).unref();
  try {
    await app.close();
    logger.info('stopped');
  } catch (error) {
    logger.error({ err: error }, 'not stopped cleanly');
    process.exitCode = 1;
  } finally {
    clearTimeout(cut);
    // Nothing of ours is left; an exporter of spans may still wait to try its collector again.
    setTimeout(() => process.exit(), LINGER_MS).unref();
  }
}
