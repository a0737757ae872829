import type { INestApplicationContext } from '@nestjs/common';
import type { Logger } from 'pino';

// npm passes on a Ctrl-C that the terminal has sent already: one press must not count twice.
const SAME_SIGNAL_MS = 1_000;

/** Closes the app on the first SIGTERM or SIGINT; a second one ends the process at once. */
export function stopOnSignal(app: INestApplicationContext, logger: Logger): void {
  let stoppedAt: number | null = null;
  const stop = (signal: NodeJS.Signals): void => {
    if (stoppedAt === null) {
      stoppedAt = Date.now();
      logger.info(`${signal}: finishing what runs, then stopping`);
      app.close().then(
        () => logger.info('stopped'),
        (error: unknown) => {
          logger.error({ err: error }, 'not stopped cleanly');
          process.exitCode = 1;
        },
      );
    } else if (Date.now() - stoppedAt > SAME_SIGNAL_MS) {
      process.removeListener(signal, stop);
      process.kill(process.pid, signal);
    }
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
