// Secrets from files, as container engines, Kubernetes and systemd provide them: NAME_FILE holds the path.
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { Environment } from './environment.js';

// More than hundreds of API keys.
const MAX_BYTES = 64 * 1024;

/** An environment in which each NAME_FILE has been read into NAME. */
export interface Resolved {
  readonly env: Environment;
  /** What is wrong with a file, by the setting that it was read for. */
  readonly problems: ReadonlyMap<string, string>;
  /** The variable and the file that a setting was read from, as messages name them. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Reads the files of the given settings. No message repeats what a file holds. */
export function readSecretFiles(env: Environment, names: readonly string[]): Resolved {
  const secrets: Record<string, string> = {};
  const problems = new Map<string, string>();
  const sources = new Map<string, string>();
  for (const name of names) {
    const variable = `${name}_FILE`;
    const path = env[variable] ?? '';
    if (path === '') continue;
    try {
      if ((env[name] ?? '') !== '') throw new RangeError(`and ${name} are both set: remove one`);
      secrets[name] = readSecret(path);
      sources.set(name, `${variable} (${path})`);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.set(name, `${variable} ${error.message}`);
    }
  }
  return { env: { ...env, ...secrets }, problems, sources };
}

function readSecret(path: string): string {
  // A secret that was set in place of its path has to stay out of the message.
  if (!isAbsolute(path)) {
    throw new RangeError('must be the absolute path of a file, such as /run/secrets/name');
  }
  const secret = contentsOf(path).replace(/\r?\n$/, '');
  if (secret.trim() === '') throw new RangeError(`names the file ${path}, which is empty`);
  return secret;
}

function contentsOf(path: string): string {
  try {
    // Looked at before: to open a pipe waits for its writer, and a device may have no end.
    const entry = statSync(path);
    if (entry.isFile() && entry.size > MAX_BYTES) {
      throw new RangeError(`names the file ${path}, which is larger than ${MAX_BYTES / 1024} KiB`);
    }
    if (!entry.isFile() && !entry.isDirectory()) {
      throw new RangeError(`names ${path}, which is no regular file`);
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const code = String(Reflect.get(Object(error), 'code'));
    throw new RangeError(`names the file ${path}, which cannot be read: ${REASONS[code] ?? code}`, {
      cause: error,
    });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'it does not exist',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};
