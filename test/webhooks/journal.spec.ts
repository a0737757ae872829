import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { callbackId } from '../../src/journal/callback-id.js';
import { startApp, type TestApp } from '../support/app.js';
import {
  type Body,
  callbackQuery,
  createTopicBody,
  OK,
  postCallback,
  signed,
} from '../support/callbacks.js';
import { createDatabase } from '../support/database.js';
import { until } from '../support/until.js';

interface Entry {
  readonly command: string | null;
  readonly group_id: string | null;
  readonly query: string;
  readonly body: string;
  readonly outcome: string;
  readonly changes: string[];
}

const CREATE = 'Group.CallbackAfterCreateTopic';
const TOKEN = 'xxxxyyyy';
let mirror: TestApp;
beforeAll(async () => (mirror = await startApp({ IM_CALLBACK_TOKENS: TOKEN })));
afterAll(() => mirror.close());

/** The entries that came since the call before. */
let seen = 0;
async function entries(): Promise<Entry[]> {
  const rows = await mirror.database.query<Entry & { id: string }>(
    `select k.command, k.group_id, k.query, convert_from(k.body, 'UTF8') as body, k.outcome,
            array(select c.kind from changes c where c.seq between k.first_seq and k.last_seq
                   order by c.seq) as changes
       from callbacks k order by k.id offset ${seen}`,
  );
  seen += rows.length;
  return rows;
}

async function say(body: Body, query: Record<string, string> = {}) {
  return postCallback(mirror.http, body, { ...signed(TOKEN), ...query });
}

it('keeps the bytes, the query without Sign, and what it changed', async () => {
  const body = `  ${JSON.stringify(createTopicBody({ GroupId: 'g', TopicId: 't', New: [1, { a: null }] }))}\n`;
  await mirror.http
    .post('/webhooks/im')
    .query({ ...callbackQuery(CREATE), ...signed(TOKEN), extra: 'ü&=' })
    .send(body)
    .expect(200, OK);
  const [entry] = await entries();
  expect(entry).toMatchObject({
    command: CREATE,
    group_id: 'g',
    body,
    outcome: 'applied',
    changes: ['created'],
  });
  expect(entry?.query).toContain('OptPlatform=RESTAPI');
  expect(entry?.query).toContain('RequestTime=');
  expect(entry?.query).toContain('extra=%C3%BC%26%3D');
  expect(entry?.query.toLowerCase()).not.toContain('sign');
});

it.each([
  ['unchanged', createTopicBody({ GroupId: 'again', TopicId: 't' })],
  ['stale', { CallbackCommand: 'Group.CallbackAfterTopicInfoChanged', GroupId: 'g', Name: 'x' }],
  ['ignored', { CallbackCommand: 'Group.CallbackAfterSendMsg', GroupId: 'g', MsgBody: [] }],
  ['ignored', { CallbackCommand: 'Group.CallbackAfterCreateGroup', GroupId: 'p', Type: 'Public' }],
  ['unknown', { CallbackCommand: 'Group.CallbackAfterTheFuture', GroupId: 'g' }],
])('says %s', async (outcome, body: Body) => {
  if (outcome === 'unchanged') await say(body, signed(TOKEN, 1_700_000_000)).then(() => say(body));
  await entries();
  await say(body).then((answer) => expect(answer.text).toBe(OK));
  expect(await entries()).toMatchObject([{ outcome, command: body.CallbackCommand, changes: [] }]);
});

it.each([
  ['no JSON', 'not json at all', 400],
  ['an array', '[1]', 400],
  ['without a TopicId', JSON.stringify({ CallbackCommand: CREATE, GroupId: 'g' }), 400],
  ['of another command', JSON.stringify({ CallbackCommand: 'Group.Other', GroupId: 'g' }), 403],
])('keeps an authentic request that cannot be understood: %s', async (_, body, status) => {
  await mirror.http
    .post('/webhooks/im')
    .query({ ...callbackQuery(CREATE), ...signed(TOKEN) })
    .send(body)
    .expect(status);
  expect(await entries()).toMatchObject([{ outcome: 'invalid', body, changes: [] }]);
});

