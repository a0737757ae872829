import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import type { Settings } from '../config/settings.js';

/**
 * The process's log: JSON lines, on stdout unless told otherwise. Text from outside only ever becomes a JSON string, so
 * no input can forge a line; requests are logged by route and never with their query.
 */
export function createLogger(
  settings: Pick<Settings, 'logLevel'>,
  destination: DestinationStream = pino.destination(1),
): Logger {
  const options: LoggerOptions = {
    level: settings.logLevel,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: {
      err: pino.stdSerializers.err,
      req: (request: { method: string; id: string }) => ({
        method: request.method,
        id: request.id,
      }),
    },
  };
  return pino(options, destination);
}

/** Nest's own messages and those of our classes, written through pino. */
export class NestLogger implements LoggerService {
  /** @param more what every line is given besides. */
  constructor(
    private readonly logger: Logger,
    private readonly more?: () => object | undefined,
  ) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  // Nest appends the context as the last argument, and a stack before it on errors.
  private write(least: Level, message: unknown, rest: unknown[]): void {
    const context = rest.at(-1);
    const isRoutine = (least === 'info' && ROUTINE.has(context)) || context === 'ExceptionHandler';
    const level = isRoutine ? 'debug' : least;
    const fields = { ...(typeof context === 'string' && { context }), ...this.more?.() };
    if (message instanceof Error) this.logger[level]({ ...fields, err: message });
    else if (typeof message === 'object' && message !== null) {
      this.logger[level]({ ...fields, ...message });
    } else this.logger[level](fields, String(message));
  }
}

// Nest tells at every start how it is put together: of use only to whoever changes that. Why a start
// failed (ExceptionHandler) is told by whoever began it.
const ROUTINE: ReadonlySet<unknown> = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
