// A cursor carries no signature: one that was made up is refused, or leads where a query could lead too.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { startApp, type TestApp } from '../support/app.js';
import { seed } from '../support/rows.js';

const PATHS = {
  groups: '/groups',
  all: '/topics',
  group: '/groups/g/topics',
  history: '/groups/g/topics/t0/history',
} as const;
const GROUP_SCOPE = '["topics","g"]';
const HISTORY_SCOPE = '["history","g","t0"]';
const FILTERS = { deleted: 'exclude' };
const TIME = '2026-01-31T12:00:00.000000Z AD';

let mirror: TestApp;
let epoch: string;
beforeAll(async () => {
  mirror = await startApp();
  await seed(
    mirror.database,
    [{ group_id: 'g' }, { group_id: 'h' }],
    [0, 1, 2].map((number) => ({ group_id: 'g', topic_id: `t${number}` })),
  );
  const { body } = await mirror.http.get('/topics?limit=1').expect(200);
  epoch = JSON.parse(Buffer.from(body.nextCursor, 'base64url').toString()).epoch;
});
afterAll(() => mirror.close());

function encode(content: unknown): string {
  const json = typeof content === 'string' ? content : JSON.stringify(content);
  return Buffer.from(json).toString('base64url');
}

async function ask(path: string, cursor: string): Promise<[number, string | undefined]> {
  const { status, body } = await mirror.http.get(path).query({ cursor });
  return [status, body.code];
}

function topicsCursor(change: object): object {
  const value = { scope: 'topics', order: 'topicId', filters: FILTERS, after: ['', 't0', 'g'] };
  return { epoch, value: { ...value, ...change } };
}

it.each<[string, object]>([
  [PATHS.all, {}],
  [PATHS.all, { order: '-createdAt', after: ['infinity', 't0', 'g'] }],
  [PATHS.all, { order: 'updatedAt', after: [TIME, 't0', 'g'] }],
  [PATHS.all, { order: 'createdAt', after: ['0044-02-29T12:00:00.000000Z AD', 't', 'g'] }],
  [PATHS.all, { order: 'createdAt', after: ['0045-02-29T12:00:00.000000Z BC', 't', 'g'] }],
  [PATHS.all, { order: 'createdAt', after: ['4713-01-01T00:00:00.000000Z BC', 't', 'g'] }],
  [PATHS.all, { order: '-createdAt', after: ['294276-12-31T23:59:59.999999Z AD', 't', 'g'] }],
  [PATHS.all, { order: '-name', after: ['\u{10FFFF}', 't0', 'g'] }],
  [PATHS.all, { filters: { ...FILTERS, updatedSince: '0001-01-01T00:00:00.000Z' } }],
  [PATHS.all, { filters: { ...FILTERS, custom: [['k', '']], q: '%' } }],
  [PATHS.group, { scope: GROUP_SCOPE, after: ['', 't0', ''] }],
])('one of a well-formed place leads on: %s %j', async (path, change) => {
  expect(await ask(path, encode(topicsCursor(change)))).toEqual([200, undefined]);
});

it('one of another epoch is gone', async () => {
  const cursor = encode({ ...topicsCursor({}), epoch: "'; drop table topics" });
  expect(await ask(PATHS.all, cursor)).toEqual([410, 'CURSOR_GONE']);
});