it('answers a blocking callback, and stores it afterwards', async () => {
  const answer = await say({ CallbackCommand: 'Group.CallbackBeforeCreateTopic', Name: 'x' });
  expect(answer.text).toBe(OK);
  const [entry] = await until(async () => {
    const found = await entries();
    return found.length > 0 && found;
  });
  expect(entry).toMatchObject({ outcome: 'ignored', body: expect.stringContaining('Before') });
});

it('keeps nothing of a request that is not authentic', async () => {
  await entries();
  await postCallback(mirror.http, createTopicBody()).expect(403);
  await say(createTopicBody(), { Sign: '0'.repeat(64) }).then(({ status }) =>
    expect(status).toBe(403),
  );
  expect(await entries()).toEqual([]);
});

it('leaves out what is not mirrored where the settings say so', async () => {
  const quiet = await startApp({ JOURNAL_IGNORED: 'drop' });
  await postCallback(quiet.http, { CallbackCommand: 'Group.CallbackAfterSendMsg' }).expect(200, OK);
  await postCallback(quiet.http, { CallbackCommand: 'Group.Unheard' }).expect(200, OK);
  expect(await quiet.database.query('select outcome from callbacks')).toEqual([
    { outcome: 'unknown' },
  ]);
  await quiet.close();
});

it('forgets what is older than its retention, in steps, and nothing else', async () => {
  const database = await createDatabase();
  const day = 86_400_000_000;
  const now = Date.now() * 1000;
  const ids = [
    ...Array.from({ length: 2_500 }, (_, index) => callbackId(now - 2 * day + index)),
    callbackId(now - day / 2),
  ];
  await database.query(
    `insert into callbacks (id, query, body, outcome)
     select id::uuid, '', '', 'unknown' from unnest($1::text[]) as id`,
    [ids],
  );
  const app = await startApp({ JOURNAL_RETENTION_DAYS: '1' }, database);
  const rows = await until(async () => {
    const found = await database.query('select id::text as id from callbacks');
    return found.length === 1 && found;
  });
  expect(rows).toEqual([{ id: ids.at(-1) }]);
  await app.close();
  await database.drop();
});

it('shows its entries to a reader of positions once each, while two processes write', async () => {
  const database = await createDatabase();
  const apps = await Promise.all([startApp({}, database), startApp({}, database)]);
  try {
    const ids: string[] = [];
    const senders = Array.from({ length: 8 }, async (_, sender) => {
      for (let number = 0; number < 40; number += 1) {
        const body =
          number % 2 === 0
            ? { CallbackCommand: 'Group.CallbackAfterSendMsg', GroupId: 'g' }
            : createTopicBody({ GroupId: 'g', TopicId: `t-${sender}-${number}` });
        const app = apps[(sender + number) % 2] as TestApp;
        await postCallback(app.http, body).expect(200, OK);
      }
    });
    const sent = Promise.all(senders).then(() => true);
    const after = { position: '0', id: '00000000-0000-0000-0000-000000000000' };
    for (;;) {
      const isLast = await Promise.race([sent, Promise.resolve(false)]);
      const found = await database.query<{ id: string; position: string }>(
        `select id::text as id, position::text as position
           from callbacks
          where (position, id) > ($1::bigint, $2::uuid)
          order by callbacks.position, callbacks.id`,
        [after.position, after.id],
      );
      ids.push(...found.map(({ id }) => id));
      Object.assign(after, found.at(-1));
      if (isLast) break;
    }
    const stored = await database.query<{ id: string }>('select id::text as id from callbacks');
    expect(stored).toHaveLength(320);
    expect(ids.toSorted()).toEqual(stored.map(({ id }) => id).toSorted());
  } finally {
    await Promise.all(apps.map((app) => app.close()));
    await database.drop();
  }
});
