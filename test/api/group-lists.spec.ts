import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';

const NAMES = [null, 'a', 'A', 'ab', 'B', 'Zoo', '日本', '50%_off'];
const STATES = ['verified', 'hooked', 'stale', 'destroyed'] as const;
const DAY = '2026-01-31T12:00:00.000Z';

interface Row {
  readonly groupId: string;
  readonly name: string | null;
  readonly state: (typeof STATES)[number];
  readonly lastCallbackAt: string | null;
  readonly seq: number;
}

const ROWS = Array.from({ length: 60 }, (_, index): Row => {
  const number = (index * 17) % 60;
  return {
    groupId: `@TGS#${number % 2 ? 'x' : 'Y'}${String(number).padStart(2, '0')}`,
    name: NAMES[index % NAMES.length] ?? null,
    state: STATES[(index * 7) % 4] ?? 'hooked',
    lastCallbackAt:
      index % 5 === 0 ? null : new Date(Date.parse(DAY) + (index % 9) * 1000).toISOString(),
    seq: Math.floor(index / 2),
  };
});

// The oracle: the order of the contract, on arrays.
const KEYS: Record<string, (row: Row) => string> = {
  groupId: () => '',
  name: ({ name }) => name ?? '\u{10FFFF}',
  lastCallbackAt: ({ lastCallbackAt }) => lastCallbackAt ?? '',
  seq: ({ seq }) => String(seq).padStart(4, '0'),
};
const SORTS = Object.keys(KEYS).flatMap((field) => [field, `-${field}`]);
const FILTERS: [query: string, holds: (row: Row) => boolean][] = [
  ['', () => true],
  ...STATES.map((state): (typeof FILTERS)[number] => [
    `state=${state}`,
    (row) => row.state === state,
  ]),
  ['q=Y1', ({ groupId }) => /y1/i.test(groupId)],
  ['q=ab', ({ name }) => name === 'ab'],
  ['q=%25_', ({ name }) => name === '50%_off'],
  ['q=A&state=stale', ({ name, state }) => /a/i.test(name ?? '') && state === 'stale'],
  ['q=nothing', () => false],
];

let mirror: TestApp;
beforeAll(async () => {
  mirror = await startApp();
  await mirror.database.query(
    `insert into groups (group_id, name, seq, last_callback_at, destroyed_at, stale_since, verified_at)
     select "groupId", name, seq, "lastCallbackAt",
            case when state = 'destroyed' then now() end,
            case when state in ('stale', 'destroyed') then now() end,
            case when state <> 'hooked' then now() end
       from json_to_recordset($1) r ("groupId" text, name text, seq bigint, "lastCallbackAt" timestamptz, state text)`,
    [JSON.stringify(ROWS)],
  );
});
afterAll(() => mirror.close());

const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function expected(sort: string, holds: (row: Row) => boolean): string[] {
  const key = KEYS[sort.replace('-', '')] ?? (() => '');
  const rows = ROWS.filter(holds).toSorted(
    (a, b) => compare(key(a), key(b)) || compare(a.groupId, b.groupId),
  );
  return (sort.startsWith('-') ? rows.toReversed() : rows).map(({ groupId }) => groupId);
}

async function pages(query: string, limit: number): Promise<Row[]> {
  const found: Row[] = [];
  let cursor: string | null = null;
  do {
    const where: string = cursor === null ? query : `cursor=${cursor}`;
    const { body } = await mirror.http.get(`/groups?${where}&limit=${limit}`).expect(200);
    expect(body.data.length).toBeLessThanOrEqual(limit);
    found.push(...body.data);
    cursor = body.nextCursor;
  } while (cursor !== null);
  return found;
}

it.each(SORTS)('groups are listed by %s, with each filter, page by page', async (sort) => {
  for (const [filter, holds] of FILTERS) {
    for (const limit of [7, 60, 500]) {
      const found = await pages(`sort=${sort}&${filter}`, limit);
      expect([filter, limit, found.map(({ groupId }) => groupId)]).toEqual([
        filter,
        limit,
        expected(sort, holds),
      ]);
      for (const group of found) expect(ROWS).toContainEqual(expect.objectContaining(pick(group)));
    }
  }
});

it('a group has the same fields in every list', async () => {
  const { body } = await mirror.http.get('/groups?sort=-seq&q=Y&limit=1').expect(200);
  const [group] = body.data;
  const path = `/groups/${encodeURIComponent(group.groupId)}`;
  expect(JSON.stringify(group)).toBe((await mirror.http.get(path).expect(200)).text);
});

it('a page looks through 10,000 groups at most, and goes on from there', async () => {
  const many = await startApp();
  try {
    await many.database.query(
      `insert into groups (group_id, seq) select 'g' || lpad(n::text, 5, '0'), n from generate_series(1, 15000) n`,
    );
    const first = (await many.http.get('/groups?q=g14999&sort=seq').expect(200)).body;
    expect(first.data).toEqual([]);
    const rest = (await many.http.get(`/groups?cursor=${first.nextCursor}`).expect(200)).body;
    expect(rest).toMatchObject({ data: [{ groupId: 'g14999' }], nextCursor: null });
  } finally {
    await many.close();
  }
});

it('order and filters cannot be changed on the way', async () => {
  const { body } = await mirror.http.get('/groups?sort=-seq&state=hooked&limit=1').expect(200);
  const cursor = body.nextCursor;
  await mirror.http.get(`/groups?cursor=${cursor}&sort=-seq&state=hooked`).expect(200);
  for (const other of ['sort=seq', 'state=stale', 'q=x']) {
    const refused = await mirror.http.get(`/groups?cursor=${cursor}&${other}`).expect(400);
    expect(refused.body.code).toBe('INVALID_CURSOR');
  }
});

it.each(['sort=topicCount', 'state=gone', 'q=', 'sort=seq&sort=name'])(
  'what there is not is refused: %s',
  async (query) => {
    const { body } = await mirror.http.get(`/groups?${query}`).expect(400);
    expect(body.code).toBe('INVALID_PARAMETER');
  },
);

function pick({ groupId, name, state, lastCallbackAt, seq }: Row): Row {
  return { groupId, name, state, lastCallbackAt, seq };
}
