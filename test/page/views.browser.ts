import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import supertest from 'supertest';
import { openBrowser, openTab, type Tab } from '../support/browser.js';
import { type Body, createTopicBody, postCallback, signed } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type Service, startService } from '../support/process.js';

const TOKEN = 'token-of-the-console';
const GROUP = '@TGS#_chess';
const EVIL = '<img src=x onerror="document.title=1"><script>document.title=2</script>';

let database: TestDatabase;
let service: Service;
let url: string;
let http: supertest.Agent;
let browser: Browser;
let tab: Tab;
let page: Page;
beforeAll(async () => {
  database = await createDatabase();
  service = startService({ DATABASE_URL: database.url, IM_CALLBACK_TOKENS: TOKEN });
  url = await service.url;
  http = supertest.agent(url);
  browser = await openBrowser();
}, 60_000);
afterAll(async () => {
  await browser.close();
  service.child.kill();
  await service.ended;
  await database.drop();
});
beforeEach(async () => {
  tab = await openTab(browser, `${url}/`);
  ({ page } = tab);
});
afterEach(() => tab.close());

async function send(body: Body): Promise<void> {
  await postCallback(http, body, signed(TOKEN)).expect(200);
}

function topic(TopicId: string, overrides: Body = {}): Body {
  return createTopicBody({ GroupId: GROUP, TopicId, Name: TopicId, ...overrides });
}

function rename(TopicId: string, Name: string): Body {
  return {
    CallbackCommand: 'Group.CallbackAfterTopicInfoChanged',
    GroupId: GROUP,
    TopicId,
    Name,
    Operator_Account: 'ada',
  };
}

async function show(hash: string): Promise<void> {
  await page.goto(`${url}/#/${hash}`);
}

const group = `groups/${encodeURIComponent(GROUP)}`;
const row = (name: string) =>
  page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });

describe('before the first callback', () => {
  it('the status says what to send and what to set', async () => {
    await page.getByRole('heading', { name: 'No callback has arrived yet' }).waitFor();
    const text = await page.locator('main').innerText();
    expect(text).toContain(`${url}/webhooks/im?SdkAppid=1400000000`);
    expect(text).toContain('IM_CALLBACK_TOKENS');
    expect(text).toContain('after group profile changed');
  });
});

describe('a group', () => {
  beforeAll(async () => {
    await send(topic('openings', { UserDefinedDataList: [{ Key: 'level', Value: 'beginner' }] }));
    await send(topic('endgames', { UserDefinedDataList: [{ Key: 'level', Value: 'master' }] }));
  });

  it('is found from the list of groups', async () => {
    await show('groups');
    await page.getByRole('searchbox', { name: 'Id or name' }).fill('CHESS');
    await page.getByRole('link', { name: GROUP }).click();
    await page.getByRole('heading', { level: 1, name: GROUP }).waitFor();
    await row('openings').waitFor();
    expect(await row('openings').innerText()).toContain('beginner');
  });

  it('shows a created topic within a second, and marks it', async () => {
    await show(group);
    await page.getByText('Live', { exact: true }).waitFor();
    const begun = performance.now();
    await send(topic('puzzles'));
    await row('puzzles').waitFor();
    expect(performance.now() - begun).toBeLessThan(1000);
    expect(await row('puzzles').innerText()).toContain('new');
  });

  it('marks a renamed topic with what it was called', async () => {
    await show(group);
    await page.getByText('Live', { exact: true }).waitFor();
    await send(rename('openings', 'gambits'));
    const cell = row('gambits').locator('td.changed').first();
    await cell.waitFor();
    expect(await cell.getAttribute('title')).toBe('was: openings');
    expect(await row('gambits').innerText()).toContain('changed');
    await page.getByRole('button', { name: 'Clear the marks' }).click();
    await cell.waitFor({ state: 'detached' });
    await send(rename('openings', 'openings'));
  });

  it('filters by a custom field, in an address that can be shared', async () => {
    await show(`${group}?custom.level=master`);
    await row('endgames').waitFor();
    expect(await page.getByRole('row').count()).toBe(2);
    await page.getByRole('button', { name: 'Remove the filter level is master' }).click();
    await row('openings').waitFor();
    expect(page.url()).not.toContain('custom');
  });

  it('shows deleted topics on request', async () => {
    await send(topic('blitz'));
    await send({
      CallbackCommand: 'Group.CallbackAfterTopicDestroyed',
      GroupId: GROUP,
      TopicIdList: ['blitz'],
    });
    await show(group);
    await row('endgames').waitFor();
    expect(await row('blitz').count()).toBe(0);
    await page.getByRole('combobox', { name: 'Deleted topics' }).selectOption('include');
    await row('blitz').waitFor();
  });

  it('gives the address of the same question to the API', async () => {
    await show(`${group}?q=END&sort=-updatedAt&custom.level=master`);
    await page.getByText('Ask the API').click();
    const address = await page.locator('.menu pre').innerText();
    const answer = await fetch(address);
    expect(await answer.json()).toMatchObject({ data: [{ topicId: 'endgames' }] });
  });

  it('scrolls through 1,200 topics, of which few are drawn', async () => {
    const ids = Array.from(
      { length: 1200 },
      (_, index) => `topic ${String(index).padStart(4, '0')}`,
    );
    const bodies = ids.map((TopicId) => topic(TopicId, { GroupId: 'large' }));
    while (bodies.length > 0) await Promise.all(bodies.splice(0, 100).map(send));
    await show('groups/large');
    await page.getByText('1200 topics').waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(100);
    await page.locator('.table-region').focus();
    await page.keyboard.press('End');
    await row('topic 1199').waitFor();
  }, 60_000);
});

