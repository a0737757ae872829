import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, OK, postCallback, signed } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

const GROUP = '@TGS#_@TGS#cQVLVHIM62CJ';
const sha256 = (secret: string) => createHash('sha256').update(secret).digest('hex');

interface Listed {
  readonly id: string;
  readonly at: string;
  readonly command: string | null;
  readonly groupId: string | null;
  readonly outcome: string;
}

let database: TestDatabase;
let mirror: TestApp;
beforeAll(async () => {
  database = await createDatabase();
  mirror = await startApp({}, database);
});
afterAll(async () => {
  await mirror.close();
  await database.drop();
});
beforeEach(() => database.query('truncate callbacks'));

async function list(query: Record<string, unknown> = {}, status = 200) {
  const { body } = await mirror.http.get('/callbacks').query(query).expect(status);
  return body;
}

const create = (index: number, more: object = {}, query = {}) =>
  postCallback(
    mirror.http,
    createTopicBody({ TopicId: `t${index}`, GroupId: `g${index % 3}`, ...more }),
    query,
  );
const destroyed = (groupId: string) =>
  postCallback(mirror.http, {
    CallbackCommand: 'Group.CallbackAfterTopicDestroyed',
    GroupId: groupId,
    TopicIdList: [],
  });
const idsOf = ({ data }: { data: readonly Listed[] }) => data.map(({ id }) => id);

describe('the list', () => {
  it('tells callbacks as they arrived, newest first', async () => {
    await create(1).expect(200);
    await create(1).expect(200);
    await postCallback(mirror.http, { CallbackCommand: 'C2C.CallbackAfterSendMsg' }).expect(200);
    const { data, nextCursor } = await list();
    expect(nextCursor).toBeNull();
    expect(data).toMatchObject([
      { command: 'C2C.CallbackAfterSendMsg', outcome: 'ignored', groupId: null, firstSeq: null },
      { outcome: 'unchanged', groupId: 'g1' },
      {
        id: expect.stringMatching(/^[\da-f-]{36}$/),
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        command: 'Group.CallbackAfterCreateTopic',
        groupId: 'g1',
        outcome: 'applied',
        platform: 'RESTAPI',
        firstSeq: expect.any(Number),
        lastSeq: expect.any(Number),
        bodyBytes: JSON.stringify(createTopicBody({ TopicId: 't1', GroupId: 'g1' })).length,
      },
    ]);
    expect(Math.abs(Date.now() - Date.parse(data[2].at))).toBeLessThan(60_000);
    expect(Object.keys(data[0])).not.toContain('body');
  });

  it('is followed page by page, also while callbacks come in', async () => {
    for (let index = 0; index < 7; index += 1) await create(index).expect(200);
    const whole = idsOf(await list());
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: { data: Listed[]; nextCursor: string | null } = await list({
        limit: 3,
        ...(cursor !== null && { cursor }),
      });
      seen.push(...idsOf(page));
      cursor = page.nextCursor;
      await create(100 + seen.length).expect(200);
    } while (cursor !== null);
    expect(seen).toEqual(whole);
  });

  it.each([
    ['command', 'Group.CallbackAfterTopicDestroyed', 2],
    ['groupId', 'g1', 2],
    ['outcome', 'applied', 4],
    ['outcome', 'unknown', 1],
    ['command', 'Nothing', 0],
  ])('is narrowed by %s=%s', async (name, value, count) => {
    for (let index = 0; index < 4; index += 1) await create(index).expect(200);
    await destroyed('g1').expect(200);
    await destroyed('g7').expect(200);
    await postCallback(mirror.http, { CallbackCommand: 'Group.CallbackOfTomorrow' }).expect(200);
    await database.query(`update callbacks set outcome = 'applied' where group_id ~ 'g[012]'
      and command = 'Group.CallbackAfterCreateTopic'`);
    const { data } = await list({ [name]: value });
    expect(data).toHaveLength(count);
    for (const one of data) expect(one[name]).toBe(value);
    const both = await list({ [name]: value, groupId: 'g1', outcome: 'applied' });
    expect(both.data.every((one: Listed) => one.groupId === 'g1')).toBe(true);
  });

  it('is narrowed by arrival', async () => {
    await create(1).expect(200);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await create(2).expect(200);
    const [second, first] = (await list()).data;
    expect(idsOf(await list({ since: second.at }))).toEqual([second.id]);
    expect(idsOf(await list({ until: second.at }))).toEqual([first.id]);
    expect(idsOf(await list({ since: first.at, until: second.at }))).toEqual([first.id]);
    expect(idsOf(await list({ until: '1960-01-01' }))).toEqual([]);
  });

  it('goes through many others for a filter without an index, page by page', async () => {
    await database.query(`
      insert into callbacks (id, command, query, body, outcome, position)
      select ('00000000-0000-8000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'C', '', '',
             case when n in (7, 12345) then 'applied' else 'ignored' end, n
        from generate_series(1, 25000) n`);
    const found: string[] = [];
    let pages = 0;
    let cursor: string | null = null;
    do {
      const page: { data: Listed[]; nextCursor: string | null } = await list(
        cursor === null ? { outcome: 'applied' } : { cursor },
      );
      found.push(...idsOf(page).map((id) => id.slice(-4)));
      cursor = page.nextCursor;
      pages += 1;
    } while (cursor !== null);
    expect([found, pages]).toEqual([['3039', '0007'], 3]);
  });

  it('is bounded in bytes', async () => {
    const command = 'x'.repeat(900_000);
    for (let index = 0; index < 7; index += 1) {
      await mirror.http
        .post('/webhooks/im?SdkAppid=1400000000')
        .send(JSON.stringify({ CallbackCommand: `${index}${command}` }))
        .expect(200);
    }
    const page = await list();
    expect(page.data.length).toBeGreaterThan(3);
    expect(page.data.length).toBeLessThan(7);
    const rest = await list({ cursor: page.nextCursor });
    expect([rest.data.length + page.data.length, rest.nextCursor]).toEqual([7, null]);
  });
});

