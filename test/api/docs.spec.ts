// README.md and docs/api.md, held against the running service.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { startApp, type TestApp } from '../support/app.js';
import { callbackQuery, createTopicBody, fixture, OK, postCallback } from '../support/callbacks.js';

const README = readFileSync('README.md', 'utf8');
const API = readFileSync('docs/api.md', 'utf8');
const API_CALLBACKS = readFileSync('docs/api-callbacks.md', 'utf8');

let mirror: TestApp;
interface Document {
  readonly paths: Readonly<
    Record<string, { get?: { parameters: { name: string; in: string }[] }; post?: object }>
  >;
  readonly components: {
    readonly schemas: Readonly<
      Record<string, { properties: Record<string, { enum?: readonly string[] }> }>
    >;
  };
}
let document: Document;
beforeAll(async () => {
  mirror = await startApp();
  const command = 'Group.CallbackAfterCreateTopic';
  await mirror.http
    .post('/webhooks/im')
    .query(callbackQuery(command))
    .send(fixture('cb_after_create_topic'))
    .expect(200, OK);
  document = (await mirror.http.get('/openapi.json')).body;
});
afterAll(() => mirror.close());

interface Copied {
  readonly groupId: string;
  readonly topicId: string;
  readonly name: string;
  readonly ownerAccount: string;
  readonly deletedAt: string | null;
  readonly seq: number;
}

/** What a copy has of the topics that are not deleted, in one order. */
function comparable(topics: readonly Copied[]): readonly string[] {
  return topics
    .filter(({ deletedAt }) => (deletedAt ?? null) === null)
    .map((one) => [one.groupId, one.topicId, one.name, one.ownerAccount, one.seq].join(' '))
    .toSorted();
}

/** The names in backticks of the first column of the first table below a heading. */
function firstColumn(heading: string, page = API): string[] {
  return rowsOf(heading, page).flatMap(([cell = '']) => namesIn(cell));
}

function rowsOf(heading: string, page = API): string[][] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const [, table = ''] = /\n((?:\|.*\n)+)/.exec(section.split('\n## ', 1)[0] ?? '') ?? [];
  const [, , ...rows] = table.trimEnd().split('\n');
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

const parametersOf = (path: string): string[] =>
  (document.paths[path]?.get?.parameters ?? [])
    .filter((parameter) => parameter.in === 'query')
    .map(({ name }) => (name === 'custom' ? 'custom.<Key>=<Value>' : name));

describe('README.md', () => {
  it('shows the answer that the service gives to its sample', async () => {
    const [, shown = ''] = /```json\n([^]*?)```/.exec(README) ?? [];
    const { body } = await mirror.http.get('/groups/%40TGS%232J4SZEAEL/topics');
    expect(body).toMatchObject(JSON.parse(shown));
  });
});

