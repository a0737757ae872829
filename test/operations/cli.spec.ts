import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { COMMANDS, runCli } from '../../src/cli/run.js';
import { Progress } from '../../src/cli/progress.js';
import { startApp, type TestApp } from '../support/app.js';
import { type Body, createTopicBody, OK, postCallback } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

let mirror: TestApp;
beforeAll(async () => {
  mirror = await startApp();
  for (let index = 0; index < 5; index += 1) await say('AfterCreateTopic', topicBody(index));
  await say('AfterTopicInfoChanged', { TopicId: 't1', Name: 'renamed' });
  await say('AfterTopicInfoChanged', { Name: 'which?' });
  await say('AfterTopicDestroyed', { TopicIdList: ['t2', 'never-seen'] });
  await say('AfterChangeGroupOwner', { NewOwner_Account: 'heir', GroupId: '@TGS#_other' });
  await say('AfterCreateTopic', createTopicBody({ GroupId: '@TGS#_other', TopicId: 'x' }));
  await say('AfterSomethingNew', {});
});
afterAll(() => mirror.close());

const topicBody = (index: number): Body =>
  createTopicBody({ GroupId: 'g', TopicId: `t${index}`, Name: `name ${index}` });

async function say(command: string, body: Body): Promise<void> {
  const CallbackCommand = `Group.Callback${command}`;
  await postCallback(mirror.http, {
    GroupId: 'g',
    Type: 'Community',
    ...body,
    CallbackCommand,
  }).expect(200, OK);
}

async function cli(
  database: Pick<TestDatabase, 'url'> & { readonly env?: Record<string, string> },
  ...args: string[]
) {
  const [out, error]: string[][] = [[], []];
  const env = { DATABASE_URL: database.url, ...database.env };
  const code = await runCli(
    args,
    env,
    (line) => out?.push(line),
    (line) => error?.push(line),
  );
  return { code, out: out?.join('\n'), error: error?.join('\n'), last: out?.at(-1) };
}

const SEEN = `select group_id, topic_id, name, owner_account, operator_account, created_at, deleted_at,
                     user_defined_data_list from topics order by group_id, topic_id`;

describe('replay', () => {
  it('of the whole journal into an empty database gives the same topics', async () => {
    const empty = await createDatabase();
    const rows = await mirror.database.query<Body>('select * from callbacks');
    for (const row of rows) {
      await empty.query(
        `insert into callbacks (id, command, group_id, query, body, outcome)
         values ($1, $2, $3, $4, $5, $6)`,
        [row.id, row.command, row.group_id, row.query, row.body, row.outcome],
      );
    }
    const { code, last } = await cli(empty, 'replay');
    expect({ code, last }).toEqual({
      code: 0,
      last: expect.stringMatching(new RegExp(`^${rows.length} entries: .*applied`)),
    });
    expect(await empty.query(SEEN)).toEqual(await mirror.database.query(SEEN));
    // The journal now says which changes each entry made.
    const [told] = await empty.query(
      `select count(*)::int as entries from callbacks where first_seq is not null`,
    );
    expect(told).not.toEqual({ entries: 0 });
    await empty.drop();
  });

  it('changes nothing where everything is applied', async () => {
    const before = await mirror.database.query('select * from topics order by 1, 2');
    const { code, last } = await cli(mirror.database, 'replay');
    expect(code).toBe(0);
    expect(last).not.toMatch(/applied/);
    expect(await mirror.database.query('select * from topics order by 1, 2')).toEqual(before);
  });

  it('takes only what the filters name, and in a dry run only tells', async () => {
    const copy = await createDatabase();
    const [row] = await mirror.database.query<Body>(
      `select * from callbacks where group_id = '@TGS#_other' order by id limit 1 offset 1`,
    );
    await copy.query(
      `insert into callbacks (id, command, query, body, outcome) values ($1, $2, $3, $4, 'unknown')`,
      [row?.id, row?.command, row?.query, row?.body],
    );
    const dry = await cli(copy, 'replay', '--outcome', 'unknown', '--dry-run');
    expect(dry.out).toMatch(/"topicId":"x","kind":"created"/);
    expect(dry.last).toBe('1 entry, nothing written: 1 created');
    expect(await copy.query(SEEN)).toEqual([]);
    for (const filter of [
      ['--outcome', 'invalid'],
      ['--group', 'elsewhere'],
      ['--command', 'Group.CallbackAfterSendMsg'],
      ['--to', '2026-01-01T00:00:00Z'],
      ['--from', '2100-01-01T00:00:00Z'],
      // Before 1970, and after what an id can hold.
      ['--to', '1900-01-01T00:00:00Z'],
      ['--from', '+040000-01-01T00:00:00Z'],
    ]) {
      expect((await cli(copy, 'replay', ...filter)).last).toBe('0 entries: nothing to do');
    }
    expect((await cli(copy, 'replay', '--from', '1900-01-01T00:00:00Z')).last).toMatch(/1 applied/);
    await copy.drop();
  });
});

