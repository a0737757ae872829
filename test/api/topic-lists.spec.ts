import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { startApp, type TestApp } from '../support/app.js';
import { groupPath, topicPath } from '../support/callbacks.js';
import { seed, type TopicSeed } from '../support/rows.js';

const NAMES = [null, '', 'a', 'A', 'ab', 'B', 'Zoo', '日本', '😀', '50%_off\\'];
const OWNERS = [null, 'anna', 'ben'];
const TOPICS = ['g1', 'g2', 'g3'].flatMap((group_id, group) =>
  Array.from({ length: 40 }, (_, index): Required<TopicSeed> => {
    const number = (index * 17 + group * 5) % 40;
    return {
      group_id,
      topic_id: `t${String(number).padStart(2, '0')}`,
      name: NAMES[index % NAMES.length] ?? null,
      owner_account: OWNERS[index % OWNERS.length] ?? null,
      operator_account: index % 7 === 0 ? 'root' : 'other',
      user_defined_data_list:
        index % 4 === 0
          ? null
          : [
              { Key: 'color', Value: index % 2 ? 'red' : 'blue' },
              { Key: 'size', Value: String(index % 3) },
            ],
      created_at: index % 5 === 0 ? null : day(index % 6),
      updated_at: day(index % 8),
      deleted_at: index % 6 === 0 ? day(30) : null,
      seq: group * 100 + index + 1,
    };
  }),
);
type Row = (typeof TOPICS)[number];

// The oracle: the order and the filters of the contract, on arrays.
const KEYS: Record<string, (row: Row) => string | null> = {
  topicId: (row) => row.topic_id,
  name: (row) => row.name,
  createdAt: (row) => row.created_at,
  updatedAt: (row) => row.updated_at,
};
const FILTERS: [query: string, holds: (row: Row) => boolean][] = [
  ['', (row) => row.deleted_at === null],
  ['deleted=exclude', (row) => row.deleted_at === null],
  ['deleted=include', () => true],
  ['deleted=only', (row) => row.deleted_at !== null],
  ['name=A&deleted=include', (row) => row.name === 'A'],
  ['name=&deleted=include', (row) => row.name === ''],
  ['q=a&deleted=include', (row) => /a/i.test(row.name ?? '')],
  ['q=AB', (row) => row.name === 'ab' && row.deleted_at === null],
  ['q=%25_&deleted=include', (row) => row.name === '50%_off\\'],
  ['q=%5C&deleted=include', (row) => row.name === '50%_off\\'],
  ['q=%E6%97%A5&deleted=include', (row) => row.name === '日本'],
  ['ownerAccount=anna', (row) => row.owner_account === 'anna' && row.deleted_at === null],
  ['operatorAccount=root&deleted=include', (row) => row.operator_account === 'root'],
  ['custom.color=red&deleted=include', (row) => has(row, 'color', 'red')],
  [
    'custom.color=red&custom.size=1&deleted=include',
    (row) => has(row, 'color', 'red') && has(row, 'size', '1'),
  ],
  ['custom.color=red&custom.color=blue', () => false],
  [`updatedSince=${day(5)}&deleted=include`, (row) => row.updated_at >= day(5)],
  [
    'ownerAccount=ben&q=o&custom.color=red&deleted=include',
    (row) => row.owner_account === 'ben' && /o/i.test(row.name ?? '') && has(row, 'color', 'red'),
  ],
];

