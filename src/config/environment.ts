// The only place that touches the process's environment.
import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The process's environment over a `.env` file of the working directory, if there is one. */
export function readEnvironment(file = '.env'): Environment {
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  return { ...fromFile, ...process.env };
}

/** The environment for a child process: ours, with some variables of its own. */
export function childEnvironment(own: Environment): NodeJS.ProcessEnv {
  return { ...process.env, ...own };
}
