import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import type { Settings } from '../config/settings.js';
import { LineLimit } from './line-limit.js';

/**
 * The process's log: JSON lines, on stdout by default. Text from outside only ever becomes a JSON string, so
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

/** What makes lines for people of them where they are read on a terminal; in an install without it, nobody does. */
export async function terminal(): Promise<DestinationStream | undefined> {
  if (!process.stdout.isTTY) return undefined;
  try {
    return await prettyLines(1);
  } catch {
    return undefined;
  }
}

/** @param destination a file descriptor, or a stream of text. */
export async function prettyLines(
  destination: number | NodeJS.WritableStream,
): Promise<DestinationStream> {
  // Only here: a dependency of development.
  const { default: pretty } = await import('pino-pretty');
  return pretty({
    destination,
    sync: true,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
    messageFormat: '{if context}{context}: {end}{msg}',
    ignore: 'context',
  });
}

/**
 * Nest's own messages and those of our classes, written through pino. Of warnings and errors that are alike
 * some are written each second, and then how many were not.
 */
export class NestLogger implements LoggerService {
  private readonly limit = new LineLimit();

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
    if (!this.logger.isLevelEnabled(level) || !this.admits(level, message, context)) return;
    const fields = Object.assign(typeof context === 'string' ? { context } : {}, this.more?.());
    if (message instanceof Error) this.logger[level](Object.assign(fields, { err: message }));
    else if (typeof message === 'object' && message !== null) {
      this.logger[level](Object.assign(fields, message));
    } else this.logger[level](fields, String(message));
  }

  private admits(level: Level, message: unknown, context: unknown): boolean {
    if (level !== 'warn' && level !== 'error') return true;
    const isStructured = typeof message === 'object' && message !== null && 'msg' in message;
    const msg = isStructured ? String(message.msg) : 'lines like those before were left out';
    return this.limit.admits(`${level} ${String(context)} ${msg}`, (suppressed) => {
      this.logger[level]({ context, suppressed }, msg);
    });
  }
}

// Nest logs how it is assembled at every start, and why a start failed (ExceptionHandler); main.ts
// logs the latter.
const ROUTINE: ReadonlySet<unknown> = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
