// What README and docs say, held against the code.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { COMMANDS } from '../../src/cli/run.js';
import { SCHEMA } from '../../src/config/schema.js';

const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'deploy/README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
const MAX_README_LINES = 150;
const MAX_TABLE_WIDTH = 160;

const read = (file: string) => readFileSync(file, 'utf8');
const withoutCode = (text: string) => text.replaceAll(/^( *)```[^]*?^\1```/gm, '');

/** As GitHub makes them: a repeated heading gets a number. */
function anchorsOf(file: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCode(read(file)).matchAll(/^#+ (.*)$/gm)) {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let number = 1; anchors.has(anchor); number += 1) anchor = `${slug}-${number}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** The cells of a column of the tables below a heading, without backticks. */
function column(file: string, heading: string, index: number): string[] {
  const level = heading.match(/^#+/)?.[0] ?? '';
  const [, section = ''] = read(file).split(`\n${heading}\n`);
  const end = section.search(new RegExp(`^#{1,${level.length}} `, 'm'));
  return section
    .slice(0, end === -1 ? undefined : end)
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| --'))
    .map((line) => (line.split(/(?<!\\)\|/)[index + 1] ?? '').trim());
}

const namesIn = (cells: readonly string[]) =>
  cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));

describe.each(PAGES)('%s', (file) => {
  it('has links that lead somewhere', () => {
    const links = [...withoutCode(read(file)).matchAll(/\]\(([^)\s]+)\)/g)].map(
      ([, to = '']) => to,
    );
    const broken = links.filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? file : normalize(join(dirname(file), path));
      if (!existsSync(target)) return true;
      return anchor !== undefined && !anchorsOf(target).has(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('has no table wider than a screen', () => {
    const wide = read(file)
      .split('\n')
      .filter((line) => line.startsWith('|') && line.length > MAX_TABLE_WIDTH);
    expect(wide).toEqual([]);
  });
});

describe('README.md', () => {
  it('is one page', () => {
    expect(read('README.md').split('\n').length).toBeLessThanOrEqual(MAX_README_LINES);
  });

  it('leads to every page of docs/', () => {
    const pages = PAGES.filter((page) => page.startsWith('docs/'));
    expect(pages.filter((page) => !read('README.md').includes(`](${page}`))).toEqual([]);
  });
});

describe('the settings that the pages name', () => {
  // Of the tools around: PostgreSQL's and HAProxy's variables, and examples of shells.
  const OTHERS = new Set([
    'ADMIN_URL',
    'API_UPDATE',
    'MIRROR_1',
    'MIRROR_2',
    'MIRROR_BIND',
    'MIRROR_KEY',
    'MIRROR_URL',
    'OPENAPI_UPDATE',
    'POSTGRES_PASSWORD',
    'RESTORED_URL',
    'SETTINGS_UPDATE',
  ]);
  const PREFIXES = ['DATABASE_', 'IM_', 'API_', 'FEED_', 'SPOOL_', 'JOURNAL_', 'CHANGES_'];

  it('exist', () => {
    const named = PAGES.filter((page) => page !== 'CHANGELOG.md').flatMap((page) => [
      ...read(page).matchAll(/\b[A-Z]+(?:_[A-Z0-9]+)+\b/g),
    ]);
    const unknown = new Set(
      named
        .map(([name]) => name)
        .filter((name) => PREFIXES.some((prefix) => name.startsWith(prefix)))
        .filter((name) => !OTHERS.has(name) && !Object.hasOwn(SCHEMA, name.replace(/_FILE$/, '')))
        .filter((name) => name !== 'DATABASE_UNAVAILABLE' && name !== 'CHANGES_GONE'),
    );
    expect([...unknown]).toEqual([]);
  });
});

describe('docs/operations.md', () => {
  const file = 'docs/operations.md';
  const alerts: { alert: string; labels: { severity: string } }[] = parse(
    read('deploy/alerts.yml'),
  ).groups.flatMap(({ rules }: { rules: unknown[] }) => rules);

  it('lists every alert with its severity, in the order of deploy/alerts.yml', () => {
    const rows = column(file, '## Alerts', 0).slice(1);
    const severities = column(file, '## Alerts', 1).slice(1);
    const listed = rows.map((cell, index) => [cell.match(/\w+/)?.[0], severities[index]]);
    expect(listed.map(([name, severity]) => [name, severity?.replaceAll('*', '')])).toEqual(
      alerts.map(({ alert, labels }) => [alert, labels.severity]),
    );
  });

  it.each(alerts.map(({ alert }) => alert))('says of %s what it means and what to do', (alert) => {
    const [, entry = ''] = read(file).split(`\n### ${alert}\n`);
    expect(entry.split('\n#', 1)[0]).toMatch(/\*\*Meaning:\*\*[^]*\*\*Look at:\*\*[^]*\*\*Do:\*\*/);
  });

  it('lists the commands', () => {
    const [, ...listed] = column(file, '## Commands and exit codes', 0);
    expect(namesIn(listed).toSorted()).toEqual(Object.keys(COMMANDS).toSorted());
  });
});

describe('the pages', () => {
  it('name only commands that exist', () => {
    const named = PAGES.flatMap((page) => [...read(page).matchAll(/npm run cli -- ([a-z]+)/g)]);
    const names = new Set(named.map(([, name = '']) => name));
    expect([...names].filter((name) => !Object.hasOwn(COMMANDS, name))).toEqual([]);
  });

  it('name only scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const named = PAGES.flatMap((page) => [
      ...read(page).matchAll(/npm run (?:--silent )?([a-z:]+)/g),
    ]);
    const names = new Set(named.map(([, name = '']) => name));
    expect([...names].filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it('name only measurements that exist', () => {
    const named = PAGES.flatMap((page) => [...read(page).matchAll(/npm run bench -- ([a-z-]+)/g)]);
    const names = new Set(named.map(([, name = '']) => name).filter((name) => name !== 'help'));
    expect([...names].filter((name) => !read('bench/run.mjs').includes(name))).toEqual([]);
  });
});

describe('the version of package.json', () => {
  const { version } = JSON.parse(read('package.json'));

  it('has a dated section in CHANGELOG.md', () => {
    expect(read('CHANGELOG.md')).toMatch(
      new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d{2}-\\d{2}$`, 'm'),
    );
  });

  it.each(['deploy/kubernetes/mirror.yaml', 'deploy/kubernetes/migrate.yaml', 'docs/install.md'])(
    'is the tag of the images in %s',
    (file) => {
      const tags = [...read(file).matchAll(/topic-mirror[a-z-]*:(\d[\w.-]*)/g)].map(
        ([, tag]) => tag,
      );
      expect(new Set(tags)).toEqual(new Set([version]));
    },
  );
});
