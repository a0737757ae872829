// The schema `mirror`: what SQL clients read is what the query API answers, and the reader role reads nothing else.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { TestApp } from '../support/app.js';
import { createTopicBody, postCallback } from '../support/callbacks.js';
import type { TestDatabase } from '../support/database.js';
import { live } from '../support/history.js';
import { until } from '../support/until.js';
import { pages, startWorld, type World } from '../support/world.js';

jest.setTimeout(60_000);

const VIEWS = ['groups', 'topics', 'topic_fields', 'changes'];
type Row = Readonly<Record<string, unknown>>;

let world: World;
let mirror: TestApp;
beforeAll(async () => {
  world = await startWorld({ seed: 7 });
  mirror = world.app;
  await live(world.simulator, { groups: 4, seconds: 2, deedsPerSecond: 60 });
  const topic = { GroupId: 'odd "group"', TopicId: 't', Name: '' };
  for (const UserDefinedDataList of [
    [],
    [
      { Key: 'b', Value: '2' },
      { Key: 'a', Value: '' },
      { Key: 'b', Value: '"\u{1f408}"' },
    ],
  ]) {
    const TopicId = `t${UserDefinedDataList.length}`;
    await postCallback(
      mirror.http,
      createTopicBody({ ...topic, TopicId, UserDefinedDataList }),
    ).expect(200);
  }
  await postCallback(mirror.http, {
    CallbackCommand: 'Group.CallbackAfterTopicDestroyed',
    GroupId: topic.GroupId,
    TopicIdList: [{ TopicId: 't0' }],
  });
  await until(async () =>
    (await pages(mirror.url, '/groups')).some(({ state }) => state === 'verified'),
  );
  // From here on nothing is reconciled.
  await world.simulator.close();
  for (const body of [
    createTopicBody({ GroupId: 'stale', TopicId: 't' }),
    { CallbackCommand: 'Group.CallbackAfterTopicInfoChanged', GroupId: 'stale', Name: 'of which?' },
    createTopicBody({ GroupId: 'destroyed', TopicId: 't' }),
    { CallbackCommand: 'Group.CallbackAfterGroupDestroyed', GroupId: 'destroyed' },
  ]) {
    await postCallback(mirror.http, body).expect(200);
  }
});
afterAll(() => mirror.close());

describe('the views of the schema mirror', () => {
  it('show groups as the query API does', async () => {
    const groups = await pages(mirror.url, '/groups');
    expect(new Set(groups.map(({ state }) => state)).size).toBeGreaterThan(2);
    expect(groups.map(({ staleReason }) => staleReason)).toContain('unspecific_callback');
    expect(await read(mirror.database, 'groups', 'group_id collate "C"')).toEqual(
      groups.map(asRow),
    );
  });

  it('show topics as the query API does, deleted ones included', async () => {
    const topics = await pages(mirror.url, '/topics', { deleted: 'include' });
    expect(topics.filter(({ deletedAt }) => deletedAt !== null).length).toBeGreaterThan(0);
    expect(
      await read(mirror.database, 'topics', 'topic_id collate "C", group_id collate "C"'),
    ).toEqual(topics.map(asRow));
  });

  it('show each custom field as a row', async () => {
    const topics = await pages(mirror.url, '/topics', { deleted: 'include' });
    const fields = topics.flatMap(({ groupId, topicId, userDefinedDataList }) =>
      fieldsOf(userDefinedDataList).map(({ key, value }, index) => ({
        group_id: groupId,
        topic_id: topicId,
        position: index + 1,
        key,
        value,
      })),
    );
    expect(fields.length).toBeGreaterThan(2);
    expect(
      await read(
        mirror.database,
        'topic_fields',
        'topic_id collate "C", group_id collate "C", position',
      ),
    ).toEqual(fields);
  });

  it('show changes as the feed does', async () => {
    const { body } = await mirror.http.get('/changes').query({ limit: 500 }).expect(200);
    const changes = await read(mirror.database, 'changes', 'seq limit 500');
    expect(changes.length).toBeGreaterThan(20);
    expect(changes).toEqual(body.data.map(asRow));
  });

  // SETTINGS_UPDATE=1 writes it.
  it('are documented by the comments of the database', async () => {
    const file = 'docs/sql.md';
    const part = /(?<=SETTINGS_UPDATE.*-->\n\n)[^]*?(?=\n- An id)/;
    const contents = () => readFileSync(file, 'utf8');
    const tables = await documentation(mirror.database);
    if (process.env.SETTINGS_UPDATE)
      writeFileSync(
        file,
        contents().replace(part, () => tables),
      );
    expect(contents().match(part)?.[0]).toBe(tables);
  });
});

interface Column {
  readonly view: string;
  readonly about: string;
  readonly column: string;
  readonly type: string;
  readonly meaning: string;
}

/** A table for each view, as Prettier aligns it. */
async function documentation(database: TestDatabase): Promise<string> {
  const columns = await database.query<Column>(
    `select c.relname as view,
            obj_description(c.oid, 'pg_class') as about,
            '\`' || a.attname || '\`' as "column",
            case a.atttypid when 'timestamptz'::regtype then 'timestamptz' else a.atttypid::regtype::text end as type,
            col_description(c.oid, a.attnum) as meaning
       from pg_class c
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
      where c.relnamespace = 'mirror'::regnamespace
      order by array_position($1, c.relname::text), a.attnum`,
    [VIEWS],
  );
  return VIEWS.map((view) => {
    const rows = columns.filter((column) => column.view === view);
    const cells = [
      ['Column', 'Type', 'Meaning'],
      ...rows.map(({ column, type, meaning }) => [column, type, meaning]),
    ];
    const widths = [0, 1, 2].map((index) =>
      Math.max(...cells.map((line) => line[index]?.length ?? 0)),
    );
    const [header = '', ...lines] = cells.map(
      (line) => `| ${line.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' | ')} |\n`,
    );
    const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |\n`;
    return `### \`mirror.${view}\`\n\n${rows[0]?.about}.\n\n${header}${rule}${lines.join('')}`;
  }).join('\n');
}

/** A row as PostgreSQL writes it as JSON, dates as the query API does. */
async function read(database: TestDatabase, view: string, order: string): Promise<Row[]> {
  const rows = await database.query<{ row: Row }>(
    `select to_json(v) as row from mirror.${view} v order by ${order}`,
  );
  return rows.map(({ row }) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        isDate(name) && value !== null ? new Date(String(value)).toISOString() : value,
      ]),
    ),
  );
}

function isDate(column: string): boolean {
  return /(^|_)at$|_since$/.test(column);
}

/** An object of the query API under the names of SQL. */
function asRow(object: Row): Row {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}

function fieldsOf(list: unknown): readonly { readonly key: string; readonly value: string }[] {
  return Array.isArray(list) ? list : [];
}
