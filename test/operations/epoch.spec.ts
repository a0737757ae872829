// A database that goes on from an earlier state is another timeline: nothing of the one before is taken for its own.
import { afterEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { runCli } from '../../src/cli/run.js';
import { startApp, type TestApp } from '../support/app.js';
import { groupPath } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { scrape } from '../support/metrics.js';
import { EventSource } from '../support/sse.js';
import { expectRefused, GROUP, hold, rename, seqOf, TOPICS, write } from '../support/timeline.js';
import { until } from '../support/until.js';

const databases: TestDatabase[] = [];
const mirrors: TestApp[] = [];
afterEach(async () => {
  for (const mirror of mirrors.splice(0)) await mirror.close();
  for (const made of databases.splice(0)) await made.drop();
});

async function database(kind?: Parameters<typeof createDatabase>[0]): Promise<TestDatabase> {
  const made = await createDatabase(kind);
  databases.push(made);
  return made;
}

async function serve(on: TestDatabase, env = {}): Promise<TestApp> {
  const mirror = await startApp(env, on);
  mirrors.push(mirror);
  return mirror;
}

async function leave(mirror: TestApp): Promise<void> {
  mirrors.splice(mirrors.indexOf(mirror), 1);
  await mirror.close();
}

/** Comes to a `seq` by two groups, of which each takes one, their topics, and one that is renamed. */
async function begin(mirror: TestApp, seq: number): Promise<number> {
  await write(mirror, 1, 'other', 'another group');
  await write(mirror, seq - 4, 'first');
  await rename(mirror, 'first-0');
  return seqOf(mirror);
}

const epochs = (mirror: TestApp) =>
  mirror.log.filter(({ msg }) => String(msg).startsWith('a new epoch began'));

const lost = async ({ query }: TestDatabase) =>
  query<{ from: string; to: string }>(
    'select lower(r)::text as "from", upper(r)::text as "to" from epoch e, unnest(e.lost) r',
  );

describe('a restored database', () => {
  it('refuses all that readers hold of the time after its dump', async () => {
    const first = await database();
    let mirror = await serve(first);
    expect(await begin(mirror, 48)).toBe(48);
    await leave(mirror);
    const dump = await database({ copyOf: first });
    mirror = await serve(first);
    expect(epochs(mirror)).toEqual([]);
    expect(await write(mirror, 6, 'second')).toBe(54);
    const held = await hold(mirror);
    await leave(mirror);

    const restored = await database({ copyOf: dump });
    mirror = await serve(restored);
    expect(epochs(mirror)).toMatchObject([{ level: 'error', reason: 'identity', seqFound: 48 }]);
    await write(mirror, 10, 'others');
    await expectRefused(mirror, held);
    // What the dump held stays as it was, seqs included.
    const history = await mirror.http.get(`${TOPICS}/first-0/history`).expect(200);
    expect(history.body.data).toHaveLength(2);
    expect(history.body.data[0].seq).toBe(48);
    await mirror.http.get(TOPICS).query({ minSeq: 48 }).expect(200);
  });

  it('gives no seq that another restore of the same dump gives', async () => {
    const first = await database();
    const mirror = await serve(first);
    await begin(mirror, 6);
    await leave(mirror);
    const copies = [await database({ copyOf: first }), await database({ copyOf: first })];
    const seqs: number[] = [];
    for (const copy of copies) {
      const restored = await serve(copy);
      seqs.push(await write(restored, 3, 'more'));
      expect(Number.isSafeInteger(seqs.at(-1))).toBe(true);
    }
    const [one = 0, other = 0] = seqs;
    // A microsecond for each seq: the later one begins beyond all that the earlier has given.
    expect(other - one).toBeGreaterThan(3);
  });

  it('begins one epoch, however many processes start at once', async () => {
    const first = await database();
    const mirror = await serve(first);
    await begin(mirror, 6);
    await leave(mirror);
    const copy = await database({ copyOf: first });
    const both = await Promise.all([serve(copy), serve(copy)]);
    expect(both.flatMap(epochs)).toHaveLength(1);
    expect(await lost(copy)).toHaveLength(1);
    // Nor does one that comes later begin another.
    expect(epochs(await serve(copy))).toEqual([]);
  });

  it('is noticed while the service runs, in the place of the one it knew', async () => {
    const first = await database();
    const mirror = await serve(first, { FEED_HEARTBEAT_SECONDS: '60' });
    await begin(mirror, 10);
    const held = await hold(mirror);
    const source = await EventSource.open(`${mirror.url}/changes?after=${held.after}`);
    const ended = (async () => {
      for await (const { event, data } of source.events()) if (event === 'end') return data;
      return 'cut';
    })();
    const waiting = mirror.http
      .get('/changes')
      .query({ after: held.after, wait: 25 })
      .then(({ status, body }) => [status, body.code]);
    await until(async () => (await scrape(mirror.http)).sum('topicmirror_feed_readers') === 2);
    // As `pg_restore --data-only` into tables that were emptied leaves it: the identity tells nothing.
    await putBack(first);
    await write(mirror, 2, 'others');
    expect(epochs(mirror)).toMatchObject([{ reason: 'behind', seqFound: 5, seqSeen: 10 }]);
    expect(await ended).toBe('{"reason":"changes_gone"}');
    expect(await waiting).toEqual([410, 'CHANGES_GONE']);
    await expectRefused(mirror, held);
    const figures = await scrape(mirror.http);
    expect(figures.sum('topicmirror_epochs_total', { reason: 'behind' })).toBe(1);
  });

  it('is noticed by one of two processes, and known to the other', async () => {
    const first = await database();
    const one = await serve(first);
    const other = await serve(first);
    await begin(one, 10);
    const held = await hold(one);
    await putBack(first);
    await write(other, 1, 'unaware');
    await write(one, 1, 'aware');
    await write(other, 1, 'of it');
    expect([one, other].flatMap(epochs)).toHaveLength(1);
    await expectRefused(other, held);
    await expectRefused(one, held);
  });

  it('is told by hand where nothing else tells', async () => {
    const first = await database();
    let mirror = await serve(first);
    await begin(mirror, 10);
    const held = await hold(mirror);
    await leave(mirror);
    await putBack(first);
    const out: string[] = [];
    const print = (line: string) => out.push(line);
    const env = { DATABASE_URL: first.url };
    expect(await runCli(['restored'], env, print, () => undefined)).toBe(0);
    expect(out[0]).toMatch(/^a new epoch began at seq \d{16}: /);
    mirror = await serve(first);
    await expectRefused(mirror, held);
  });

  it('made anew in its place is noticed by its tables', async () => {
    const first = await database();
    let mirror = await serve(first);
    await begin(mirror, 10);
    const held = await hold(mirror);
    await leave(mirror);
    // As `pg_restore --clean` does.
    await putBack(first);
    await first.query(`
      create table restored (like sequencer including all);
      insert into restored select * from sequencer;
      drop table sequencer;
      alter table restored rename to sequencer`);
    mirror = await serve(first);
    expect(epochs(mirror)).toMatchObject([{ reason: 'identity' }]);
    await expectRefused(mirror, held);
  });
});

/** Takes away what was done after the first half, and lets the counter say so. */
async function putBack({ query }: TestDatabase): Promise<void> {
  await query(`update sequencer set seq = 5, batch = 5`);
  await query('alter table changes disable trigger all');
  await query('delete from changes where seq > 5');
  await query('alter table changes enable trigger all');
}

describe('another database', () => {
  it('refuses cursors and ETags of lists, whatever its seqs', async () => {
    const [small, large] = [await serve(await database()), await serve(await database())];
    await begin(small, 7);
    await begin(large, 9);
    const { cursors, etags } = await hold(small);
    for (const [path, cursor] of cursors) {
      const { status, body } = await large.http.get(path).query({ cursor });
      // The template of the tests has one secret for all.
      expect([path, status, body.code]).toEqual([path, 410, 'CURSOR_GONE']);
    }
    for (const [path, etag] of etags) {
      await large.http.get(path).set('if-none-match', etag).expect(200);
    }
  });
});

describe('a database that stays the same', () => {
  it('keeps small seqs, and what readers hold, through restarts', async () => {
    const same = await database();
    let mirror = await serve(same);
    expect(await begin(mirror, 7)).toBe(7);
    const { after, etags, cursors } = await hold(mirror);
    await leave(mirror);
    mirror = await serve(same);
    await mirror.http.get('/changes').query({ after }).expect(200);
    for (const [path, etag] of etags) {
      await mirror.http.get(path).set('if-none-match', etag).expect(304);
    }
    for (const [path, cursor] of cursors) await mirror.http.get(path).query({ cursor }).expect(200);
    expect(await write(mirror, 1, 'more')).toBe(8);
    expect(await lost(same)).toEqual([]);
    await mirror.http.get(groupPath(GROUP)).query({ minSeq: 8 }).expect(200);
  });

  it('need not be owned, nor tell all of itself', async () => {
    const same = await database();
    const { pathname } = new URL(same.url);
    const role = `plain_${pathname.slice(-12)}`;
    await same.query(`
      create role ${role} login password 'plain';
      grant all on all tables in schema public to ${role};
      revoke execute on function pg_control_system() from public`);
    const url = Object.assign(new URL(same.url), { username: role, password: 'plain' }).href;
    const plain = { ...same, url };
    try {
      let mirror = await serve(plain);
      expect(await write(mirror, 2, 'first')).toBe(3);
      const out: string[] = [];
      const print = (line: string) => out.push(line);
      await runCli(['doctor'], { DATABASE_URL: url }, print, print);
      expect(out.join('\n')).toContain('warning  PostgreSQL does not tell its system');
      await leave(mirror);
      // What is learned later is no other identity.
      mirror = await serve(same);
      expect(await write(mirror, 1, 'second')).toBe(4);
      await leave(mirror);
      mirror = await serve(plain);
      expect(await write(mirror, 1, 'third')).toBe(5);
      await leave(mirror);
      const copy = await database({ copyOf: same });
      mirror = await serve({
        ...copy,
        url: Object.assign(new URL(copy.url), { username: role, password: 'plain' }).href,
      });
      expect(epochs(mirror)).toMatchObject([{ reason: 'identity' }]);
      await leave(mirror);
    } finally {
      for (const each of databases.splice(0)) await each.drop();
      const client = new pg.Client({ connectionString: process.env.TEST_SERVER_URL });
      await client.connect();
      await client.query(`drop role ${role}`).finally(() => client.end());
    }
  });
});
