import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { createDataDir, prisma as runPrisma } from '../support/process.js';

// Each test starts several processes, on machines that may be busy.
jest.setTimeout(60_000);

const MIGRATIONS = readdirSync('prisma/migrations').filter((name) => !name.endsWith('.toml'));
const IN_SYNC = '--from-migrations prisma/migrations --to-schema prisma/schema.prisma';

// What Prisma writes goes to a project of its own: the files of this one, beside its packages.
let project: string;
const databases: TestDatabase[] = [];
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'topic-mirror-prisma-'));
  for (const entry of ['prisma', 'tools', 'prisma.config.ts', 'package.json', 'tsconfig.json']) {
    await cp(entry, join(project, entry), { recursive: true });
  }
  await symlink(resolve('node_modules'), join(project, 'node_modules'));
});
afterAll(async () => {
  await Promise.all(databases.map((database) => database.drop()));
  await rm(project, { recursive: true });
});

describe("Prisma's commands, without a download", () => {
  it('deploy once where two do it at the same time, and find all in sync', async () => {
    const { url, ...database } = await emptyDatabase();
    const env = { DATABASE_URL: url };
    const both = await Promise.all([prisma('migrate deploy', env), prisma('migrate deploy', env)]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(await appliedIn(database)).toEqual(MIGRATIONS);

    const [status, difference, pulled] = await Promise.all([
      prisma('migrate status', env),
      prisma(`migrate diff ${IN_SYNC} --exit-code`, env),
      prisma('db pull --print', env),
    ]);
    expect(status).toMatchObject({ code: 0, output: expect.stringContaining('up to date') });
    expect(difference).toMatchObject({ code: 0, output: expect.stringContaining('No difference') });
    expect(pulled.output).toContain('model Topic {');
  });

  it('write a migration for a changed schema, and start over', async () => {
    const { url, ...database } = await emptyDatabase();
    const env = { DATABASE_URL: url };
    const schema = join(project, 'prisma', 'schema.prisma');
    const original = await readFile(schema, 'utf8');
    await writeFile(schema, `${original}\nmodel Extra {\n  id Int @id\n}\n`);
    expect(await prisma('migrate dev --name extra', env)).toMatchObject({ code: 0 });
    const added = readdirSync(join(project, 'prisma', 'migrations')).filter((name) =>
      name.endsWith('_extra'),
    );
    expect(await appliedIn(database)).toEqual([...MIGRATIONS, ...added]);

    await database.query('insert into "Extra" values (1)');
    expect(await prisma('migrate reset --force', env)).toMatchObject({ code: 0 });
    expect(await database.query('select from "Extra"')).toHaveLength(0);
    await writeFile(schema, original);
    for (const name of added) {
      await rm(join(project, 'prisma', 'migrations', name), { recursive: true });
    }
  });

  it('tell why a migration failed, and apply it once it is repaired and resolved', async () => {
    const { url, ...database } = await emptyDatabase();
    // Prisma reads `.env` only because its configuration does.
    await writeFile(join(project, '.env'), `DATABASE_URL=${url}\n`);
    const directory = join(project, 'prisma', 'migrations', '99990101000000_broken');
    await mkdir(directory);
    await writeFile(join(directory, 'migration.sql'), 'create table broken (id nonsense);');
    expect(await prisma('migrate deploy')).toMatchObject({
      code: 1,
      output: expect.stringContaining('type "nonsense" does not exist'),
    });

    await writeFile(join(directory, 'migration.sql'), 'create table broken (id int);');
    await prisma('migrate resolve --rolled-back 99990101000000_broken');
    expect(await prisma('migrate deploy')).toMatchObject({ code: 0 });
    expect(await appliedIn(database)).toEqual([...MIGRATIONS, '99990101000000_broken']);
    await Promise.all([rm(directory, { recursive: true }), rm(join(project, '.env'))]);
  });

  it('use the embedded server where no DATABASE_URL is set, and leave none running', async () => {
    const dataDir = await createDataDir();
    expect(await prisma('migrate deploy', { DATA_DIR: dataDir.path })).toMatchObject({
      code: 0,
      output: expect.stringContaining('successfully applied'),
    });
    expect(existsSync(join(dataDir.path, 'postgres', 'postmaster.pid'))).toBe(false);
    await dataDir.remove();
  });

  it('read the URL from the file of DATABASE_URL_FILE', async () => {
    const { url, ...database } = await emptyDatabase();
    const DATABASE_URL_FILE = join(project, 'database_url');
    await writeFile(DATABASE_URL_FILE, `${url}\n`);
    expect(await prisma('migrate deploy', { DATABASE_URL_FILE })).toMatchObject({ code: 0 });
    expect(await appliedIn(database)).toEqual(MIGRATIONS);
    const both = await prisma('migrate deploy', { DATABASE_URL_FILE, DATABASE_URL: url });
    expect(both).toMatchObject({ code: 1, output: expect.stringContaining('are both set') });
  });

  it('start no server that they do not need, and none in production', async () => {
    const env = { DATA_DIR: join(project, 'never-made') };
    const [generated, compared, deployed] = await Promise.all([
      prisma('generate', env),
      prisma('migrate diff --from-empty --to-schema prisma/schema.prisma --script', env),
      prisma('migrate deploy', { ...env, NODE_ENV: 'production' }),
    ]);
    expect(generated).toMatchObject({ code: 0 });
    expect(compared).toMatchObject({ code: 0, output: expect.stringContaining('CREATE TABLE') });
    expect(deployed).toMatchObject({ code: 1, output: expect.stringContaining('datasource.url') });
    expect(existsSync(env.DATA_DIR)).toBe(false);
  });
});

describe("the versions of Prisma's packages", () => {
  const manifest = readManifest('./package.json');

  it.each(['@prisma/client', '@prisma/adapter-pg', '@prisma/driver-adapter-utils'])(
    'is one for prisma and %s, and pinned',
    (name) => {
      expect(manifest.dependencies?.[name]).toBe(manifest.dependencies?.prisma);
      expect(readManifest(`${name}/package.json`).version).toBe(manifest.dependencies?.prisma);
    },
  );

  it('is the very commit of prisma for the engine', () => {
    const { prisma: engines } = readManifest('@prisma/engines-version/package.json');
    const pinned = manifest.dependencies?.['@prisma/schema-engine-wasm'];
    expect(pinned).toMatch(new RegExp(`^${manifest.dependencies?.prisma}-\\d+\\.[0-9a-f]{40}$`));
    expect(pinned?.split('.').at(-1)).toBe(engines?.enginesVersion);
    expect(readManifest('@prisma/schema-engine-wasm/package.json').version).toBe(pinned);
  });
});

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly prisma?: { readonly enginesVersion: string };
}

function readManifest(path: string): Manifest {
  const file = path.startsWith('.') ? path : join('node_modules', path);
  return JSON.parse(readFileSync(file, 'utf8'));
}

async function emptyDatabase(): Promise<TestDatabase> {
  const database = await createDatabase('empty');
  databases.push(database);
  return database;
}

/** Runs `npx prisma …` as behind a closed network: there is nothing where it would download from. */
function prisma(command: string, env: Record<string, string> = {}) {
  const closed = { PRISMA_ENGINES_MIRROR: 'http://127.0.0.1:9' };
  return runPrisma(command.split(' '), { ...closed, ...env }, project);
}

async function appliedIn({ query }: Pick<TestDatabase, 'query'>): Promise<string[]> {
  const rows = await query<{ name: string }>(
    `select migration_name as name from _prisma_migrations
      where finished_at is not null and rolled_back_at is null order by migration_name`,
  );
  return rows.map(({ name }) => name);
}