describe('is refused', () => {
  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{',
    '"topics"',
    '[[[[[[[[[[',
    '{"epoch":1,"value":{}}',
    '{"epoch":"1"}',
    '{"__proto__":{"epoch":"1","value":{}}}',
  ])('for its form: %s', async (json) => {
    for (const path of Object.values(PATHS)) {
      expect(await ask(path, encode(json))).toEqual([400, 'INVALID_CURSOR']);
    }
  });

  it.each<object>([
    { more: 1 },
    { scope: GROUP_SCOPE },
    { scope: 1 },
    { order: 'seq' },
    { order: '--name' },
    { order: 'toString' },
    { order: ['name'] },
    { order: null },
    { filters: null },
    { filters: [] },
    { filters: { toString: 'x' } },
    { filters: { groupId: 'g' } },
    { filters: { name: 1 } },
    { filters: { name: 'a\0b' } },
    { filters: { name: '\ud800' } },
    { filters: { name: 'x'.repeat(1025) } },
    { filters: { name: { toString: 'x' } } },
    { filters: { q: '' } },
    { filters: { deleted: 'maybe' } },
    { filters: { updatedSince: '2026-02-30T00:00:00.000Z' } },
    { filters: { updatedSince: 'infinity' } },
    { filters: { updatedSince: 0 } },
    { filters: { custom: [] } },
    { filters: { custom: ['ab'] } },
    { filters: { custom: [['', 'x']] } },
    { filters: { custom: [['k', 'a\0b']] } },
    { filters: { custom: [['k', 1]] } },
    { filters: { custom: Array.from({ length: 400 }, () => ['k', 'v']) } },
    { after: null },
    { after: 't0' },
    { after: ['', 't0'] },
    { after: ['', 't0', 'g', 'x'] },
    { after: ['', 't0', 1] },
    { after: ['', 'a\0b', 'g'] },
    { after: ['', '\udc00', 'g'] },
    { after: ['', 't'.repeat(1025), 'g'] },
    { after: ['key', 't0', 'g'] },
    { order: 'name', after: [1, 't0', 'g'] },
    { order: 'updatedAt', after: ['', 't0', 'g'] },
    { order: 'updatedAt', after: ['infinity', 't0', 'g'] },
    { order: 'createdAt', after: ['-infinity', 't0', 'g'] },
    { order: 'createdAt', after: ['now', 't0', 'g'] },
    { order: 'createdAt', after: [null, 't0', 'g'] },
    { order: 'createdAt', after: [TIME.replace(' AD', ''), 't0', 'g'] },
    { order: 'createdAt', after: [TIME.replace('T12', 'T24'), 't0', 'g'] },
    { order: 'createdAt', after: ['2026-02-29T12:00:00.000000Z AD', 't0', 'g'] },
    { order: 'createdAt', after: ['0000-01-01T12:00:00.000000Z AD', 't0', 'g'] },
    { order: 'createdAt', after: ['0044-02-29T12:00:00.000000Z BC', 't0', 'g'] },
    { order: 'createdAt', after: ['4714-01-01T12:00:00.000000Z BC', 't0', 'g'] },
    { order: 'createdAt', after: ['294277-01-01T12:00:00.000000Z AD', 't0', 'g'] },
  ])('of topics (%#)', async (change) => {
    expect(await ask(PATHS.all, encode(topicsCursor(change)))).toEqual([400, 'INVALID_CURSOR']);
  });

  it.each<object>([{ after: 1 }, { after: 'a\0b' }, { after: ['g'] }, { after: 'g', more: 1 }, {}])(
    'of groups: %j',
    async (change) => {
      const cursor = encode({ epoch, value: { scope: 'groups', ...change } });
      expect(await ask(PATHS.groups, cursor)).toEqual([400, 'INVALID_CURSOR']);
    },
  );

  it.each(['-1', '1.5', '"1"', '1e300', '9007199254740993', 'null', '[1]'])(
    'of a history: before %s',
    async (before) => {
      const value = `{"scope":${JSON.stringify(HISTORY_SCOPE)},"before":${before}}`;
      const cursor = encode(`{"epoch":${JSON.stringify(epoch)},"value":${value}}`);
      expect(await ask(PATHS.history, cursor)).toEqual([400, 'INVALID_CURSOR']);
    },
  );
});

it('never fails, whatever is in it', async () => {
  const key = fc.constantFrom('infinity', TIME, '', 'now', 'a');
  const value = fc.record({
    scope: fc.constantFrom('topics', 'groups', GROUP_SCOPE, HISTORY_SCOPE),
    order: fc.constantFrom('topicId', '-name', 'createdAt', '-updatedAt'),
    filters: fc.oneof(fc.constant(FILTERS), fc.object({ maxDepth: 1 })),
    after: fc.oneof(fc.tuple(key, fc.string(), fc.string()), fc.jsonValue()),
  });
  const content = fc.oneof(
    { weight: 4, arbitrary: value.map((made): unknown => ({ epoch, value: made })) },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
  await fc.assert(
    fc.asyncProperty(content, fc.constantFrom(...Object.values(PATHS)), async (made, path) => {
      const [status] = await ask(path, encode(JSON.stringify(made)));
      expect([200, 400]).toContain(status);
    }),
    { numRuns: 150 },
  );
});
