// Many large bodies at once, from people who may not send any, against a process of little memory.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { callbackQuery, createTopicBody, OK, signed } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { head, openRaw } from '../support/raw.js';
import { type Service, startService } from '../support/process.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

const TOKEN = 'secret-token-of-the-console';
const MIB = 1024 * 1024;
const CONNECTIONS = 300;

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

describe.each([
  ['unsigned, where callbacks are signed', TOKEN, ''],
  ['where callbacks are not signed', '', 'off'],
])('a flood of large bodies %s', (_what, tokens, auth) => {
  let service: Service;
  beforeAll(() => {
    service = startService({
      DATABASE_URL: database.url,
      IM_CALLBACK_TOKENS: tokens,
      IM_CALLBACK_AUTH: auth,
      BODIES_MAX_BYTES: String(16 * MIB),
      NODE_OPTIONS: '--max-old-space-size=128',
    });
  });
  afterAll(async () => {
    service.child.kill('SIGKILL');
    await service.ended;
  });

  it('ends nothing, hinders no callback and takes little memory', async () => {
    const url = await service.url;
    await until(async () => (await fetch(`${url}/readyz`)).status === 200);
    await post(url);
    const before = peakOf(service);
    const path = `/?${new URLSearchParams(callbackQuery('Group.CallbackAfterCreateTopic'))}`;
    // The last byte never comes.
    const request = Buffer.concat([
      Buffer.from(head('POST', path, { 'content-length': MIB })),
      Buffer.alloc(MIB - 1, ' '),
    ]);
    const flood = await Promise.all(Array.from({ length: CONNECTIONS }, () => openRaw(url)));
    for (const { socket } of flood) socket.write(request);
    for (let index = 0; index < 10; index += 1) {
      const startedAt = performance.now();
      expect(await post(url)).toBe(OK);
      expect(performance.now() - startedAt).toBeLessThan(5_000);
    }
    for (const { socket } of flood) socket.destroy();
    expect(service.child.exitCode).toBeNull();
    expect((peakOf(service) - before) / MIB).toBeLessThan(100);
  });
});

async function post(url: string): Promise<string> {
  const body = createTopicBody({ GroupId: 'g', TopicId: 't' });
  const query = { ...callbackQuery(String(body.CallbackCommand)), ...signed(TOKEN) };
  const answer = await fetch(`${url}/?${new URLSearchParams(query)}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return answer.text();
}

/** The most memory that a process ever had, in bytes. */
function peakOf({ child }: Service): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
