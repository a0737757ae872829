// What HTTP, the database's settings and the moment of a question must not change.
import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { runCli } from '../../src/cli/run.js';
import type { Environment } from '../../src/config/environment.js';
import { startSimulator } from '../../tools/simulator/simulator.js';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, groupPath, postCallback, topicPath } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { NO_LIMITS, SECRET_KEY } from '../support/vendor.js';
import { settingsFor } from '../support/world.js';

let mirror: TestApp;
beforeAll(async () => {
  mirror = await startApp();
  await postCallback(mirror.http, createTopicBody({ GroupId: 'g', TopicId: 't000' })).expect(200);
});
afterAll(() => mirror.close());

it('names a search_path that hides the tables at the start', async () => {
  const hidden = await createDatabase();
  try {
    await hidden.query('create schema elsewhere');
    const name = new URL(hidden.url).pathname.slice(1);
    await hidden.query(`alter database ${name} set search_path = elsewhere`);
    await expect(startApp({ DATABASE_URL: hidden.url }, hidden)).rejects.toThrow(/search_path/);
  } finally {
    await hidden.drop();
  }
});

describe('HEAD', () => {
  it.each([
    '/groups',
    '/topics',
    groupPath('g'),
    topicPath('g', 't000'),
    '/changes',
    '/livez',
    '/readyz',
    '/docs',
    '/metrics',
  ])('of %s ends, with the headers of GET and no body', async (path) => {
    const get = await mirror.http.get(path).expect(200);
    const head = await mirror.http.head(path).expect(200);
    expect(head.text).toBeFalsy();
    expect(head.headers['content-type']).toBe(get.headers['content-type']);
    expect(head.headers.etag).toBe(get.headers.etag);
  });

  it('of a stream ends, and does not wait', async () => {
    const head = await mirror.http.head('/changes').set('accept', 'text/event-stream').expect(200);
    expect(head.headers['content-type']).toMatch(/^text\/event-stream/);
    const { body } = await mirror.http.get('/changes').query({ after: 0, limit: 500 });
    const startedAt = performance.now();
    await mirror.http.head('/changes').query({ after: body.nextAfter, wait: 25 }).expect(200);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    await mirror.http
      .head('/changes')
      .query({ after: 10 ** 15 })
      .set('accept', 'text/event-stream')
      .expect(410);
  });
});

describe('Accept', () => {
  const typeFor = async (accept: string | undefined): Promise<string> => {
    const outgoing = request(`${mirror.url}/changes?after=0`, {
      headers: accept === undefined ? {} : { accept },
    }).end();
    const [response] = await once(outgoing, 'response');
    outgoing.destroy();
    return String(response.headers['content-type']).split(';', 1)[0] ?? '';
  };

  it.each([
    ['text/event-stream', 'text/event-stream'],
    ['Text/Event-Stream', 'text/event-stream'],
    ['text/event-stream, */*;q=0.1', 'text/event-stream'],
    ['application/json;q=0.5, text/event-stream', 'text/event-stream'],
    ['text/*', 'text/event-stream'],
    ['text/event-stream;q=0', 'application/json'],
    ['text/event-stream;q=0, */*', 'application/json'],
    ['application/json, text/event-stream;q=0.9', 'application/json'],
    ['*/*', 'application/json'],
    ['text/event-streams', 'application/json'],
    ['image/png', 'application/json'],
    [undefined, 'application/json'],
  ])('%s gets %s', async (accept, type) => {
    expect(await typeFor(accept)).toBe(type);
  });
});

describe('a wrong method', () => {
  it.each([
    ['POST', '/groups', 'GET, HEAD'],
    ['DELETE', topicPath('g', 't000'), 'GET, HEAD'],
    ['PUT', '/changes', 'GET, HEAD'],
    ['PATCH', '/metrics', 'GET, HEAD'],
    ['GET', '/webhooks/im', 'POST'],
    ['DELETE', '/', 'GET, HEAD, POST'],
  ])('%s %s is answered 405 with what is allowed', async (method, path, allow) => {
    const answer = await fetch(`${mirror.url}${path}`, { method });
    const body: { code?: string; detail?: string } = JSON.parse(await answer.text());
    expect({ status: answer.status, allow: answer.headers.get('allow'), code: body.code }).toEqual({
      status: 405,
      allow,
      code: 'METHOD_NOT_ALLOWED',
    });
    expect(body.detail).toContain(allow);
  });

  it('of a path that is nowhere is a 404', async () => {
    expect((await fetch(`${mirror.url}/nowhere`, { method: 'POST' })).status).toBe(404);
  });

  it('is judged by what the port serves', async () => {
    const two = await startApp({ API_PORT: '0' });
    try {
      expect((await fetch(`${two.url}/webhooks/im`)).headers.get('allow')).toBe('POST');
      expect((await fetch(`${two.url}/groups`, { method: 'POST' })).status).toBe(404);
    } finally {
      await two.close();
    }
  });
});

it('refuses a database URL that asks for what nothing does', async () => {
  const { parseSettings } = await import('../../src/config/settings.js');
  const url = 'postgresql://u:p@127.0.0.1/db';
  for (const name of ['DATABASE_URL', 'DATABASE_REPLICA_URL']) {
    const settings = { DATABASE_URL: 'postgresql://u:p@127.0.0.2/db' };
    for (const query of [
      'schema=mirror',
      'connection_limit=5',
      'pgbouncer=true',
      'sslaccept=strict',
    ]) {
      expect(() => parseSettings({ ...settings, [name]: `${url}?${query}` })).toThrow(
        new RegExp(`${name} .*${query.split('=', 1)[0] ?? ''}`),
      );
    }
    for (const query of ['schema=public', 'sslmode=require', 'application_name=x']) {
      expect(() => parseSettings({ ...settings, [name]: `${url}?${query}` })).not.toThrow();
    }
  }
});

it('ends no backfill before the groups of a list that just ended were asked for', async () => {
  const simulator = await startSimulator({ seed: 1, secretKey: SECRET_KEY, limits: NO_LIMITS });
  const { groupId } = simulator.vendor.importGroup();
  simulator.vendor.importTopic(groupId);
  const database = await createDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    const list = simulator.hold('get_appid_group_list');
    const ends = runCliOf(database, settingsFor(simulator));
    await until(() => (simulator.calls.get_appid_group_list ?? 0) > 0);
    // Whatever the backfill reads of the list waits from now on; what it reads of the groups does not.
    await client.query('begin');
    await client.query('lock table group_listing in access exclusive mode');
    await until(async () => {
      const waiting = await database.query(
        `select pid from pg_stat_activity where wait_event_type = 'Lock' and query like '%"finishedMs"%'`,
      );
      return waiting.length === 1;
    });
    await client.query('insert into reconcile_queue (group_id) values ($1)', [groupId]);
    await client.query(
      'update group_listing set next = null, finished_at = now(), leased_until = null',
    );
    await client.query('commit');
    list.release();
    expect(await ends).toMatch(/groups +1\n/);
  } finally {
    await client.end();
    await simulator.close();
    await database.drop();
  }
});

async function runCliOf(database: TestDatabase, env: Environment): Promise<string> {
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  await runCli(['backfill'], { ...env, DATABASE_URL: database.url }, print, print);
  return `${lines.join('\n')}\n`;
}