describe('what follows on a page', () => {
  it('comes in the order of commits, without the page itself', async () => {
    await create(1).expect(200);
    const { nextAfter } = await list();
    expect(await list({ after: nextAfter })).toEqual({ data: [], nextAfter: expect.any(String) });
    await create(2).expect(200);
    await create(3).expect(200);
    const first = await list({ after: nextAfter, limit: 1 });
    const rest = await list({ after: first.nextAfter });
    expect([...first.data, ...rest.data].map(({ groupId }) => groupId)).toEqual(['g2', 'g0']);
    expect((await list({ after: rest.nextAfter })).data).toEqual([]);
    expect((await list({ after: nextAfter, groupId: 'g0' })).data).toHaveLength(1);
  });

  it('wakes those who wait', async () => {
    const { nextAfter } = await list();
    const waiting = list({ after: nextAfter, wait: 20, outcome: 'ignored' });
    await create(4).expect(200);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const sentAt = Date.now();
    await postCallback(mirror.http, { CallbackCommand: 'C2C.CallbackAfterSendMsg' }).expect(200);
    const { data } = await waiting;
    expect(data).toMatchObject([{ command: 'C2C.CallbackAfterSendMsg' }]);
    // Long before the wait is over.
    expect(Date.now() - sentAt).toBeLessThan(10_000);
  });

  it('also comes from another process', async () => {
    const other = await startApp({}, database);
    try {
      const { nextAfter } = await list();
      const waiting = list({ after: nextAfter, wait: 20 });
      await postCallback(other.http, { CallbackCommand: 'C2C.CallbackAfterSendMsg' }).expect(200);
      expect((await waiting).data).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  it('has no hole and no repeat while many write', async () => {
    const other = await startApp({}, database);
    let { nextAfter } = await list();
    const seen: string[] = [];
    const writing = Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let index = 0; index < 15; index += 1) {
          const body =
            index % 2 === 0
              ? createTopicBody({ GroupId: `w${writer}`, TopicId: `t${index}` })
              : { CallbackCommand: 'C2C.CallbackAfterSendMsg' };
          await postCallback((writer % 2 === 0 ? mirror : other).http, body).expect(200);
        }
      }),
    ).then(() => true);
    let isDone = false;
    void writing.then(() => (isDone = true));
    for (let isLast = false; !isLast;) {
      isLast = isDone;
      const page = await list({ after: nextAfter, limit: 7, wait: isLast ? 0 : 1 });
      seen.push(...idsOf(page));
      nextAfter = page.nextAfter;
      if (page.data.length > 0) isLast = false;
    }
    await writing;
    await other.close();
    const rows = await database.query<{ id: string }>(
      'select id::text as id from callbacks order by position, id',
    );
    expect(rows).toHaveLength(120);
    expect(seen).toEqual(rows.map(({ id }) => id));
  });

  it('ends its wait with an empty answer', async () => {
    const { nextAfter } = await list();
    const startedAt = Date.now();
    expect(await list({ after: nextAfter, wait: 1 })).toMatchObject({ data: [] });
    expect(Date.now() - startedAt).toBeGreaterThan(900);
  });

  it('is gone with the database it was read from', async () => {
    const { nextAfter } = await list();
    const cursor = JSON.parse(Buffer.from(nextAfter, 'base64url').toString());
    const foreign = { ...cursor, epoch: '00000000-0000-0000-0000-000000000000' };
    const after = Buffer.from(JSON.stringify(foreign)).toString('base64url');
    expect(await list({ after }, 410)).toMatchObject({ code: 'CURSOR_GONE' });
    expect(await list({ after, wait: 5 }, 410)).toMatchObject({ code: 'CURSOR_GONE' });
  });
});

