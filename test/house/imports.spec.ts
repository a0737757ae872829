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
  changes: ['database', 'http', 'openapi', 'config', 'metrics'],
  journal: ['database'],
  'topics/domain': ['journal'],
  'topics/write': [
    'journal',
    'topics/domain',
    'changes',
    'batching',
    'database',
    'metrics',
    'tracing',
  ],
  'topics/api': ['topics/domain', 'changes', 'database', 'http', 'openapi'],
  topics: ['topics/write', 'topics/api', 'journal', 'changes', 'database'],
  callbacks: [
    'journal',
    'changes',
    'webhooks',
    'topics/api',
    'database',
    'http',
    'openapi',
    'config',
  ],
  status: [
    'relay',
    'reconcile',
    'journal',
    'health',
    'spool',
    'changes',
    'database',
    'http',
    'openapi',
    'config',
    'metrics',
  ],
  openapi: ['topics/domain', 'http', 'config'],
  web: ['http'],
  spool: ['config', 'batching', 'database', 'metrics'],
  relay: ['journal', 'tencent', 'database', 'config', 'metrics'],
  webhooks: [
    'journal',
    'relay',
    'tencent',
    'spool',
    'topics',
    'topics/write',
    'topics/domain',
    'batching',
    'database',
    'http',
    'openapi',
    'config',
    'metrics',
    'tracing',
  ],
  retention: ['journal', 'changes', 'database', 'config'],
  tencent: ['topics/domain', 'tracing', 'config'],
  reconcile: [
    'journal',
    'relay',
    'tencent',
    'topics',
    'topics/write',
    'topics/domain',
    'database',
    'config',
    'metrics',
    'tracing',
  ],
  erasure: ['tencent', 'topics/domain', 'changes', 'database'],
  cli: [
    'erasure',
    'reconcile',
    'relay',
    'webhooks',
    'journal',
    'topics',
    'topics/write',
    'topics/domain',
    'database',
    'http',
    'config',
    'metrics',
    'tracing',
  ],
  health: ['topics/domain', 'spool', 'database', 'http', 'openapi', 'config', 'metrics'],
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

  it('leaves Prisma and the driver to repositories and database/', () => {
    const isPrisma = (to: string) => /^(pg|@prisma\/.*)$|\/generated\//.test(to);
    const wrong = imports.filter(
      ({ from, to }) =>
        isPrisma(to) && !from.startsWith('database/') && !from.endsWith('.repository.ts'),
    );
    expect(wrong).toEqual([]);
  });

  it('keeps handlers and rules pure', () => {
    const isPure = (file: string) =>
      /\.handler\.ts$|^topics\/domain\/|^webhooks\/(callback|wire|signature)\.ts$/.test(file);
    const wrong = imports.filter(
      ({ from, to }) =>
        isPure(from) && /^@nestjs|\.repository\.js$|\.handler\.js$|generated/.test(to),
    );
    expect(wrong).toEqual([]);
  });

  it('keeps repositories from controllers', () => {
    const wrong = imports.filter(
      ({ from, to }) => from.endsWith('.controller.ts') && to.endsWith('.repository.js'),
    );
    expect(wrong).toEqual([]);
  });

  it('has no cycle, type-only imports included', () => {
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
  return (
    from === 'database/database.ts' && to === './../tools/embedded-postgres/embedded-postgres.mjs'
  );
}

/** Imports and re-exports of a file; those of src as paths from there (`./folder/file.js`). */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const found = text.matchAll(
    /(?:^|\n)(?:import|export)\b[^;]*?from '([^']+)'|import\('([^']+)'\)/g,
  );
  return [...found].map((match) => {
    const target = match[1] ?? match[2] ?? '';
    if (!target.startsWith('.')) return { from: file, to: target };
    const path = relative(SRC, resolve(dirname(join(SRC, file)), target));
    return { from: file, to: `./${path}` };
  });
}

/** The room of a file: its folder, within topics/ the one below. */
function folderOf(file: string): string {
  const [folder = '', inner = '', ...rest] = file.split('/');
  return folder === 'topics' && rest.length > 0 ? `topics/${inner}` : folder;
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