describe('docs/api.md', () => {
  it('lists the endpoints', () => {
    const listed = firstColumn('Endpoints').filter((name) => name.startsWith('GET /'));
    const others = ['/', '/assets/{name}', '/docs', '/openapi.json'];
    const paths = Object.entries(document.paths)
      .filter(([path, operations]) => 'get' in operations && !others.includes(path))
      .map(([path]) => `GET ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`);
    expect(listed.toSorted()).toEqual(paths.toSorted());
  });

  it.each([
    ['Lists', '/topics'],
    ['The feed of changes', '/changes'],
    ['`GET /callbacks`', '/callbacks', API_CALLBACKS],
  ])('lists the parameters below "%s"', (heading, path, page = API) => {
    expect(firstColumn(heading, page).toSorted()).toEqual(parametersOf(path).toSorted());
  });

  it('shows the change that the sample makes', async () => {
    const [, section = ''] = API.split('\n## Changes\n');
    const [, shown = ''] = /```json\n([^]*?)```/.exec(section) ?? [];
    const { body } = await mirror.http.get('/changes').expect(200);
    const [change] = body.data;
    expect({ ...change, at: 0, after: { ...change.after, createdAt: 0 } }).toEqual(
      JSON.parse(shown, (key, value) => (['at', 'createdAt'].includes(key) ? 0 : value)),
    );
  });

  it('shows a callback with all its fields', async () => {
    const [, shown = ''] = /```json\n([^]*?)```/.exec(API_CALLBACKS) ?? [];
    const { body } = await mirror.http.get('/callbacks').expect(200);
    const keysOf = ({ data, ...rest }: { data: object[] }) =>
      [...Object.keys(rest), ...Object.keys(data[0] ?? {})].toSorted();
    expect(keysOf(JSON.parse(shown))).toEqual(keysOf(body));
  });

  it.each([
    ['Topics', 'Topic'],
    ['Groups', 'Group'],
    ['Changes', 'Change'],
  ])('lists the fields below "%s"', (heading, schema) => {
    const properties = Object.keys(document.components.schemas[schema]?.properties ?? {});
    expect(firstColumn(heading).toSorted()).toEqual(properties.toSorted());
  });

  it('lists the codes of errors', () => {
    const { schemas } = document.components;
    const listed = rowsOf('Errors').flatMap(([, cell = '']) =>
      namesIn(cell).filter((name) => /^[A-Z_]+$/.test(name)),
    );
    expect(listed.toSorted()).toEqual(
      [...(schemas.Problem?.properties.code?.enum ?? [])].toSorted(),
    );
  });

  it.each(
    [...(API + API_CALLBACKS).matchAll(/^curl .*'http:\/\/127\.0\.0\.1:3000(\/[^']*)'$/gm)].map(
      ([, to]) => to,
    ),
  )('has a request that works: %s', async (to = '') => {
    await mirror.http.get(to).expect(200);
  });

  it('has a client that reads the lists and follows the feed', async () => {
    const [, section = ''] = API.split('\n## A client in TypeScript\n');
    const [, client = ''] = /```ts\n([^]*?)```/.exec(section) ?? [];
    const directory = await mkdtemp(join(tmpdir(), 'topic-mirror-client-'));
    const file = join(directory, 'client.js');
    const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 };
    await writeFile(join(directory, 'package.json'), '{"type":"module"}');
    // Tells its copy on a signal.
    const tell = `process.on('SIGUSR2', () => console.log(JSON.stringify([...topics.values()])));\n`;
    await writeFile(file, ts.transpile(tell + client, options));
    const follow = ts.transpile(readFileSync('examples/follow.ts', 'utf8'), options);
    await writeFile(join(directory, 'follow.js'), follow);
    const child = spawn(process.execPath, [file], {
      env: { PATH: process.env.PATH, MIRROR_URL: mirror.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const first = lines.next();
      // It may read the lists before or after: tell it of a topic until it says so.
      let told: string | null = null;
      for (let index = 0; told === null && index < 200; index += 1) {
        await postCallback(mirror.http, createTopicBody({ GroupId: 'g', TopicId: `t${index}` }));
        const pause = new Promise<null>((resolve) => setTimeout(() => resolve(null), 100));
        told = await Promise.race([first.then(({ value }) => value), pause]);
      }
      expect(told).toMatch(/^\d+ created t\d+$/);

      const GroupId = '@TGS#_fans';
      const ids = ['ends', 'returns'].map((name) => `${GroupId}@TOPIC#_${name}`);
      const owner = JSON.parse(fixture('cb_after_change_group_owner'));
      const now = Date.now();
      const creations = (time: number, topicIds = ids) =>
        topicIds.map((TopicId) => createTopicBody({ GroupId, TopicId, EventTime: now + time }));
      const bodies = [
        ...creations(0),
        {
          CallbackCommand: 'Group.CallbackAfterTopicDestroyed',
          GroupId,
          Type: 'Community',
          TopicIdList: ids,
          EventTime: now + 1,
        },
        { ...owner, GroupId, Type: 'Community', EventTime: now + 2 },
        ...creations(3, ids.slice(1)),
        createTopicBody({ GroupId, TopicId: 'last', EventTime: now + 4 }),
      ];
      for (const body of bodies) await postCallback(mirror.http, body).expect(200, OK);
      const reported: string[] = [];
      while (!reported.at(-1)?.endsWith(' created last')) {
        reported.push((await lines.next()).value as string);
      }
      expect(reported.map((line) => line.split(' ')[1])).toContain('restored');
      child.kill('SIGUSR2');
      const copy = JSON.parse((await lines.next()).value as string) as Copied[];
      const { body } = await mirror.http.get('/topics?limit=500');
      const listed = body.data as Copied[];
      expect(comparable(copy)).toEqual(comparable(listed));
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
      await rm(directory, { recursive: true, force: true });
    }
  });
});
