import { createInterface } from 'node:readline';

/**
 * Where server.mjs listens: the first line it prints.
 * @param {import('node:child_process').ChildProcess} child
 */
export async function firstUrl(child) {
  if (!child.stdout) throw new Error('the server has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('http')) return line;
  }
  throw new Error('the server did not start');
}
