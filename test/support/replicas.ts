import supertest from 'supertest';
import { findProgram, startHaproxy, startPgbouncer } from '../../bench/proxies.mjs';
import type { Environment } from '../../src/config/environment.js';
import { type Body, callbackQuery, signed } from './callbacks.js';
import { createDatabase, type TestDatabase } from './database.js';
import { type Service, startService } from './process.js';
import { until } from './until.js';

export const TOKEN = 'callback-token-of-replicas';
/** `npm run bench -- replicas` puts HAProxy and PgBouncer around the replicas; the tests alone need neither. */
export const PROXIES = process.env.REPLICAS_BEHIND_PROXIES === 'on';

export interface Replica extends Service {
  readonly at: string;
}

export interface Replicas {
  readonly both: readonly [Replica, Replica];
  readonly database: TestDatabase;
  /** Where callers are to go: HAProxy, or one replica after the other. */
  readonly next: () => string;
  /** All the places that `next` may tell. */
  readonly doors: readonly string[];
  readonly http: supertest.Agent;
  close(): Promise<void>;
}

/** Two processes of the built service in production form on one database. */
export async function startReplicas(env: Environment = {}): Promise<Replicas> {
  if (PROXIES) for (const name of ['haproxy', 'pgbouncer']) findProgram(name);
  const database = await createDatabase();
  const pgbouncer = PROXIES ? await startPgbouncer(database.url) : null;
  const start = async (): Promise<Replica> => {
    const service = startService({
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      DATABASE_URL: database.url,
      ...(pgbouncer && {
        DATABASE_URL: pgbouncer.url,
        DATABASE_PREPARE: 'off',
        FEED_NOTIFY: 'off',
      }),
      IM_SDK_APP_ID: '1400000000',
      IM_CALLBACK_TOKENS: TOKEN,
      API_AUTH: 'off',
      API_RATE_LIMIT: '0',
      DRAIN_SECONDS: '0',
      ...env,
    });
    return { ...service, at: await service.url };
  };
  const both = await Promise.all([start(), start()]);
  const urls = both.map(({ at }) => at);
  const haproxy = PROXIES ? await startHaproxy(urls) : null;
  const doors = haproxy ? [haproxy.apiUrl] : urls;
  let turn = 0;
  return {
    both,
    database,
    doors,
    next: () => doors[(turn += 1) % doors.length] ?? '',
    http: supertest.agent(doors[0] ?? ''),
    close: async () => {
      for (const { child } of both) child.kill('SIGKILL');
      await Promise.all(both.map(({ ended }) => ended));
      await haproxy?.close();
      await pgbouncer?.close();
      await database.drop();
    },
  };
}

/** Sends a callback, signed. */
export async function send(
  url: string,
  body: Body,
): Promise<{ readonly text: string; readonly ms: number }> {
  const query = callbackQuery(String(body.CallbackCommand), signed(TOKEN));
  const begun = performance.now();
  const answer = await fetch(`${url}/webhooks/im?${new URLSearchParams(query)}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return { text: await answer.text(), ms: performance.now() - begun };
}

/** Resolves when no callback waits on the disk of a replica. */
export async function allApplied({ both }: Replicas): Promise<void> {
  await until(async () => {
    const answers = await Promise.all(both.map(({ at }) => supertest(at).get('/readyz')));
    return answers.every(({ body }) => body.spooled === 0);
  });
}
