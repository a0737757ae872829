// `cli erase`: afterwards no table and no dump holds the account, and readers see it.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { runCli } from '../../src/cli/run.js';
import { startApp, type TestApp } from '../support/app.js';
import {
  type Body,
  callbackQuery,
  createTopicBody,
  OK,
  postCallback,
} from '../support/callbacks.js';
import { createOwnServer, type OwnServer } from '../support/own-server.js';
import { findInstalled, run } from '../support/postgres-programs.js';
import { EventSource } from '../support/sse.js';
import { until } from '../support/until.js';

jest.setTimeout(90_000);

const ACCOUNT = 'ädä "the/quoted"';
const ADDRESS = '203.0.113.7';
const OTHER = 'grace';
const installed = await findInstalled();

let server: OwnServer;
let url: string;
let mirror: TestApp;
beforeAll(async () => {
  server = await createOwnServer(undefined, installed?.binaries);
  await server.start();
  if (installed) await ask(server.urlOf('postgres'), 'create database topic_mirror');
  url = server.urlOf('topic_mirror');
  mirror = await startApp(
    {},
    { url, query: (text) => ask(url, text), drop: async () => undefined },
  );
  for (const body of BODIES) {
    await postCallback(mirror.http, body, { ClientIP: ADDRESS }).expect(200, OK);
  }
  // As some writers of JSON escape it, and in the query.
  const escaped = JSON.stringify({ From_Account: ACCOUNT })
    .replaceAll('ä', '\\u00e4')
    .replaceAll('/', '\\/');
  const query = { ...callbackQuery('C2C.CallbackAfterSendMsg'), ClientIP: ADDRESS, By: ACCOUNT };
  await fetch(`${mirror.url}/?${new URLSearchParams(query)}`, { method: 'POST', body: escaped });
});
afterAll(async () => {
  await mirror.close();
  await server.remove();
});

const topic = (TopicId: string, body: Body = {}) =>
  createTopicBody({
    GroupId: 'g',
    TopicId,
    Owner_Account: OTHER,
    Operator_Account: OTHER,
    ...body,
  });
const BODIES: Body[] = [
  topic('owned', { Owner_Account: ACCOUNT }),
  topic('touched'),
  {
    ...topic('touched', { Operator_Account: ACCOUNT, Name: 'new' }),
    CallbackCommand: 'Group.CallbackAfterTopicInfoChanged',
  },
  topic('fields', {
    CustomString: ACCOUNT,
    UserDefinedDataList: [
      { Key: 'by', Value: ACCOUNT },
      { Key: ACCOUNT, Value: 'moderator' },
    ],
  }),
  {
    ...topic('fields', { UserDefinedDataList: [{ Key: ACCOUNT, Value: 'owner' }] }),
    CallbackCommand: 'Group.CallbackAfterTopicInfoChanged',
  },
  topic('deleted', { Owner_Account: ACCOUNT }),
  {
    CallbackCommand: 'Group.CallbackAfterTopicDestroyed',
    GroupId: 'g',
    TopicIdList: ['deleted'],
    Operator_Account: ACCOUNT,
  },
  topic('foreign'),
  topic('t', { GroupId: 'h', Owner_Account: OTHER }),
  {
    CallbackCommand: 'Group.CallbackAfterChangeGroupOwner',
    GroupId: 'h',
    OldOwner_Account: OTHER,
    NewOwner_Account: ACCOUNT,
    Operator_Account: OTHER,
  },
  topic('t', { GroupId: 'untouched' }),
  {
    CallbackCommand: 'Group.CallbackAfterNewMemberJoin',
    GroupId: 'g',
    NewMemberList: [{ Member_Account: ACCOUNT }],
  },
];

