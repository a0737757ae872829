// The release before serves on the schema of the next one until its last process is replaced: so a
// migration only adds, and holds nobody up. What a release stops to use goes two releases later, and is
// then named below.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const MIGRATIONS = 'prisma/migrations';

/** Statements that take something away on purpose, by migration, with the reason. */
const CONTRACTING: Readonly<Record<string, readonly { start: string; reason: string }[]>> = {};

// No release served on a schema without it.
const INITIAL = '20261127000000_init';

const TAKES_AWAY: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/^drop (?!index\b)/, 'drops what the release before may use'],
  [/^alter .*\brename\b/, 'renames: add the new name beside the old one'],
  [/^alter table .*\bdrop\b(?! (not null|default)\b)/, 'drops what the release before may use'],
  [/^alter table .*\balter (column )?\S+ (set data )?type\b/, 'changes a type: add a column'],
  [/^alter table .*\bset not null\b/, 'forbids a null that the release before may write'],
  [/^alter table .*\badd (?!constraint).*\bnot null\b(?!.*\bdefault\b)/, 'wants a value at once'],
  // Of a view PostgreSQL itself lets nothing be replaced but by itself, with further columns.
  [/^create or replace (?!view\b)/, 'changes what the release before calls: give it a new name'],
  [/^(truncate|delete)\b/, 'removes rows'],
];

describe('every migration', () => {
  const migrations = readdirSync(MIGRATIONS).filter((name) => !name.endsWith('.toml'));

  it.each(migrations)('%s takes nothing away', (name) => {
    const allowed = CONTRACTING[name] ?? [];
    const found = statementsOf(readMigration(name))
      .filter((statement) => !allowed.some(({ start }) => statement.startsWith(start)))
      .flatMap(takenAway);
    expect(found).toEqual([]);
  });

  it('after the initial one makes nobody wait', () => {
    const tables: string[] = [];
    const found = migrations.flatMap((name) => {
      const statements = statementsOf(readMigration(name));
      const waits = name === INITIAL ? [] : waitsOf(statements, tables);
      tables.push(...tablesOf(statements));
      return waits.map((wait) => `${name} ${wait}`);
    });
    expect(found).toEqual([]);
  });

  it('is judged, and no exception is left of one that is gone', () => {
    expect(migrations).toContain(INITIAL);
    expect(migrations).toEqual(expect.arrayContaining(Object.keys(CONTRACTING)));
  });
});

describe('the rules', () => {
  it.each([
    'drop table "topics"',
    'DROP FUNCTION raise_feed_floor',
    'alter table "topics" drop column "name"',
    'alter table "topics" rename column "name" to "title"',
    'alter index "topics_name" rename to "x"',
    'alter table "topics" alter column "seq" type numeric',
    'alter table "topics" alter column "name" set not null',
    'alter table "topics" add column "x" integer not null',
    'create or replace function raise_feed_floor() returns trigger language sql as $$ select 1; $$',
    'delete from "changes"',
  ])('find what takes away: %s', (statement) => {
    expect(statementsOf(`-- why;\n${statement};`).flatMap(takenAway)).toHaveLength(1);
  });

  it.each([
    'alter table "topics" add column "x" integer not null default 0',
    'alter table "topics" alter column "name" drop not null',
    'create or replace view "mirror"."topics" as select 1',
    "insert into t values ('drop table x; delete from y')",
    'create function f() returns void language plpgsql as $$ begin delete from t; drop table t; end $$',
  ])('let through what only adds: %s', (statement) => {
    expect(statementsOf(statement).flatMap(takenAway)).toEqual([]);
  });

  it.each([
    'create index on "topics" ("name")',
    'set lock_timeout = \'500ms\'; create index on "topics" ("name")',
    'create index concurrently on "topics" ("name"); select 1',
    'alter table "topics" add column "x" integer',
    'create trigger x after insert on "topics" for each row execute function f()',
  ])('find what would make writers wait: %s', (text) => {
    expect(waitsOf(statementsOf(text), ['topics'])).toHaveLength(1);
  });

  it.each([
    'create table "new" (id int); create index on "new" (id); alter table "new" add column "x" int',
    'create index concurrently on "topics" ("name")',
    'set lock_timeout = \'500ms\'; alter table "topics" add column "x" integer',
  ])('let through what does not: %s', (text) => {
    expect(waitsOf(statementsOf(text), ['topics'])).toEqual([]);
  });
});

function readMigration(name: string): string {
  return readFileSync(join(MIGRATIONS, name, 'migration.sql'), 'utf8');
}

/** The statements of a script, lower-case and on one line each; bodies and texts are left out. */
function statementsOf(script: string): string[] {
  return script
    .replaceAll(/--.*$/gm, '')
    .replaceAll(/\$\$[\s\S]*?\$\$|'(?:[^']|'')*'/g, "''")
    .split(';')
    .map((statement) => statement.replaceAll(/\s+/g, ' ').trim().toLowerCase())
    .filter((statement) => statement !== '');
}

function takenAway(statement: string): string[] {
  return TAKES_AWAY.filter(([pattern]) => pattern.test(statement)).map(
    ([, why]) => `${why}: ${statement}`,
  );
}

function tablesOf(statements: readonly string[]): string[] {
  return statements.flatMap((statement) => /^create table "?(\w+)/.exec(statement)?.[1] ?? []);
}

/** What holds writers of older tables up for longer than a moment. */
function waitsOf(statements: readonly string[], tables: readonly string[]): string[] {
  const isBounded = (index: number) =>
    statements.slice(0, index).some((statement) => /^set (local )?lock_timeout\b/.test(statement));
  return statements.flatMap((statement, index) => {
    const isOlder = tables.some((table) => new RegExp(`\\b${table}\\b`).test(statement));
    if (!isOlder) return [];
    const isIndex = /^create (unique )?index\b/.test(statement);
    if (isIndex && /\bconcurrently\b/.test(statement)) {
      // PostgreSQL runs several statements of one script as one transaction, and that it cannot.
      return statements.length === 1 ? [] : [`must be alone in its migration: ${statement}`];
    }
    if (isIndex) return [`keeps writers out while it is built, without concurrently: ${statement}`];
    const takesLock = /^(alter table|create (constraint )?trigger|drop index)\b/.test(statement);
    return takesLock && !isBounded(index) ? [`waits without set lock_timeout: ${statement}`] : [];
  });
}
