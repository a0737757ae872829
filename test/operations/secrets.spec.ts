// Secrets of the settings, followed into everything that the built programs write.
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { callbackQuery, createTopicBody, signed } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { run, startService } from '../support/process.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

const CANARY = 'c4n4ry';
const NOWHERE = '127.0.0.1:1';

let database: TestDatabase;
let env: Record<string, string>;
beforeAll(async () => {
  database = await createDatabase();
  env = {
    DATABASE_URL: database.url,
    DATABASE_REPLICA_URL: `postgresql://reader:${CANARY}@${NOWHERE}/replica`,
    LOG_LEVEL: 'trace',
    IM_CALLBACK_TOKENS: `${CANARY}-token,${CANARY}-old`,
    RELAY_URL: `http://relay:${CANARY}@${NOWHERE}/?key=${CANARY}`,
    IM_API_HOST: `http://${NOWHERE}`,
    IM_SECRET_KEY: `${CANARY}-key`,
    API_KEYS: `tools:${createHash('sha256').update(`${CANARY}-api`).digest('hex')}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://user:${CANARY}@${NOWHERE}`,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${CANARY}`,
  };
});
afterAll(() => database.drop());

describe('what was set as a secret is not told', () => {
  it('by the service', async () => {
    const service = startService(env);
    const url = await service.url;
    await until(async () => (await fetch(`${url}/readyz`)).status === 200);
    const good = signed(`${CANARY}-token`);
    for (const sign of [good, { ...good, Sign: CANARY }]) {
      const body = createTopicBody({ GroupId: 'g', TopicId: 't' });
      const query = { ...callbackQuery(String(body.CallbackCommand)), ...sign };
      await fetch(`${url}/?${new URLSearchParams(query)}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
    }
    for (const key of [`${CANARY}-api`, `${CANARY}-wrong`]) {
      await fetch(`${url}/groups?x=${CANARY}`, { headers: { authorization: `Bearer ${key}` } });
      await fetch(`${url}/groups`, { headers: { authorization: `Bearer ${key}` } });
    }
    service.child.kill('SIGTERM');
    const { code, output } = await service.ended;
    expect(code).toBe(0);
    expect(output).toContain('callback refused');
    expect(output).not.toContain(CANARY);
    expect(output).not.toContain(good.Sign);
  });

  it('by the doctor', async () => {
    const { output } = await run(process.execPath, [resolve('dist/cli.js'), 'doctor'], env);
    expect(output).toContain('found');
    expect(output).not.toContain(CANARY);
  });

  it.each([
    ['a wrong password', (url: string) => url.replace(/:\w+@/, `:${CANARY}@`)],
    ['nobody there', () => `postgresql://u:${CANARY}@${NOWHERE}/x`],
    ['a parameter that nobody knows', (url: string) => `${url}?sslpassword=${CANARY}&x=${CANARY}`],
    ['a URL that is none', () => `postgresql://u:${CANARY}@host:port/x`],
  ])('by the doctor about DATABASE_URL: %s', async (_what, urlOf) => {
    const DATABASE_URL = urlOf(database.url);
    const { output } = await run(process.execPath, [resolve('dist/cli.js'), 'doctor'], {
      ...env,
      DATABASE_URL,
    });
    expect(output).not.toContain(CANARY);
  });
});

it('what is open in production is told by the service and by the doctor', async () => {
  const open = {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    DRAIN_SECONDS: '0',
    IM_SDK_APP_ID: '1400000000',
    DATABASE_URL: database.url,
    IM_CALLBACK_AUTH: 'off',
    API_AUTH: 'off',
  };
  const service = startService(open);
  await service.url;
  service.child.kill('SIGTERM');
  const { output } = await service.ended;
  const doctor = await run(process.execPath, [resolve('dist/cli.js'), 'doctor'], open);
  for (const told of [/"open: .*/.exec(output)?.[0], doctor.output]) {
    expect(told).toMatch(/callbacks are accepted unsigned/);
    expect(told).toMatch(/the query API answers without a key/);
  }
});