describe('the lists of topics', () => {
  let mirror: TestApp;
  beforeAll(async () => {
    mirror = await startApp();
    const groups = ['g1', 'g2', 'g3', 'empty'].map((group_id) => ({ group_id }));
    await seed(mirror.database, groups, TOPICS);
  });
  afterAll(() => mirror.close());

  const paths: [path: string, rows: readonly Row[]][] = [
    ['/groups/g2/topics', TOPICS.filter((row) => row.group_id === 'g2')],
    ['/topics', TOPICS],
  ];
  const orders = Object.keys(KEYS).flatMap((field) => [field, `-${field}`]);

  it.each(paths.flatMap(([path, rows]) => orders.map((order) => ({ path, rows, order }))))(
    'hold every topic once and in order, page by page: $path sort=$order',
    async ({ path, rows, order }) => {
      const expected = rows.toSorted(byOrder(order)).map(idOf);
      expect(await walk(`${path}?deleted=include&sort=${order}`, 7)).toEqual(expected);
    },
  );

  it.each(FILTERS)(
    'hold what the filters ask for, on one page and on many: %s',
    async (query, holds) => {
      for (const [path, rows] of paths) {
        for (const order of ['topicId', '-name']) {
          const expected = rows.filter(holds).toSorted(byOrder(order)).map(idOf);
          const url = `${path}?${query}&sort=${order}`;
          expect(await walk(url, 500)).toEqual(expected);
          expect(await walk(url, 11)).toEqual(expected);
        }
      }
    },
  );

  it('go on by the cursor alone, which carries order and filters', async () => {
    const url = '/topics?sort=-name&ownerAccount=anna&custom.color=red&deleted=include&limit=2';
    const first = await mirror.http.get(url).expect(200);
    const alone = await mirror.http
      .get('/topics')
      .query({ limit: 2, cursor: first.body.nextCursor });
    const repeated = await mirror.http.get(`${url}&cursor=${first.body.nextCursor}`);
    expect(alone.status).toBe(200);
    expect(alone.body.data).toHaveLength(2);
    expect(repeated.body).toEqual(alone.body);
  });

  it('refuse a cursor beside another order, another filter, or in another group', async () => {
    const { body } = await mirror.http.get('/groups/g1/topics?sort=name&ownerAccount=anna&limit=1');
    const cursor = String(body.nextCursor);
    for (const url of [
      '/groups/g1/topics?sort=-name',
      '/groups/g1/topics?ownerAccount=ben',
      '/groups/g1/topics?deleted=only',
      '/groups/g1/topics?q=a',
      '/groups/g1/topics?custom.color=red',
      '/groups/g2/topics?',
      '/topics?',
      '/groups?',
    ]) {
      const answer = await mirror.http.get(`${url}&cursor=${cursor}`);
      expect([url, answer.status, answer.body.code]).toEqual([url, 400, 'INVALID_CURSOR']);
    }
  });

  it('refuse a cursor that is cut or longer, and fail on none with a character changed', async () => {
    const { body } = await mirror.http.get('/topics?limit=1');
    const cursor = String(body.nextCursor);
    for (const wrong of [cursor.slice(0, -1), `${cursor}A`, `${cursor}.A`, '.', 'null']) {
      const answer = await mirror.http.get('/topics').query({ cursor: wrong });
      expect([answer.status, answer.body.code]).toEqual([400, 'INVALID_CURSOR']);
    }
    const statuses = new Set<number>();
    for (const [at, character] of [...cursor].entries()) {
      const other = character === 'A' ? 'B' : 'A';
      const changed = cursor.slice(0, at) + other + cursor.slice(at + 1);
      const answer = await mirror.http.get('/topics').query({ cursor: changed });
      statuses.add(answer.status);
      // A place of another topic, another epoch, or no cursor at all.
      expect([200, 400, 410]).toContain(answer.status);
    }
    expect(statuses).toContain(400);
  });

  it('tell only the fields that are asked for, in the order of the contract', async () => {
    const url = '/groups/g1/topics?fields=name,topicId&limit=2';
    const { body } = await mirror.http.get(url).expect(200);
    expect(body.data.map((topic: object) => Object.keys(topic))).toEqual([
      ['topicId', 'name'],
      ['topicId', 'name'],
    ]);
    const next = await mirror.http.get(`${url}&cursor=${body.nextCursor}`).expect(200);
    expect(Object.keys(next.body.data[0])).toEqual(['topicId', 'name']);
  });

  it('know a group without topics', async () => {
    const { body } = await mirror.http.get('/groups/empty/topics').expect(200);
    expect(body).toMatchObject({ data: [], nextCursor: null, group: { groupId: 'empty' } });
  });

  it.each([
    ['sort=size', 'sort'],
    ['sort=', 'sort'],
    ['sort=name&sort=name', 'sort'],
    ['deleted=yes', 'deleted'],
    ['fields=name,size', 'fields'],
    ['fields=', 'fields'],
    ['updatedSince=yesterday', 'updatedSince'],
    ['updatedSince=2026-02-31T00:00:00', 'updatedSince'],
    ['updatedSince=2026-02-30', 'updatedSince'],
    ['updatedSince=2026-02-30T00:00:00Z', 'updatedSince'],
    ['updatedSince=2025-02-29', 'updatedSince'],
    ['updatedSince=2026-01-31T24:00:00Z', 'updatedSince'],
    ['updatedSince=2026-01-31T23:59:60Z', 'updatedSince'],
    ['updatedSince=2026-01-31T12:00:00%2B24:00', 'updatedSince'],
    ['updatedSince=0000-01-01', 'updatedSince'],
    ['updatedSince=0001-01-01T00:00:00%2B00:01', 'updatedSince'],
    ['updatedSince=9999-12-31T23:59:59-00:01', 'updatedSince'],
    ['updatedSince=9999-12-31T23:59:59.999000001Z', 'updatedSince'],
    ['q=', 'q'],
    ['q=a%00b', 'q'],
    ['custom.=x', 'custom.'],
    ['custom.a%00=x', 'custom.a'],
    ['custom=x', 'custom'],
    ['minSeq=-1', 'minSeq'],
    ['Sort=name', 'Sort'],
  ])('answer 400 to %s and name the parameter', async (query, name) => {
    for (const [path] of paths) {
      const { status, body } = await mirror.http.get(`${path}?${query}`);
      expect([status, body.code]).toEqual([400, 'INVALID_PARAMETER']);
      expect(body.detail).toContain(JSON.stringify(name).slice(0, -1));
    }
  });

  it('answer 400 to a text longer than any that is stored', async () => {
    const { body } = await mirror.http
      .get('/topics')
      .query({ name: 'x'.repeat(1025) })
      .expect(400);
    expect(body.detail).toContain('"name" must not be longer than 1024');
  });

  it('list every parameter that is allowed when one is not', async () => {
    const { body } = await mirror.http.get('/topics?offset=3').expect(400);
    expect(body.detail).toBe(
      'Unknown parameter "offset"; allowed: cursor, custom.<Key>, deleted, fields, limit, minSeq, name, operatorAccount, ownerAccount, q, sort, updatedSince.',
    );
  });

  it('take an instant with an offset, also where its + came as a space', async () => {
    const since = day(5).replace('Z', '+00:00');
    const plain = await mirror.http.get(`/topics?updatedSince=${day(5)}`).expect(200);
    for (const text of [since, encodeURIComponent(since)]) {
      const { body } = await mirror.http.get(`/topics?updatedSince=${text}`).expect(200);
      expect(body.data).toEqual(plain.body.data);
    }
  });

  it('begin with the first instant that is asked for, to the nanosecond', async () => {
    const all = await mirror.http.get(`/topics?deleted=include&updatedSince=${day(7)}`).expect(200);
    expect(all.body.data).not.toEqual([]);
    const later = day(7).replace('.000Z', '.000000001Z');
    const { body } = await mirror.http.get(`/topics?deleted=include&updatedSince=${later}`);
    expect(body.data).toEqual([]);
  });

  it.each(['0001-01-01', '9999-12-31T23:59:59.999Z', '2024-02-29', '2026-01-31T23:59:59-23:59'])(
    'take any day of the calendar: %s',
    async (text) => {
      await mirror.http.get(`/topics?updatedSince=${text}`).expect(200);
      const { status } = await mirror.http.get(`/groups/g1/topics/t01?asOf=${text}`);
      expect([200, 404, 410]).toContain(status);
    },
  );

  it('answer any text that may be an instant or not', async () => {
    const part = (max: number, width = 2) =>
      fc.integer({ min: 0, max }).map((number) => String(number).padStart(width, '0'));
    const near = fc
      .tuple(
        part(9999, 4),
        part(13),
        part(32),
        fc.constantFrom('', 'T', ' '),
        part(25),
        part(61),
        fc.constantFrom('', ':00', ':60', ':59.9999999', ':00.'),
        fc.constantFrom('', 'Z', 'z', '+00:00', '-12:00', '+14:00', '+24:00', '-23:59', '+0000'),
      )
      .map(([year, month, date, t, hour, minute, rest, zone]) =>
        t === ''
          ? `${year}-${month}-${date}`
          : `${year}-${month}-${date}${t}${hour}:${minute}${rest}${zone}`,
      );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(near, fc.string({ unit: 'binary', maxLength: 40 })),
        async (text) => {
          for (const [path, name, statuses] of [
            ['/topics', 'updatedSince', [200, 400]],
            ['/groups/g1/topics/t01', 'asOf', [200, 400, 404, 410]],
          ] as const) {
            const { status, body } = await mirror.http.get(path).query({ [name]: text });
            expect([name, text, statuses.some((each) => each === status)]).toEqual([
              name,
              text,
              true,
            ]);
            const named = status !== 400 || String(body.detail).includes(`"${name}"`);
            expect([name, text, named]).toEqual([name, text, true]);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('look through a bounded number of topics for a part of a name, and go on from there', async () => {
    await mirror.database.query(`insert into groups (group_id, seq) values ('many', 1)`);
    await mirror.database.query(
      `insert into topics (group_id, topic_id, name, updated_at, seq)
       select 'many', 'm' || lpad(i::text, 6, '0'), case i when 15000 then 'needle' else 'hay' end, now(), i
         from generate_series(1, 20000) i`,
    );
    const first = await mirror.http.get('/groups/many/topics?q=NEEDLE').expect(200);
    expect(first.body.data).toEqual([]);
    expect(first.body.nextCursor).toEqual(expect.any(String));
    expect(await walk('/groups/many/topics?q=NEEDLE', 10)).toEqual(['many m015000']);
  });

  async function walk(url: string, limit: number): Promise<string[]> {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const next: string = cursor === null ? '' : `&cursor=${cursor}`;
      const { status, body }: { status: number; body: Page } = await mirror.http.get(
        `${url}${url.includes('?') ? '&' : '?'}limit=${limit}${next}`,
      );
      expect([status, body]).toEqual([200, expect.anything()]);
      seen.push(...body.data.map((topic) => `${topic.groupId} ${topic.topicId}`));
      cursor = body.nextCursor;
    } while (cursor !== null);
    return seen;
  }
});

describe('an entity tag', () => {
  let mirror: TestApp;
  beforeAll(async () => {
    mirror = await startApp();
    await seed(
      mirror.database,
      [{ group_id: 'g', seq: 7 }],
      [{ group_id: 'g', topic_id: 't', name: 'n' }],
    );
  });
  afterAll(() => mirror.close());

  it.each([groupPath('g'), `${groupPath('g')}/topics`, topicPath('g', 't')])(
    'spares an answer that is known: %s',
    async (path) => {
      const { headers } = await mirror.http.get(path).expect(200);
      const etag = String(headers.etag);
      expect(etag).toMatch(/^W\/"[\w-]+"$/);
      for (const known of [etag, `"other", ${etag}`, etag.replace('W/', ''), '*']) {
        const again = await mirror.http.get(path).set('if-none-match', known).expect(304);
        expect(again.text).toBe('');
        expect(again.headers.etag).toBe(etag);
      }
      await mirror.http.get(path).set('if-none-match', '"other"').expect(200);
    },
  );

  it('is another one for another question', async () => {
    const path = `${groupPath('g')}/topics`;
    const { headers } = await mirror.http.get(path);
    await mirror.http.get(`${path}?limit=1`).set('if-none-match', String(headers.etag)).expect(200);
  });

  it.each([
    ['seq', 'update groups set seq = seq + 1'],
    ['state', `update groups set stale_since = now()`],
    ['verification', `update groups set verified_at = now()`],
  ])('changes with the %s of the group', async (_name, statement) => {
    const path = `${groupPath('g')}/topics`;
    const { headers } = await mirror.http.get(path);
    await mirror.database.query(statement);
    await mirror.http.get(path).set('if-none-match', String(headers.etag)).expect(200);
  });

  it.each([
    groupPath('no'),
    `${groupPath('no')}/topics`,
    topicPath('no', 't'),
    topicPath('g', 'no'),
  ])('does not make known what is not: %s', async (path) => {
    const { headers } = await mirror.http.get(topicPath('g', 't'));
    for (const known of ['*', ' * ', String(headers.etag)]) {
      const { status } = await mirror.http.get(path).set('if-none-match', known);
      expect([known, status]).toEqual([known, 404]);
    }
  });

  it('does not make a topic known before it was', async () => {
    const path = `${topicPath('g', 't')}?asOf=2020-01-01`;
    await mirror.http.get(path).set('if-none-match', '*').expect(410);
  });

  it('is one of a list whose members hold commas, and nothing else is', async () => {
    const path = groupPath('g');
    const etag = String((await mirror.http.get(path)).headers.etag);
    const opaque = etag.slice(2);
    for (const [known, status] of [
      [`"a,b", W/"c,,d",${etag}`, 304],
      [`"x,*"`, 200],
      [`"*"`, 200],
      [`*, "x"`, 200],
      [opaque.slice(1, -1), 200],
      ['', 200],
    ] as const) {
      const answer = await mirror.http.get(path).set('if-none-match', known);
      expect([known, answer.status]).toEqual([known, status]);
    }
  });
});

describe('many readers at once', () => {
  const GROUPS = Array.from({ length: 20 }, (_, index) => `g${index}`);
  const IDS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
    GROUPS.map((groupId, count) => [
      groupId,
      Array.from({ length: count }, (_, index) => `${groupId}-${String(index).padStart(2, '0')}`),
    ]),
  );
  let mirror: TestApp;
  beforeAll(async () => {
    mirror = await startApp({ DATABASE_POOL_SIZE: '4' });
    await seed(
      mirror.database,
      GROUPS.map((group_id) => ({ group_id })),
      Object.entries(IDS).flatMap(([group_id, ids]) =>
        // The name holds a line break and whatever else could be taken for the end of a topic.
        ids.map((topic_id) => ({ group_id, topic_id, name: `},\n{"topicId": "${topic_id}"` })),
      ),
    );
  });
  afterAll(() => mirror.close());

  it('are each answered what they asked', async () => {
    const questions = GROUPS.flatMap((groupId) => [1, 7, 100].map((limit) => ({ groupId, limit })));
    const told = await Promise.all(
      questions.map(async ({ groupId, limit }) => {
        const path = `${groupPath(groupId)}/topics?limit=${limit}`;
        const { body } = await mirror.http.get(path);
        const next = await mirror.http.get(`${path}&cursor=${body.nextCursor}`);
        return [body.group.groupId, limit, idsOf(body), body.nextCursor && idsOf(next.body)];
      }),
    );
    expect(told).toEqual(
      questions.map(({ groupId, limit }) => {
        const ids = IDS[groupId] ?? [];
        const next = ids.length > limit ? ids.slice(limit, 2 * limit) : null;
        return [groupId, limit, ids.slice(0, limit), next];
      }),
    );
  });

  it.each([
    ['the same group', groupPath('g5'), {}],
    ['the same page', `${groupPath('g5')}/topics`, {}],
    ['whether the same page has changed', `${groupPath('g5')}/topics`, { 'if-none-match': '*' }],
  ])('are all answered when they ask for %s', async (_name, path, headers) => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => fetch(mirror.url + path, { headers })),
    );
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    expect(new Set(texts).size).toBe(1);
    const expected = 'if-none-match' in headers ? 304 : 200;
    expect(answers.every(({ status }) => status === expected)).toBe(true);
  });
});

