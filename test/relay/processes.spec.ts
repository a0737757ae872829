import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { Environment } from '../../src/config/environment.js';
import { Backend } from '../support/backend.js';
import { callbackQuery, createTopicBody, OK, signed } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { PRODUCTION, type Service, startService } from '../support/process.js';
import { until } from '../support/until.js';

jest.setTimeout(120_000);

const GROUPS = Array.from({ length: 20 }, (_, index) => `g${index}`);
const TOKEN = 'token-of-the-console';

let backend: Backend;
let database: TestDatabase;
let services: Service[];
beforeEach(async () => {
  backend = await Backend.start();
  database = await createDatabase();
  services = [];
});
afterEach(async () => {
  for (const { child } of services) child.kill('SIGKILL');
  await Promise.all(services.map(({ ended }) => ended));
  await backend.close();
  await database.drop();
});

async function start(env: Environment = {}): Promise<{ service: Service; url: string }> {
  const service = startService({
    ...PRODUCTION,
    IM_CALLBACK_AUTH: 'token',
    IM_CALLBACK_TOKENS: TOKEN,
    DATABASE_URL: database.url,
    DRAIN_SECONDS: '0',
    RELAY_URL: backend.url,
    ...env,
  });
  services.push(service);
  return { service, url: await service.url };
}

/** Sends numbered callbacks of every group, in the order of each. @returns what was answered OK, by group. */
async function sendAll(
  urls: () => string,
  numbers: readonly number[],
): Promise<Map<string, string[]>> {
  const sent = new Map<string, string[]>();
  const sendGroup = async (group: string): Promise<void> => {
    for (const number of numbers) {
      const body = createTopicBody({ GroupId: group, TopicId: `${group}-t`, Name: `n${number}` });
      const query = callbackQuery(String(body.CallbackCommand), signed(TOKEN));
      const text = await fetch(`${urls()}/webhooks/im?${new URLSearchParams(query)}`, {
        method: 'POST',
        body: JSON.stringify(body),
      })
        .then((answer) => answer.text())
        .catch(() => null);
      if (text === OK) sent.set(group, [...(sent.get(group) ?? []), `n${number}`]);
    }
  };
  await Promise.all(GROUPS.map(sendGroup));
  return sent;
}

function post(url: string, group: string): Promise<string> {
  const body = createTopicBody({ GroupId: group, TopicId: `${group}-t`, Name: 'n0' });
  const query = callbackQuery(String(body.CallbackCommand), signed(TOKEN));
  return fetch(`${url}/webhooks/im?${new URLSearchParams(query)}`, {
    method: 'POST',
    body: JSON.stringify(body),
  }).then((answer) => answer.text());
}

/** What was accepted of a group for the first time, in order; repeats must go on from an earlier place. */
function firstsOf(group: string): unknown[] {
  return [...new Set(backend.namesOf(group))];
}

/** In the order of the journal: that of arrival, save for what had to be spooled. */
async function journalOf(group: string): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `select convert_from(body, 'UTF8')::json ->> 'Name' as name
       from callbacks where group_id = $1 order by position, id`,
    [group],
  );
  return rows.map(({ name }) => name);
}

/** Expects that every group was delivered, what was answered OK, in the order of the journal. */
async function expectDelivered(sent: readonly Map<string, string[]>[]): Promise<void> {
  for (const group of GROUPS) {
    const names = sent.flatMap((each) => each.get(group) ?? []);
    await until(() => firstsOf(group).length >= names.length, 30_000);
    const journal = await journalOf(group);
    expect(firstsOf(group)).toEqual(journal);
    expect(journal.toSorted()).toEqual(names.toSorted());
  }
}

function repeats(): number {
  const ids = backend.accepted.map(({ id }) => id);
  return ids.length - new Set(ids).size;
}

/** What the relay logged as a warning or an error. */
function warningsIn(output: string): string[] {
  return output
    .split('\n')
    .filter((line) => /"level":"(warn|error)".*"context":"Relay"/.test(line));
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index);

