// Whatever cursor is given out is taken again, and leads to the end.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { startApp, type TestApp } from '../support/app.js';
import { groupPath, topicPath } from '../support/callbacks.js';
import { seed } from '../support/rows.js';

// What grows most when it is written into a cursor: by bytes, and by what JSON makes of it.
const WIDE = ['中', '😀', '\u0001', '"', '\\', 'x'];
const COUNT = 3;

interface Page {
  readonly data: readonly unknown[];
  readonly nextCursor: string | null;
}

describe('a cursor', () => {
  let mirror: TestApp;
  beforeAll(async () => {
    mirror = await startApp();
  });
  afterAll(() => mirror.close());

  async function walk(path: string, query: Record<string, string>): Promise<number> {
    let count = 0;
    let cursor: string | null = null;
    do {
      const asked: Record<string, string> =
        cursor === null ? { ...query, limit: '1' } : { cursor, limit: '1' };
      const { status, body }: { status: number; body: Page & { detail?: string } } =
        await mirror.http.get(path).query(asked);
      expect([status, body.detail]).toEqual([200, undefined]);
      count += body.data.length;
      cursor = body.nextCursor;
      expect(count).toBeLessThanOrEqual(COUNT);
    } while (cursor !== null);
    return count;
  }

  it.each(WIDE)('of the longest ids, names and filters is taken: %j', async (character) => {
    const bytes = Buffer.byteLength(character);
    const idOf = (number: number) => `${number}${character.repeat(Math.floor(255 / bytes))}`;
    const group_id = idOf(0);
    // A control character takes six bytes of JSON, and key and value together have 3,328.
    const value = character.repeat(Math.floor(260 / character.length));
    const name = character.repeat(256);
    const topics = Array.from({ length: COUNT }, (_, number) => ({
      group_id,
      topic_id: idOf(number),
      name,
      user_defined_data_list: [{ Key: value, Value: value }],
    }));
    await mirror.database.query('truncate topics, changes, groups');
    await seed(mirror.database, [{ group_id }], topics);
    const filters = { [`custom.${value}`]: value };
    for (const sort of ['topicId', '-name']) {
      for (const path of ['/topics', `${groupPath(group_id)}/topics`]) {
        expect(await walk(path, { ...filters, sort })).toBe(COUNT);
        expect(await walk(path, { name, sort })).toBe(COUNT);
      }
    }
    await mirror.database.query(
      `insert into changes (group_id, seq, topic_id, kind, origin, at, before, after)
       select $1, (select coalesce(max(seq), 0) from changes) + n, $2, 'updated', 'callback', now(), '{}', '{}'
         from generate_series(1, 3) n`,
      [group_id, idOf(0)],
    );
    expect(await walk(`${topicPath(group_id, idOf(0))}/history`, {})).toBe(COUNT);
    await mirror.database.query('delete from topics');
    for (const number of [1, 2]) await seed(mirror.database, [{ group_id: idOf(number) }]);
    expect(await walk('/groups', {})).toBe(COUNT);
    await mirror.database.query('delete from groups');
  });

  it('of any filters that are taken leads to the end', async () => {
    const text = fc
      .tuple(fc.constantFrom(...WIDE), fc.integer({ min: 1, max: 1024 }))
      .map(([character, length]) => character.repeat(Math.ceil(length / character.length)));
    const filters = fc.record(
      {
        name: text,
        ownerAccount: text,
        'custom.a': text,
        'custom.中': text,
        deleted: fc.constant('include'),
      },
      { requiredKeys: [] },
    );
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(filters, fc.constantFrom('-name', 'updatedAt'), async (given, sort) => {
        const { name, ownerAccount: owner_account } = given;
        const custom = Object.entries(given).filter(([key]) => key.startsWith('custom.'));
        const group_id = 'g';
        const topics = Array.from({ length: COUNT }, (_, number) => ({
          group_id,
          topic_id: `t${number}`,
          name: name ?? null,
          owner_account: owner_account ?? null,
          user_defined_data_list: custom.map(([key, Value]) => ({
            Key: key.slice(7),
            Value: String(Value),
          })),
        }));
        await mirror.database.query('truncate topics, changes, groups');
        await seed(mirror.database, [{ group_id }], topics);
        const query = { ...given, sort };
        const { status, body } = await mirror.http.get('/topics').query(query);
        const isTaken = status === 200;
        taken += isTaken ? 1 : 0;
        // Of an address of 16 KiB and more Node.js answers itself.
        const why =
          status === 414 || status === 431 || /must not be longer than/.test(String(body.detail));
        expect([status, isTaken || why]).toEqual([status, true]);
        expect(isTaken ? await walk('/topics', query) : COUNT).toBe(COUNT);
        await mirror.database.query('delete from topics');
        await mirror.database.query('delete from groups');
      }),
      { numRuns: 40 },
    );
    expect(taken).toBeGreaterThan(5);
  });
});
