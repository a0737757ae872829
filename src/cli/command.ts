import type { INestApplicationContext } from '@nestjs/common';
import type { ParseArgsConfig } from 'node:util';
import type { Progress } from './progress.js';

/** Values of options by their names, as `parseArgs` gives them. */
export type Options = Readonly<Record<string, string | boolean | undefined>>;

/** Writes one line. */
export type Print = (line: string) => void;

/** One word of the command line. */
export interface Command {
  readonly summary: string;
  /** The options with what they mean, in the order of the help text. */
  readonly options: Readonly<
    Record<string, NonNullable<ParseArgsConfig['options']>[string] & { readonly meaning: string }>
  >;
  /** @returns whether all is well; else the process ends with 1. */
  run(
    app: INestApplicationContext,
    options: Options,
    print: Print,
    progress: Progress,
  ): Promise<boolean>;
  /**
   * Does what can be done where the database cannot be used; without it the command ends with that error.
   * @param app has the settings and the REST API alone.
   */
  readonly runWithoutDatabase?: (
    app: INestApplicationContext,
    error: unknown,
    print: Print,
  ) => Promise<boolean>;
}

/** The command line itself is wrong; the message says what to write. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}

/** The command needs settings that are not set; the message names them. */
export class MissingSettingsError extends Error {
  readonly code = 'SETTINGS_MISSING';
}

/** "1 topic", "2 topics". */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** The text of an option, if it was given. */
export function textOf(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** A point in time from an ISO 8601 text, in microseconds since 1970. */
export function timeOf(options: Options, name: string): number | undefined {
  const value = textOf(options, name);
  if (value === undefined) return undefined;
  const ms = Date.parse(value);
  if (Number.isNaN(ms))
    throw new UsageError(`--${name} must be a time such as 2026-01-31T12:00:00Z`);
  return ms * 1000;
}
