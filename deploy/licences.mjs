// node deploy/licences.mjs: the licences of all packages that are installed in production, from the lockfile.
// Ends with 1 if one of them is not allowed here.
import { readFileSync } from 'node:fs';

const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT and ISC',
  'PostgreSQL',
  'Python-2.0',
  'Unlicense',
]);
/** @type {Record<string, string>} */
const LOOKED_AT = {
  elkjs:
    'EPL-2.0: unchanged, and only in `prisma studio`, which the image of the service leaves out',
  'seq-queue': 'MIT by its LICENSE file; its package.json is silent',
};

/** @type {{ packages: Record<string, { version: string, license?: string, dev?: boolean, link?: boolean }> }} */
const { packages } = JSON.parse(
  readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'),
);
/** @type {Map<string, Set<string>>} */
const byLicence = new Map();
for (const [path, { version, license = 'none named', dev, link }] of Object.entries(packages)) {
  if (path === '' || dev || link) continue;
  const name = path.replace(/^.*node_modules\//, '');
  const named = LOOKED_AT[name] ?? license;
  byLicence.set(named, (byLicence.get(named) ?? new Set()).add(`${name}@${version}`));
}

const known = new Set([...ALLOWED, ...Object.values(LOOKED_AT)]);
for (const [licence, names] of [...byLicence].toSorted()) {
  const mark = known.has(licence) ? '' : 'NOT ALLOWED: ';
  process.stdout.write(`${mark}${licence} (${names.size})\n  ${[...names].toSorted().join(' ')}\n`);
  if (mark !== '') process.exitCode = 1;
}
