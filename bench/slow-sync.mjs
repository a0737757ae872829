// A disk whose syncs are slow, for a process that is started with this environment. Takes a C compiler.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {string} directory for its files
 * @returns {{ env: { LD_PRELOAD: string, SLOW_SYNC_FILE: string }, set: (ms: number) => void } | null}
 *   `null` where nothing can be compiled or preloaded
 */
export function slowSync(directory) {
  const library = join(directory, 'slow-sync.so');
  const file = join(directory, 'slow-sync-ms');
  const source = join(import.meta.dirname, 'slow-sync.c');
  try {
    if (process.platform !== 'linux') return null;
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl'], { stdio: 'ignore' });
  } catch {
    return null;
  }
  /** @param {number} ms of each sync from now on */
  const set = (ms) => writeFileSync(file, String(ms));
  set(0);
  return { env: { LD_PRELOAD: library, SLOW_SYNC_FILE: file }, set };
}