describe('replay --command', () => {
  it('names the commands there are when there is none of that name', async () => {
    const { code, error } = await cli(mirror.database, 'replay', '--command', 'AfterCreateTopic');
    expect(code).toBe(64);
    expect(error).toMatch(/"AfterCreateTopic" is unknown to this version and to the journal/);
    expect(error).toMatch(/Group.CallbackAfterCreateTopic, .*Group.CallbackAfterSomethingNew/);
  });

  it('takes one that only the journal knows', async () => {
    const args = ['replay', '--command', 'Group.CallbackAfterSomethingNew', '--dry-run'];
    expect(await cli(mirror.database, ...args)).toMatchObject({
      code: 0,
      last: expect.stringMatching(/^1 entry/),
    });
  });
});

describe('rebuild --check', () => {
  it('does not end well when it compared nothing, and says what it left out', async () => {
    const verified = await createDatabase();
    expect(await cli(verified, 'rebuild', '--check')).toMatchObject({
      code: 1,
      last: 'nothing was compared, so nothing is proved',
    });
    const [row] = await mirror.database.query<Body>(
      `select * from callbacks where command = 'Group.CallbackAfterCreateTopic' limit 1`,
    );
    await verified.query(
      `insert into callbacks (id, command, query, body, outcome) values ($1, $2, $3, $4, 'applied')`,
      [row?.id, row?.command, row?.query, row?.body],
    );
    await cli(verified, 'replay');
    await verified.query('update groups set verified_at = now()');
    const { code, out } = await cli(verified, 'rebuild', '--check');
    expect(code).toBe(1);
    expect(out).toMatch(/^0 topics compared.*\nnot compared: 1 topic of groups that were compared/);
    await verified.drop();
  });

  it('finds topics as the journal makes them, in one pass or in several', async () => {
    for (const passes of ['1', '3']) {
      const { code, last } = await cli(mirror.database, 'rebuild', '--check', '--passes', passes);
      expect({ code, last }).toEqual({
        code: 0,
        last: '7 topics compared, 0 differ; 0 left out as verified by the vendor, 0 unknown to the journal',
      });
    }
  });

  it('takes whole numbers of passes alone', async () => {
    const { code, error } = await cli(mirror.database, 'rebuild', '--check', '--passes', '1.5');
    expect({ code, error }).toEqual({ code: 64, error: expect.stringMatching(/whole number/) });
  });

  it('shows a row that is not right, and leaves it', async () => {
    await mirror.database.query(`update topics set name = 'forged' where topic_id = 't0'`);
    await mirror.database.query(`delete from topics where topic_id = 't3'`);
    const { code, out, last } = await cli(mirror.database, 'rebuild', '--check');
    expect(code).toBe(1);
    expect(out).toMatch(
      /"topicId":"t0","stored":\{"name":"forged"\},"expected":\{"name":"name 0"\}/,
    );
    expect(out).toMatch(/"topicId":"t3","stored":\{\},"expected":\{"name":"name 3"/);
    expect(last).toMatch(/^7 topics compared, 2 differ/);
    const rows = await mirror.database.query(`select name from topics where topic_id = 't0'`);
    expect(rows).toEqual([{ name: 'forged' }]);
  });
});

it('is a command of its own, with an exit code', async () => {
  const child = spawn(process.execPath, ['dist/cli.js', 'rebuild', '--check'], {
    env: { PATH: process.env.PATH, DATABASE_URL: mirror.database.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(out).toMatch(/7 topics compared/);
  // The row that an earlier test forged.
  expect(code).toBe(1);
});

it('ends as usual when its reader has seen enough, as `head` does', async () => {
  const child = spawn(process.execPath, ['dist/cli.js', '--help'], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  const [error, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect({ code, error }).toEqual({ code: 0, error: '' });
});

it('does not wait for PostgreSQL', async () => {
  const { code, error } = await cli({ url: 'postgresql://u@127.0.0.1:1/x' }, 'rebuild', '--check');
  expect([code, error]).toEqual([1, expect.stringContaining('ECONNREFUSED')]);
});

it('refuses the database of another app, with the way out', async () => {
  const other = { ...mirror.database, env: { IM_SDK_APP_ID: '1400000001' } };
  const { code, error } = await cli(other, 'replay');
  expect(code).toBe(1);
  expect(error).toMatch(
    /is the mirror of the app 1400000000, and IM_SDK_APP_ID is 1400000001. Set IM_SDK_APP_ID=14/,
  );
});

it.each([[[]], [['help']], [['--help']]])('lists its commands with %j', async (args) => {
  const { code, out, error } = await cli(mirror.database, ...args);
  expect({ code, error }).toEqual({ code: 0, error: '' });
  for (const name of Object.keys(COMMANDS)) expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
});

it.each(Object.entries(COMMANDS))('describes %s without a database', async (name, { options }) => {
  const nowhere = { url: 'postgresql://u@127.0.0.1:1/x' };
  const { code, out = '', error } = await cli(nowhere, name, '--help');
  expect({ code, error }).toEqual({ code: 0, error: '' });
  for (const option of Object.keys(options)) expect(out).toContain(`--${option}`);
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  expect(await cli(nowhere, 'help', name)).toMatchObject({ code: 0, out });
});

it('says what is wrong with a command line, on stderr alone', async () => {
  for (const [args, message] of [
    [['repair'], /^unknown command "repair"; there are: replay, rebuild, .*doctor/],
    [['replay', '--form', 'x'], /^Unknown option '--form'; replay has: --from, --to, /],
    [['replay', 'all'], /'all'.*; replay has: --from/],
    [['doctor', '--fast'], /^Unknown option '--fast'; doctor has no options$/],
    [['replay', '--from', 'yesterday'], /--from must be a time/],
    [['replay', '--outcome', 'good'], /--outcome must be one of/],
    [['rebuild'], /needs --check/],
  ] as const) {
    const { code, out, error } = await cli(mirror.database, ...args);
    expect({ code, out }).toEqual({ code: 64, out: '' });
    expect(error).toMatch(message);
  }
});

describe('the progress of a long command', () => {
  it('is a bar on a terminal, which no line tears', async () => {
    let screen = '';
    const write = (part: string): void => {
      screen += part;
    };
    const print = (line: string): void => write(`${line}\n`);
    const env = { DATABASE_URL: mirror.database.url };
    expect(await runCli(['replay', '--dry-run'], env, print, print, write)).toBe(0);
    const progress = new Progress(print, write);
    progress.report(3, 3, 'groups');
    progress.around(() => print('a line of the log'));
    progress.end();
    const erased = '\r\u001b[K';
    const bar = `[${'#'.repeat(30)}] 3 of 3 groups`;
    expect(screen.slice(screen.indexOf(erased + bar))).toBe(
      `${erased}${bar}${erased}a line of the log\n${bar}${erased}`,
    );
  });
});