it('refuses what cannot be asked', async () => {
  const { nextAfter } = await list();
  const cases: Record<string, unknown>[] = [
    { limit: 201 },
    { outcome: 'refused' },
    { wait: 1 },
    { after: nextAfter, wait: 26 },
    { after: nextAfter, cursor: nextAfter },
    { since: 'yesterday' },
    { q: 'x' },
  ];
  for (const query of cases) {
    expect([query, (await list(query, 400)).code]).toEqual([query, 'INVALID_PARAMETER']);
  }
  await create(1).expect(200);
  await create(2).expect(200);
  const { nextCursor } = await list({ limit: 1, groupId: 'g1' });
  expect(nextCursor).toBeNull();
  const { nextCursor: cursor } = await list({ limit: 1, since: '2000-01-01' });
  for (const query of [{ cursor: 'x' }, { cursor: nextAfter }, { after: cursor }]) {
    expect([query, (await list(query, 400)).code]).toEqual([query, 'INVALID_CURSOR']);
  }
  expect(await list({ cursor, since: '2001-01-01' }, 400)).toMatchObject({
    code: 'INVALID_CURSOR',
  });
  expect((await list({ cursor, since: '2000-01-01' })).data).toHaveLength(1);
});

describe('one callback', () => {
  const one = async (id: string, status = 200) =>
    (await mirror.http.get(`/callbacks/${id}`).expect(status)).body;

  it('tells query, body, answer and changes', async () => {
    const token = signed('a-token-of-the-console');
    await create(1, { GroupId: GROUP, Name: 'Größe "1"' }, token).expect(200);
    const [listed] = (await list()).data;
    const found = await one(listed.id);
    expect(found).toMatchObject({ ...listed, bodyBase64: null, answer: { status: 200, body: OK } });
    expect(JSON.parse(found.body)).toMatchObject({ Name: 'Größe "1"' });
    expect(found.query).toContain('OptPlatform=RESTAPI');
    expect(found.query).not.toContain(token.Sign);
    const { body: feed } = await mirror.http.get('/changes').query({ groupId: GROUP });
    expect(found.changes).toEqual(feed.data);
    // The first seq is that of the group, which it made known.
    expect(found.changes).toMatchObject([{ kind: 'created', seq: listed.lastSeq }]);
  });

  it('takes no parameters', async () => {
    const { code, detail } = await one('00065f1a-0000-8000-8000-000000000000?x=1', 400);
    expect([code, detail]).toEqual(['INVALID_PARAMETER', 'Unknown parameter "x"; allowed: none.']);
  });

  it('has the changes of its group only, 500 at most', async () => {
    for (const groupId of ['many', 'others']) {
      await database.query(
        `insert into changes (group_id, seq, topic_id, kind, origin, at, before, after)
         select $1, n, 't', 'deleted', 'callback', now(), '{}', '{}' from generate_series(100001, 100600) n`,
        [groupId],
      );
    }
    await database.query(`
      insert into callbacks (id, command, group_id, query, body, outcome, first_seq, last_seq)
      values ('00065f1a-0000-8000-8000-000000000000', 'C', 'many', '', '{}', 'applied', 100001, 100600)`);
    const { changes } = await one('00065f1a-0000-8000-8000-000000000000');
    expect(changes).toHaveLength(500);
    expect(new Set(changes.map(({ groupId }: Listed) => groupId))).toEqual(new Set(['many']));
  });

  it.each<[string, Buffer, number, RegExp]>([
    ['no JSON', Buffer.from('{'), 400, /must be one JSON object/],
    ['not UTF-8', Buffer.from([0x7b, 0xff]), 400, /must be one JSON object/],
    [
      'another command than the query',
      Buffer.from('{"CallbackCommand":"Group.CallbackAfterTopicDestroyed"}'),
      403,
      /must name one CallbackCommand/,
    ],
  ])('tells the answer of one that was not taken: %s', async (_, bytes, status, reason) => {
    const answer = await fetch(
      `${mirror.url}/webhooks/im?SdkAppid=1400000000&CallbackCommand=Group.CallbackAfterCreateTopic`,
      { method: 'POST', body: new Uint8Array(bytes) },
    );
    expect(answer.status).toBe(status);
    const [listed] = (await list()).data;
    expect(listed).toMatchObject({ outcome: 'invalid', groupId: null });
    const found = await one(listed.id);
    expect(found.answer).toEqual({ status, body: await answer.text() });
    expect(found.answer.body).toMatch(reason);
    const stored =
      found.body === null ? Buffer.from(found.bodyBase64, 'base64') : Buffer.from(found.body);
    expect(stored).toEqual(bytes);
    expect(found.body === null).toBe(bytes.includes(0xff));
  });

  it('is unknown or no id', async () => {
    expect(await one('00065f1a-0000-8000-8000-00000000abcd', 404)).toMatchObject({
      code: 'UNKNOWN_CALLBACK',
    });
    for (const id of ['1', "'; drop table callbacks", 'G0065f1a-0000-8000-8000-000000000000']) {
      expect(await one(encodeURIComponent(id), 400)).toMatchObject({ code: 'INVALID_ID' });
    }
  });
});