describe('cli erase', () => {
  let counts: string | undefined;

  it('counts first, and writes nothing', async () => {
    const before = await tables();
    const { code, out } = await cli('erase', '--account', ACCOUNT, '--dry-run');
    expect(code).toBe(0);
    counts =
      /^to be erased, nothing written: (5 topics, 1 group, [67] changes, 9 journal entries)$/.exec(
        out[0] ?? '',
      )?.[1];
    expect(counts).toBeDefined();
    expect(await tables()).toBe(before);
    expect(before).toContain(ADDRESS);
  });

  it('leaves no trace in tables and dump, and lets readers see it', async () => {
    const { body: last } = await mirror.http.get('/changes').query({ limit: 500 });
    const stream = await EventSource.open(`${mirror.url}/changes?after=${last.nextAfter}`);
    const [touched, untouched] = await Promise.all(
      ['g', 'untouched'].map((id) => mirror.http.get(`/groups/${id}/topics`)),
    );

    const { code, out } = await cli('erase', '--account', ACCOUNT);
    expect([code, out[1]]).toEqual([0, `erased: ${counts}`]);
    const pseudonym = /^pseudonym: (erased-\w+) /.exec(out[0] ?? '')?.[1] ?? '';

    const stored = await tables();
    for (const form of [
      ACCOUNT,
      JSON.stringify(ACCOUNT).slice(1, -1),
      'd\\u00e4',
      'the\\/quoted',
    ]) {
      expect(stored).not.toContain(form);
      expect(stored).not.toContain(Buffer.from(form).toString('hex'));
    }
    expect(stored).toContain(pseudonym);
    expect(await dump()).not.toMatch(new RegExp(`quoted|${Buffer.from('quoted').toString('hex')}`));

    // Those who follow the feed, and those who hold an ETag.
    const told = await stream.changes(4);
    stream.close();
    expect(told.map(({ groupId, topicId, kind }) => [groupId, topicId, kind])).toEqual([
      ['g', 'fields', 'updated'],
      ['g', 'owned', 'updated'],
      ['g', 'touched', 'updated'],
      ['h', 't', 'updated'],
    ]);
    const etagOf = ({ headers }: { headers: Record<string, string> }) => headers.etag ?? '';
    const again = await mirror.http
      .get('/groups/g/topics')
      .set('if-none-match', etagOf(touched ?? { headers: {} }))
      .expect(200);
    expect(again.body.data).toMatchObject([
      {
        topicId: 'fields',
        customString: pseudonym,
        userDefinedDataList: expect.arrayContaining([
          { key: pseudonym, value: 'owner' },
          { key: 'by', value: pseudonym },
        ]),
      },
      { topicId: 'foreign', ownerAccount: OTHER, operatorAccount: OTHER },
      { topicId: 'owned', ownerAccount: pseudonym },
      { topicId: 'touched', operatorAccount: pseudonym },
    ]);
    await mirror.http
      .get('/groups/untouched/topics')
      .set('if-none-match', etagOf(untouched ?? { headers: {} }))
      .expect(304);
    expect((await mirror.http.get('/groups/h')).body.ownerAccount).toBe(pseudonym);
    // Also what the service had in memory.
    await until(
      async () =>
        !(await mirror.http.get('/changes').query({ limit: 500 })).text.includes('quoted'),
    );
  });

  it('leaves a journal that says what topics say', async () => {
    expect(await cli('rebuild', '--check')).toMatchObject({ code: 0 });
    expect(await cli('replay')).toMatchObject({ code: 0 });
    expect(await tables()).not.toContain('quoted');
  });

  it('finds nothing again, and takes later callbacks under the same pseudonym', async () => {
    const [{ owner } = { owner: '' }] = await ask<{ owner: string }>(
      url,
      `select owner_account as owner from groups where group_id = 'h'`,
    );
    const continued = () => cli('erase', '--account', ACCOUNT, '--pseudonym', owner);
    expect((await continued()).out[1]).toBe(
      'erased: 0 topics, 0 groups, 0 changes, 0 journal entries',
    );
    await postCallback(mirror.http, topic('later', { Owner_Account: ACCOUNT })).expect(200);
    expect((await continued()).out[1]).toBe('erased: 1 topic, 1 group, 1 change, 1 journal entry');
    const { body } = await mirror.http.get('/topics').query({ ownerAccount: owner });
    expect(body.data.map(({ topicId }: { topicId: string }) => topicId)).toContain('later');
  });

  it('does not disturb callbacks that come meanwhile', async () => {
    const erase = () =>
      cli('erase', '--account', ACCOUNT, '--pseudonym', `erased-${'0'.repeat(24)}`);
    const names = Array.from({ length: 30 }, (_, index) => `m${index}`);
    await Promise.all([
      ...names.map((name) =>
        postCallback(mirror.http, topic(name, { GroupId: name, Owner_Account: ACCOUNT })).expect(
          200,
          OK,
        ),
      ),
      erase(),
      erase(),
    ]);
    await erase();
    expect(await tables()).not.toContain('quoted');
    expect(await cli('rebuild', '--check')).toMatchObject({ code: 0 });
  });

  it('finds an account that came as a number', async () => {
    const account = '8613800138000';
    await postCallback(
      mirror.http,
      topic('numbered', { Owner_Account: Number(account), Operator_Account: Number(account) }),
      { ClientIP: '203.0.113.86' },
    ).expect(200, OK);
    expect((await cli('erase', '--account', account)).out[1]).toBe(
      'erased: 1 topic, 1 group, 1 change, 1 journal entry',
    );
    expect(await cli('replay')).toMatchObject({ code: 0 });
    const stored = await tables();
    expect(stored).not.toContain(account);
    expect(stored).not.toContain('203.0.113.86');
  });

  it.each([[[]], [['--account', '']], [['--account', 'x', '--pseudonym', 'x']]])(
    'refuses the options %j',
    async (options) => {
      expect(await cli('erase', ...options)).toMatchObject({ code: 64 });
    },
  );
});

/** Every row of every table as text, bodies as they came. */
async function tables(): Promise<string> {
  const names = await ask<{ name: string }>(
    url,
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
  );
  const rows = await Promise.all(
    names.map(({ name }) =>
      ask<{ row: string }>(url, `select t::text as row from "${name}" t order by 1`),
    ),
  );
  const bodies = await ask<{ body: string }>(
    url,
    `select convert_from(body, 'UTF8') as body from callbacks order by id`,
  );
  return JSON.stringify([rows, bodies.map(({ body }) => body)])
    .replaceAll('\\"', '"')
    .replaceAll('\\\\', '\\');
}

/** What pg_dump writes; without an installed one, nothing. */
async function dump(): Promise<string> {
  if (!installed) return '';
  const { stdout } = await run(installed.pgDump, [`--dbname=${url}`], { maxBuffer: 100_000_000 });
  return stdout;
}

async function cli(...args: string[]) {
  const out: string[] = [];
  const code = await runCli(
    args,
    { DATABASE_URL: url },
    (line) => out.push(line),
    (line) => out.push(line),
  );
  return { code, out };
}

async function ask<Row extends pg.QueryResultRow>(address: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: address });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}
