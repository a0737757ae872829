// The only place that touches the process's environment.
import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

export type Environment = Readonly<Record<string, string | undefined>>;

// OpenTelemetry reads variables of this name from the process's environment by itself.
const OTEL = /^OTEL_/;

/** The process's environment over a `.env` file of the working directory, if there is one. */
export function readEnvironment(file = '.env'): Environment {
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  for (const [name, value] of Object.entries(fromFile)) {
    if (OTEL.test(name)) process.env[name] ??= value;
  }
  return { ...fromFile, ...process.env };
}

/** The environment for a child process: ours, with some variables of its own. */
export function childEnvironment(own: Environment): NodeJS.ProcessEnv {
  return { ...process.env, ...own };
}