it('kill -9 in the middle loses nothing, and keeps the order of each group', async () => {
  backend.reply = () => ({ delayMs: 3 });
  const first = await start();
  const before = await sendAll(() => first.url, range(0, 30));
  expect(backend.accepted.length).toBeGreaterThan(0);
  first.service.child.kill('SIGKILL');
  const acceptedBefore = backend.accepted.length;
  expect(acceptedBefore).toBeLessThan(600);
  await first.service.ended;
  const second = await start();
  const after = await sendAll(() => second.url, range(30, 40));
  expect([...before.values(), ...after.values()].flat()).toHaveLength(800);
  await expectDelivered([before, after]);
  // At most what was not recorded yet.
  expect(repeats()).toBeLessThan(acceptedBefore);
});

it('a process that ends in good order repeats nothing', async () => {
  backend.reply = () => ({ delayMs: 3 });
  const first = await start();
  await sendAll(() => first.url, range(0, 20));
  first.service.child.kill('SIGTERM');
  const { code, output } = await first.service.ended;
  expect({ code, warnings: warningsIn(output) }).toEqual({ code: 0, warnings: [] });
  const acceptedBefore = backend.accepted.length;
  const second = await start();
  await until(() => GROUPS.every((group) => firstsOf(group).length === 20), 30_000);
  expect(acceptedBefore).toBeGreaterThan(0);
  expect(backend.received).toHaveLength(400);
  expect(second.url).toBeTruthy();
});

it('a process that ends before a slow group is delivered repeats nothing of it', async () => {
  backend.reply = ({ json }) => ({ delayMs: json.GroupId === 'g0' ? 1_000 : 3 });
  const limits = { RELAY_MAX_PER_SECOND: '40' };
  const first = await start(limits);
  await sendAll(() => first.url, range(0, 20));
  first.service.child.kill('SIGTERM');
  expect((await first.service.ended).code).toBe(0);
  expect(backend.accepted.length).toBeLessThan(380);
  backend.reply = () => ({});
  const second = await start();
  await until(() => GROUPS.every((group) => firstsOf(group).length === 20), 30_000);
  // A repeat would come with the pause of a group that is set aside.
  await post(second.url, 'last');
  await until(async () => {
    const [left] = await database.query<{ count: string }>('select count(*) from relay_backlog');
    return left?.count === '0' && backend.namesOf('last').length > 0;
  });
  expect(repeats()).toBe(0);
});

it('a process that stops waits for answers of a slow backend, and repeats nothing', async () => {
  backend.reply = () => ({ delayMs: 3_000 });
  const first = await start();
  await sendAll(() => first.url, range(0, 1));
  await until(() => backend.received.length > 0);
  first.service.child.kill('SIGTERM');
  expect((await first.service.ended).code).toBe(0);
  const second = await start();
  await until(() => GROUPS.every((group) => firstsOf(group).length === 1), 30_000);
  expect(backend.received).toHaveLength(20);
  expect(second.url).toBeTruthy();
});

it('of two replicas one relays, and the other takes over when it is killed', async () => {
  backend.reply = () => ({ delayMs: 3 });
  const [one, other] = await Promise.all([start(), start()]);
  let turn = 0;
  const both = () => ((turn += 1) % 2 === 0 ? one.url : other.url);
  const active = async ({ url }: { url: string }) =>
    /^topicmirror_relay_active 1$/m.test(await (await fetch(`${url}/metrics`)).text());
  const before = await sendAll(both, range(0, 20));
  await until(() => GROUPS.every((group) => firstsOf(group).length === 20), 30_000);
  expect(repeats()).toBe(0);
  const isOne = await active(one);
  expect(await active(other)).toBe(!isOne);
  const [relaying, standby] = isOne ? [one, other] : [other, one];

  const sending = sendAll(() => standby.url, range(20, 60));
  await until(() => firstsOf('g0').length > 25);
  relaying.service.child.kill('SIGKILL');
  const sent = await sending;
  await expectDelivered([before, sent]);
});