describe('with keys', () => {
  let guarded: TestApp;
  beforeAll(async () => {
    guarded = await startApp(
      {
        API_KEYS: `tools:${sha256('one')},auditor:${sha256('two')}:callbacks`,
        FEED_MAX_STREAMS: '4',
      },
      database,
    );
  });
  afterAll(() => guarded.close());

  const ask = (path: string, secret?: string) => {
    const request = guarded.http.get(path);
    return secret === undefined ? request : request.set('authorization', `Bearer ${secret}`);
  };

  it.each(['/callbacks', '/callbacks/00065f1a-0000-8000-8000-000000000000', '/callbacks?limit=0'])(
    '%s needs the scope',
    async (path) => {
      expect((await ask(path).expect(401)).body.code).toBe('UNAUTHORIZED');
      const { body } = await ask(path, 'one').expect(403);
      expect(body).toMatchObject({
        code: 'MISSING_SCOPE',
        scope: 'callbacks',
        detail: expect.stringContaining('callbacks'),
      });
      expect((await ask(path, 'two')).status).not.toBe(403);
    },
  );

  it('a key without the scope reads all else, one with it too', async () => {
    for (const secret of ['one', 'two']) await ask('/groups', secret).expect(200);
  });

  it('a key has its share of waiting requests', async () => {
    const { body } = await ask('/callbacks', 'two').expect(200);
    const path = `/callbacks?wait=2&after=${body.nextAfter}`;
    const answers = await Promise.all(Array.from({ length: 4 }, () => ask(path, 'two')));
    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([200, 200, 429, 429]);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body.code).toBe('TOO_MANY_STREAMS_OF_KEY');
    expect(refused?.headers['retry-after']).toBe('5');
    await ask(path, 'two').expect(200);
  });
});
