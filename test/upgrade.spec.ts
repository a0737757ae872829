// A database of the first release, with what that had written, brought to the newest schema step by
// step, and served. `npm run bench -- upgrade` does the same with a build of then, under load.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { runCli } from '../src/cli/run.js';
import { startApp, type TestApp } from './support/app.js';
import { groupPath, postCallback, topicPath } from './support/callbacks.js';
import { createDatabase, type TestDatabase } from './support/database.js';
import { scrape } from './support/metrics.js';
import { prisma } from './support/process.js';

// Each step starts a process, on machines that may be busy.
jest.setTimeout(120_000);

const MIGRATIONS = readdirSync('prisma/migrations').filter((name) => !name.endsWith('.toml'));
const WRITTEN = 'test/fixtures/upgrade';
const CLUB = '@TGS#_@TGS#cQVLVHIM62CJ';
const OPENINGS = `${CLUB}@TOPIC#_openings`;
const LAST_SEQ = 9;
// What was written then is older every day.
const FOR_EVER = { JOURNAL_RETENTION_DAYS: '0', CHANGES_RETENTION_DAYS: '0' };

let database: TestDatabase;
let mirror: TestApp;
/** What each step after the data was written left of it. */
const kept: { step: string; before: unknown; after: unknown }[] = [];
beforeAll(async () => {
  database = await createDatabase('empty');
  const project = await createProject();
  const columns = new Map<string, string>();
  for (const name of MIGRATIONS) {
    const before = await rowsOf(columns);
    await cp(join('prisma/migrations', name), join(project, 'prisma/migrations', name), {
      recursive: true,
    });
    const { code, output } = await prisma(
      ['migrate', 'deploy'],
      { DATABASE_URL: database.url },
      project,
    );
    if (code !== 0) throw new Error(`${name} was not applied: ${output}`);
    kept.push({ step: name, before, after: await rowsOf(columns) });
    await write(name, columns);
  }
  await rm(project, { recursive: true });
  mirror = await startApp(FOR_EVER, database);
});
afterAll(async () => {
  await mirror.close();
  await database.drop();
});

