import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import supertest from 'supertest';
import { openBrowser, openTab } from '../support/browser.js';
import { createTopicBody, postCallback } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { freePort } from '../support/own-server.js';
import { type Service, startService } from '../support/process.js';

const GROUP = 'restarted';

let database: TestDatabase;
let browser: Browser;
let port: number;
let service: Service;
beforeAll(async () => {
  database = await createDatabase();
  browser = await openBrowser();
  port = await freePort();
}, 60_000);
afterAll(async () => {
  await browser.close();
  service.child.kill();
  await service.ended;
  await database.drop();
});

async function start(): Promise<string> {
  service = startService({ DATABASE_URL: database.url, PORT: String(port) });
  return service.url;
}

it('goes on after a restart of the service, without a hole and without a repeat', async () => {
  const url = await start();
  await create('topic 0');
  const list = await openTab(browser, `${url}/#/groups/${GROUP}`);
  const feed = await openTab(browser, `${url}/#/activity/changes`);
  const callbacks = await openTab(browser, `${url}/#/activity/callbacks`);
  const tabs = [list, feed, callbacks];
  for (const { page } of tabs) await page.getByText('Live', { exact: true }).waitFor();
  const names = Array.from({ length: 40 }, (_, index) => `topic ${index}`);
  for (const name of names.slice(1, 20)) await create(name);
  service.child.kill('SIGKILL');
  await service.ended;
  for (const { page } of tabs) await page.getByText('Connection lost').waitFor();
  await start();
  for (const name of names.slice(20)) await create(name);
  const newest = names.toReversed();
  for (const { page } of [list, feed]) await page.getByRole('link', { name: 'topic 39' }).waitFor();
  await list.page.getByText('40 topics').waitFor();
  const shown = await feed.page.getByRole('link', { name: /^topic \d/ }).allInnerTexts();
  expect(shown.length).toBeGreaterThan(20);
  expect(shown).toEqual(newest.slice(0, shown.length));
  expect(await feed.page.getByRole('table').getAttribute('aria-rowcount')).toBe('41');
  await callbacks.page.locator('table[aria-rowcount="41"]').waitFor();
  for (const tab of tabs) await tab.close();

  async function create(name: string): Promise<void> {
    const body = createTopicBody({ GroupId: GROUP, TopicId: name, Name: name });
    await postCallback(supertest.agent(`http://127.0.0.1:${port}`), body).expect(200);
  }
}, 120_000);