function idsOf({ data }: { data: readonly { topicId: string }[] }): string[] {
  return data.map(({ topicId }) => topicId);
}

describe('minSeq', () => {
  let mirror: TestApp;
  beforeAll(async () => {
    mirror = await startApp();
    await seed(mirror.database, [{ group_id: 'g' }], [{ group_id: 'g', topic_id: 't' }]);
    await mirror.database.query('update sequencer set seq = 10');
  });
  afterAll(() => mirror.close());

  const paths = [
    groupPath('g'),
    `${groupPath('g')}/topics`,
    topicPath('g', 't'),
    '/topics',
    '/groups',
  ];

  it.each(paths)('is answered at once when it is reached: %s', async (path) => {
    await mirror.http.get(`${path}?minSeq=10`).expect(200);
  });

  it('is answered 503 with Retry-After when it does not come', async () => {
    const answers = await Promise.all(paths.map((path) => mirror.http.get(`${path}?minSeq=11`)));
    for (const { status, body, headers } of answers) {
      expect([status, body.code, headers['retry-after']]).toEqual([503, 'SEQ_NOT_REACHED', '1']);
    }
  });

  it('waits for one that comes soon', async () => {
    const answer = mirror.http.get(`${groupPath('g')}?minSeq=12`).expect(200);
    const [{ status }] = await Promise.all([
      answer,
      mirror.database.query('update sequencer set seq = 12'),
    ]);
    expect(status).toBe(200);
  });
});

interface Page {
  readonly data: readonly { readonly groupId: string; readonly topicId: string }[];
  readonly nextCursor: string | null;
}

function day(number: number): string {
  return `2026-01-${String(number + 1).padStart(2, '0')}T00:00:00.000Z`;
}

function has(row: Row, key: string, value: string): boolean {
  return (row.user_defined_data_list ?? []).some(
    (item) => item.Key === key && item.Value === value,
  );
}

function idOf(row: Row): string {
  return `${row.group_id} ${row.topic_id}`;
}

/** What is not known stands after everything that is; ties in the order of topic and group. */
function byOrder(order: string): (a: Row, b: Row) => number {
  const sign = order.startsWith('-') ? -1 : 1;
  const key = KEYS[order.replace('-', '')] ?? (() => null);
  const placeOf = (row: Row) => [key(row) ?? '\u{10FFFF}', row.topic_id, row.group_id];
  return (a, b) => {
    const others = placeOf(b);
    for (const [at, value] of placeOf(a).entries()) {
      const difference = Buffer.compare(Buffer.from(value), Buffer.from(others[at] ?? ''));
      if (difference !== 0) return sign * difference;
    }
    return 0;
  };
}
