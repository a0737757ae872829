import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import supertest from 'supertest';
import { openBrowser, openTab, type Tab } from '../support/browser.js';
import { createTopicBody, postCallback } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type Service, startService } from '../support/process.js';

const KEY = 'key-that-reads-topics';
const KEY_WITH_SCOPE = 'key-that-reads-callbacks';

let database: TestDatabase;
let service: Service;
let url: string;
let browser: Browser;
let tab: Tab;
let page: Page;
beforeAll(async () => {
  database = await createDatabase();
  service = startService({
    DATABASE_URL: database.url,
    API_KEYS: `tools:${sha256(KEY)},support:${sha256(KEY_WITH_SCOPE)}:callbacks`,
  });
  url = await service.url;
  const body = createTopicBody({ GroupId: 'guarded', TopicId: 'secret', Name: 'a secret name' });
  await postCallback(supertest.agent(url), body).expect(200);
  browser = await openBrowser();
}, 60_000);
afterAll(async () => {
  await browser.close();
  service.child.kill();
  await service.ended;
  await database.drop();
});
beforeEach(async () => {
  tab = await openTab(browser, `${url}/#/groups/guarded`);
  ({ page } = tab);
});
afterEach(() => tab.close());

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function enter(key: string): Promise<void> {
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Open' }).click();
}

it.each(['status', 'groups', 'groups/guarded', 'groups/guarded/topics/secret', 'activity/changes'])(
  'shows nothing of %s without a key, and asks for one',
  async (view) => {
    await page.goto(`${url}/#/${view}`);
    await page.getByRole('heading', { name: 'This mirror asks for an API key' }).waitFor();
    expect(await page.locator('main').innerText()).toContain(
      'It is kept in this tab until you close',
    );
    expect(await page.content()).not.toMatch(/secret|1400000000/);
  },
);

it('answers no request for data without a key', async () => {
  const answered: string[] = [];
  page.on('response', (response) => {
    if (response.ok()) answered.push(new URL(response.url()).pathname);
  });
  for (const view of ['status', 'groups', 'groups/guarded', 'activity', 'activity/refused']) {
    await page.goto(`${url}/?${view}#/${view}`);
    await page.getByLabel('API key').waitFor();
  }
  expect([...new Set(answered)].filter((path) => !/^\/(assets\/.*)?$/.test(path))).toEqual([]);
  expect(answered).toContain('/');
});

it.each(['a wrong key', 'ключ'])('explains the wrong key "%s"', async (key) => {
  await enter(key);
  const problem = page.getByRole('alert');
  await problem.waitFor();
  expect(await problem.innerText()).toContain('The server does not know this key');
});

it('keeps the key over a reload, for this tab alone, and forgets it on request', async () => {
  await enter(KEY);
  await page.getByRole('link', { name: 'a secret name' }).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  await page.reload();
  await page.getByRole('link', { name: 'a secret name' }).waitFor();
  expect(await page.context().cookies()).toEqual([]);
  expect(await page.evaluate('localStorage.length')).toBe(0);
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.getByLabel('API key').waitFor();
  await page.getByRole('button', { name: 'Forget the key' }).click();
  await page.getByLabel('API key').waitFor();
  await page.reload();
  await page.getByLabel('API key').waitFor();
});

it('copies curl without the key', async () => {
  await enter(KEY);
  await page.getByText('Ask the API').click();
  const curl = await page.getByRole('button', { name: 'Copy as curl' }).getAttribute('title');
  expect(curl).toContain('-H "Authorization: Bearer $API_KEY"');
  expect(await page.content()).not.toContain(KEY);
});

it('names the scope that a key lacks for callbacks, and shows them to one that has it', async () => {
  await enter(KEY);
  await page.goto(`${url}/#/activity/callbacks`);
  const problem = page.getByRole('alert');
  await problem.waitFor();
  expect(await problem.innerText()).toContain('name:hash:callbacks');
  await page.getByRole('button', { name: 'Forget the key' }).click();
  await enter(KEY_WITH_SCOPE);
  await page.getByRole('region', { name: 'Callbacks' }).getByText('Topic created').waitFor();
});