describe('what the first release wrote', () => {
  it('is there', () => {
    const rows = Object.values(Object(kept.at(-1)?.before)).map((table) => Object(table).length);
    expect(rows).toEqual([4, 3, 6, 9]);
  });

  it.each(MIGRATIONS)('is as it was after %s', (name) => {
    const found = kept.find(({ step }) => step === name);
    expect(found?.after).toEqual(found?.before);
  });

  it('is served: groups in their states, topics with their fields, deleted ones, history', async () => {
    const { body: groups } = await mirror.http.get('/groups').expect(200);
    expect(groups.data).toMatchObject([
      { groupId: CLUB, name: 'Chess club', state: 'hooked', topicCount: 1, seq: 5 },
      { groupId: '@TGS#_doubted', state: 'stale' },
      { groupId: '@TGS#_gone', state: 'destroyed', destroyedAt: '2026-01-06T00:00:00.000Z' },
      { groupId: '@TGS#_quiet', state: 'verified', verifiedAt: '2026-11-24T10:00:00.000Z' },
    ]);
    const { body: topics } = await mirror.http.get(`${groupPath(CLUB)}/topics?deleted=include`);
    expect(topics.data).toMatchObject([
      { topicId: `${CLUB}@TOPIC#_endgames`, deletedAt: '2026-01-04T03:06:05.000Z' },
      {
        topicId: OPENINGS,
        name: 'Opening theory',
        operatorAccount: 'ada',
        introduction: 'e4 and all that',
        customString: '',
        muteAllMember: null,
        userDefinedDataList: [
          { key: 'color', value: 'red' },
          { key: 'size', value: 'big' },
        ],
        createdAt: '2026-01-02T03:05:05.000Z',
        deletedAt: null,
        seq: 4,
      },
    ]);
    const { body: history } = await mirror.http.get(`${topicPath(CLUB, OPENINGS)}/history`);
    expect(history.data).toMatchObject([
      { seq: 4, kind: 'updated', before: { name: 'Openings' }, after: { name: 'Opening theory' } },
      { seq: 2, kind: 'created' },
    ]);
  });

  it.each([
    ['custom.color=red', [OPENINGS]],
    ['name=Opening%20theory', [OPENINGS]],
    ['q=THEORY', [OPENINGS]],
    ['ownerAccount=leckie&deleted=include', [`${CLUB}@TOPIC#_endgames`, OPENINGS]],
    ['operatorAccount=ada&sort=-updatedAt', [OPENINGS]],
    ['deleted=only', [`${CLUB}@TOPIC#_endgames`, '@TGS#_gone@TOPIC#_1']],
  ])('is found by %s', async (filter, ids) => {
    const { body } = await mirror.http.get(`/topics?${filter}`).expect(200);
    expect(body.data.map(({ topicId }: { topicId: string }) => topicId)).toEqual(ids);
  });

  it('is in the feed from the beginning, and counted', async () => {
    const { body } = await mirror.http.get('/changes').expect(200);
    expect(body.data.map(({ seq }: { seq: number }) => seq)).toEqual([2, 3, 4, 5, 7, 9]);
    const figures = await scrape(mirror.http);
    for (const state of ['hooked', 'stale', 'destroyed', 'verified']) {
      expect([state, figures.sum('topicmirror_groups', { state })]).toEqual([state, 1]);
    }
  });

  it('is what its journal says', async () => {
    const lines: string[] = [];
    const print = (line: string) => void lines.push(line);
    const env = { DATABASE_URL: database.url, ...FOR_EVER };
    const code = await runCli(['rebuild', '--check'], env, print, print);
    expect([code, lines.join('\n')]).toEqual([0, expect.any(String)]);
  });

  it('goes on: an older date does not win over it, a newer one does, with the next seq', async () => {
    const update = { CallbackCommand: 'Group.CallbackAfterTopicInfoChanged', Type: 'Community' };
    const ofOpenings = { ...update, GroupId: CLUB, TopicId: OPENINGS };
    const at = (day: number) => Date.UTC(2026, 0, day);
    await postCallback(mirror.http, { ...ofOpenings, Name: 'too late', EventTime: at(3) });
    await postCallback(mirror.http, { ...ofOpenings, Name: 'Gambits', EventTime: at(5) });
    const { body: topic } = await mirror.http.get(topicPath(CLUB, OPENINGS));
    expect(topic).toMatchObject({ name: 'Gambits', introduction: 'e4 and all that' });
    const { body: feed } = await mirror.http.get(`/changes?after=${LAST_SEQ}`).expect(200);
    expect(feed.data).toMatchObject([{ kind: 'updated', after: { name: 'Gambits' } }]);
    expect(feed.data[0].seq).toBeGreaterThan(LAST_SEQ);
  });
});

/** A project of its own, without migrations. */
async function createProject(): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), 'topic-mirror-upgrade-'));
  for (const entry of ['prisma.config.ts', 'package.json', 'tsconfig.json']) {
    await cp(entry, join(project, entry));
  }
  for (const entry of ['schema.prisma', 'engine', 'embedded']) {
    await cp(join('prisma', entry), join(project, 'prisma', entry), { recursive: true });
  }
  await mkdir(join(project, 'prisma', 'migrations'));
  const lock = join('prisma', 'migrations', 'migration_lock.toml');
  await cp(lock, join(project, lock));
  await symlink(resolve('node_modules'), join(project, 'node_modules'));
  return project;
}

/** Writes what a build of the first release had written into the tables of a migration. */
async function write(migration: string, columns: Map<string, string>): Promise<void> {
  const file = join(WRITTEN, `${migration}.sql`);
  if (!existsSync(file)) return;
  const script = readFileSync(file, 'utf8');
  await database.query(script);
  for (const [, table = '', names = ''] of script.matchAll(
    /^insert into "(\w+)" \((.*)\) values$/gm,
  )) {
    columns.set(table, names);
  }
}

/** All rows of the tables that have been written, by the columns they had then. */
async function rowsOf(columns: ReadonlyMap<string, string>): Promise<Record<string, unknown>> {
  const rows: Record<string, unknown> = {};
  for (const [table, names] of columns) {
    rows[table] = await database.query(`select ${names} from "${table}" order by 1, 2`);
  }
  return rows;
}