describe('a topic', () => {
  it('shows its history as differences, and its state after each', async () => {
    await send(topic('studies', { Name: 'first name' }));
    await send(rename('studies', 'second name'));
    await send(rename('studies', 'third name'));
    await show(`${group}/topics/studies`);
    await page.getByRole('heading', { level: 1, name: 'third name' }).waitFor();
    const changes = page.locator('.history > li');
    expect(await changes.count()).toBe(3);
    const second = await changes.nth(1).innerText();
    expect(second).toMatch(/first name\s*→\s*second name/);
    expect(second).toContain('by ada, known from a callback, from RESTAPI');
    await changes.nth(1).getByRole('link', { name: 'The topic after this change' }).click();
    await page.getByRole('heading', { name: 'As it was' }).waitFor();
    expect(await page.locator('.fields').first().innerText()).toContain('second name');
    // Its address alone shows the same.
    await page.reload();
    await page.getByRole('heading', { name: 'As it was' }).waitFor();
    expect(await page.locator('.fields').first().innerText()).toContain('second name');
  });

  it('shows a change while one looks', async () => {
    await show(`${group}/topics/studies`);
    await page.getByText('Live', { exact: true }).waitFor();
    await send(rename('studies', 'fourth name'));
    await page.getByRole('heading', { level: 1, name: 'fourth name' }).waitFor();
  });

  it('stays text where its name is full of HTML', async () => {
    await send(topic('evil', { Name: EVIL, Introduction: EVIL }));
    for (const view of [group, `${group}/topics/evil`, 'activity/changes']) {
      await show(view);
      await page.getByText(EVIL).first().waitFor();
      expect(await page.locator('main img, main script').count()).toBe(0);
      expect(await page.title()).not.toMatch(/^[12]$/);
    }
  });
});

describe('the activity', () => {
  it('shows a callback as it arrives, and opens it', async () => {
    await show('activity/callbacks?groupId=tactical');
    await page.getByText('No callback is like this.').waitFor();
    await send(topic('tactics', { GroupId: 'tactical' }));
    const first = page.getByRole('region', { name: 'Callbacks' }).getByRole('row').nth(1);
    await first.filter({ hasText: 'Topic created' }).filter({ hasText: 'applied' }).waitFor();
    await first.getByRole('link').first().click();
    await page.getByRole('heading', { name: 'Body' }).waitFor();
    const text = await page.locator('main').innerText();
    expect(text).toContain('  "TopicId": "tactics"');
    expect(text).toContain('"ActionStatus":"OK"');
    expect(text).not.toContain('Sign=');
    expect(await page.getByRole('link', { name: 'tactics' }).count()).toBe(1);
  });

  it('names the outcome of a callback about a group that is no community', async () => {
    await send({
      CallbackCommand: 'Group.CallbackAfterCreateGroup',
      GroupId: 'private',
      Type: 'Public',
      Name: 'no community',
    });
    await show('activity/callbacks?outcome=ignored');
    await page.getByText('the group is no community').waitFor();
  });

  it('shows why a callback was refused', async () => {
    await show('activity/refused');
    await postCallback(http, topic('forged'), signed('another token')).expect(403);
    const refused = page.getByRole('region', { name: 'Refused callbacks' });
    await refused.getByText('Topic created').waitFor();
    expect(await refused.innerText()).toMatch(/Sign/i);
  });

  it('pauses and goes on without a hole', async () => {
    await show('activity/changes');
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused', { exact: true }).waitFor();
    for (const id of ['one', 'two', 'three']) await send(topic(`paused ${id}`));
    expect(await page.getByRole('link', { name: /^paused/ }).count()).toBe(0);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByRole('link', { name: 'paused three' }).waitFor();
    expect(await page.getByRole('link', { name: /^paused/ }).allInnerTexts()).toEqual([
      'paused three',
      'paused two',
      'paused one',
    ]);
  });
});
