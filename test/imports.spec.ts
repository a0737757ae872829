import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

// What a folder of src may import, besides itself and packages.
const ALLOWED: Record<string, readonly string[]> = {
  config: [],
  batching: [],
  metrics: [],
  tracing: ['config'],
  http: ['config', 'metrics'],
  database: ['config'],
  changes: ['database', 'http', 'config', 'metrics'],
  topics: ['changes', 'batching', 'database', 'http', 'config', 'metrics', 'tracing'],
  docs: ['changes', 'topics', 'http'],
  spool: ['config', 'batching', 'database', 'metrics'],
  webhooks: [
    'tencent',
    'spool',
    'topics',
    'batching',
    'database',
    'http',
    'config',
    'metrics',
    'tracing',
  ],
  retention: ['webhooks', 'changes', 'database', 'config'],
  tencent: ['tracing', 'config'],
  simulator: ['config'],
  reconcile: ['tencent', 'topics', 'database', 'config', 'metrics', 'tracing'],
  cli: ['reconcile', 'webhooks', 'topics', 'database', 'http', 'config', 'metrics', 'tracing'],
  health: ['topics', 'spool', 'database', 'http', 'config', 'metrics'],
};
const SRC = resolve('src');

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.includes('generated'))
  .map((file) => file.replaceAll('\\', '/'));
const imports = files.flatMap(importsOf);

describe('the direction of imports', () => {
  it('is known for every folder', () => {
    const folders = new Set(files.filter((file) => file.includes('/')).map(folderOf));
    expect([...folders].toSorted()).toEqual(Object.keys(ALLOWED).toSorted());
  });

  it('is the one of the layout', () => {
    const wrong = imports.filter(({ from, to }) => {
      if (!from.includes('/') || !to.startsWith('./') || isEmbedded(from, to)) return false;
      const target = folderOf(to.slice(2));
      return target !== folderOf(from) && !ALLOWED[folderOf(from)]?.includes(target);
    });
    expect(wrong).toEqual([]);
  });

  it('leaves Prisma and the driver to stores, repositories and database/', () => {
    const isPrisma = (to: string) => /^(pg|@prisma\/.*)$|\/generated\//.test(to);
    const wrong = imports.filter(
      ({ from, to }) =>
        isPrisma(to) && !from.startsWith('database/') && !/\.(store|repository)\.ts$/.test(from),
    );
    expect(wrong).toEqual([]);
  });

  it('keeps handlers and rules pure', () => {
    const isPure = (file: string) =>
      /\.handler\.ts$|^topics\/(topic|fold|registers|change|id)\.ts$|^webhooks\/(callback|wire|signature)\.ts$/.test(
        file,
      );
    const wrong = imports.filter(
      ({ from, to }) =>
        isPure(from) && /^@nestjs|\.(store|repository)\.js$|\.handler\.js$|generated/.test(to),
    );
    expect(wrong).toEqual([]);
  });

  it('keeps stores from controllers', () => {
    const wrong = imports.filter(
      ({ from, to }) => from.endsWith('.controller.ts') && /\.(store|repository)\.js$/.test(to),
    );
    expect(wrong).toEqual([]);
  });

  it('has no cycle', () => {
    const graph = new Map<string, string[]>();
    for (const { from, to } of imports) {
      if (!to.startsWith('./') || to.endsWith('.mjs')) continue;
      graph.set(from, [...(graph.get(from) ?? []), to.slice(2).replace(/\.js$/, '.ts')]);
    }
    expect(files.filter((file) => reaches(graph, file, file))).toEqual([]);
  });

  it('reads the environment in config/ only', () => {
    const wrong = files.filter(
      (file) =>
        !file.startsWith('config/') && /process\.env/.test(readFileSync(join(SRC, file), 'utf8')),
    );
    expect(wrong).toEqual([]);
  });

  it('never leads from src to test', () => {
    expect(imports.filter(({ to }) => to.includes('/test/'))).toEqual([]);
  });
});

/** The one import that leaves src: it is also used before anything is built. */
function isEmbedded(from: string, to: string): boolean {
  return from === 'database/database.ts' && to === './../prisma/embedded/embedded-postgres.mjs';
}

/** Imports of a file that exist when it runs; those of src as paths from there (`./folder/file.js`). */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const found = text.matchAll(
    /(?:^|\n)(?:import|export)(?!\s+type\b)[^;]*?from '([^']+)'|import\('([^']+)'\)/g,
  );
  return [...found].map((match) => {
    const target = match[1] ?? match[2] ?? '';
    if (!target.startsWith('.')) return { from: file, to: target };
    const path = relative(SRC, resolve(dirname(join(SRC, file)), target));
    return { from: file, to: `./${path}` };
  });
}

function folderOf(file: string): string {
  return file.split('/', 1)[0] ?? '';
}

function reaches(graph: Map<string, string[]>, start: string, goal: string): boolean {
  const seen = new Set<string>();
  const next = [...(graph.get(start) ?? [])];
  for (let file = next.pop(); file !== undefined; file = next.pop()) {
    if (file === goal) return true;
    if (seen.has(file)) continue;
    seen.add(file);
    next.push(...(graph.get(file) ?? []));
  }
  return false;
}
