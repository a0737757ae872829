// Every view, light and dark, wide and narrow. SCREENSHOTS_UPDATE=1 writes those of the documentation.
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import supertest from 'supertest';
import { accessibilityProblems, openBrowser, openTab } from '../support/browser.js';
import { type Body, createTopicBody, postCallback, signed } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type Service, startService } from '../support/process.js';
import {
  MAIN_GROUP,
  MAIN_TOPIC,
  sampleCallbacks,
  sampleNews,
} from '../support/sample-communities.js';

const SCREENSHOTS = 'docs/screenshots';
const TOKEN = 'token-of-the-console';
const PLATFORMS = ['Android', 'iOS', 'Web', 'RESTAPI'];
const NARROW = { width: 360, height: 740 };
const group = `groups/${encodeURIComponent(MAIN_GROUP)}`;
const topic = `${group}/topics/${encodeURIComponent(MAIN_TOPIC)}`;

/** Each view, and a text that is there once it is drawn. */
const VIEWS: Readonly<Record<string, readonly [hash: string, drawn: string]>> = {
  status: ['status', 'Reconciliation'],
  groups: ['groups', 'Trail runners'],
  group: [group, 'Patch notes'],
  topic: [topic, 'Raid planning'],
  activity: ['activity/callbacks', 'group made stale'],
  refused: ['activity/refused', 'The last'],
  changes: ['activity/changes', 'Known from'],
  nowhere: ['nowhere', 'No such view'],
};

let database: TestDatabase;
let service: Service;
let url: string;
let http: supertest.Agent;
let browser: Browser;
beforeAll(async () => {
  database = await createDatabase();
  service = startService({ DATABASE_URL: database.url, IM_CALLBACK_TOKENS: TOKEN });
  url = await service.url;
  http = supertest.agent(url);
  for (const [index, body] of sampleCallbacks().entries()) await send(body, index);
  await postCallback(http, createTopicBody(), signed('another token')).expect(403);
  await postCallback(http, createTopicBody(), signed(TOKEN, 1_700_000_000)).expect(403);
  browser = await openBrowser();
}, 60_000);
afterAll(async () => {
  await browser.close();
  service.child.kill();
  await service.ended;
  await database.drop();
});

async function send(body: Body, index: number): Promise<void> {
  const OptPlatform = PLATFORMS[index % PLATFORMS.length] ?? '';
  await postCallback(http, body, { OptPlatform, ...signed(TOKEN) }).expect(200);
}

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  it.each(Object.keys(VIEWS))('%s has nothing that axe finds fault with', async (name) => {
    const { page, close } = await open(name, { colorScheme });
    expect(await accessibilityProblems(page)).toEqual([]);
    await close();
  });
});

it.each(Object.keys(VIEWS))('%s fits into 360 pixels', async (name) => {
  const { page, close } = await open(name, { viewport: NARROW });
  const width = await page.evaluate('document.documentElement.scrollWidth');
  expect(width).toBe(NARROW.width);
  expect(await accessibilityProblems(page)).toEqual([]);
  await close();
});

it('a callback that is opened has nothing that axe finds fault with', async () => {
  const { page, close } = await open('activity', {});
  await page.locator('tbody a').first().click();
  await page.getByRole('heading', { name: 'Body' }).waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await close();
});

it('goes by keyboard: past the navigation, into a group, to its topics', async () => {
  const { page, close } = await open('groups', {});
  await page.reload();
  await page.getByText('Trail runners').waitFor();
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe('Skip to the content');
  await page.keyboard.press('Enter');
  for (let press = 0; press < 12 && (await focused(page)) !== 'Trail runners'; press += 1) {
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Trail runners' }).waitFor();
  await page.waitForFunction('document.activeElement.id === "main"');
  await close();
});

if (process.env.SCREENSHOTS_UPDATE) {
  it('screenshots', async () => {
    const { page, close } = await openTab(browser, `${url}/`);
    for (const name of ['status', 'groups', 'group', 'topic', 'activity']) {
      await show(page, name);
      if (name === 'group') await shootLive(page);
      else await shoot(page, name);
    }
    await close();
    const dark = await open('topic', { colorScheme: 'dark' });
    await shoot(dark.page, 'topic-dark');
    await dark.close();
    expect(readdirSync(SCREENSHOTS)).toHaveLength(6);
  }, 60_000);
}

/** With what changes while one looks. */
async function shootLive(page: Page): Promise<void> {
  await page.getByText('Live', { exact: true }).waitFor();
  for (const [index, body] of sampleNews().entries()) await send(body, index);
  await page.getByText('3 changed since you look').waitFor();
  // The colour of what has just arrived fades.
  await page.waitForTimeout(2_500);
  await shoot(page, 'group');
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${SCREENSHOTS}/${name}.png` });
}

async function open(name: string, options: Parameters<typeof openTab>[2]) {
  const tab = await openTab(browser, `${url}/`, options);
  await show(tab.page, name);
  return tab;
}

async function show(page: Page, name: string): Promise<void> {
  const [hash, drawn] = VIEWS[name] ?? ['', ''];
  await page.goto(`${url}/#/${hash}`);
  await page.getByText(drawn).filter({ visible: true }).first().waitFor();
}

function focused(page: Page): Promise<unknown> {
  return page.evaluate('document.activeElement.textContent');
}
