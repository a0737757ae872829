import { readdirSync, readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import supertest from 'supertest';
import { openBrowser, openTab } from '../support/browser.js';
import { createTopicBody, postCallback } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type Service, startService } from '../support/process.js';

const MAX_GZIPPED_BYTES = 60 * 1024;
const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

let database: TestDatabase;
let service: Service;
let url: string;
let browser: Browser;
beforeAll(async () => {
  database = await createDatabase();
  service = startService({ DATABASE_URL: database.url });
  url = await service.url;
  const body = createTopicBody({ GroupId: 'behind', TopicId: 't', Name: 'behind a prefix' });
  await postCallback(supertest.agent(url), body).expect(200);
  browser = await openBrowser();
}, 60_000);
afterAll(async () => {
  await browser.close();
  service.child.kill();
  await service.ended;
  await database.drop();
});

describe('the page', () => {
  it('takes less than 60 KiB, gzipped', () => {
    const files = readdirSync('dist/page', { recursive: true, encoding: 'utf8' });
    const bytes = files
      .filter((file) => /\.\w+$/.test(file))
      .map((file) => gzipSync(readFileSync(`dist/page/${file}`)).length);
    expect(bytes.length).toBeGreaterThan(2);
    expect(bytes.reduce((sum, count) => sum + count)).toBeLessThan(MAX_GZIPPED_BYTES);
  });

  it('is for browsers; programs get a problem document', async () => {
    const page = await fetch(`${url}/`, { headers: { accept: HTML } });
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ]);
    for (const accept of ['*/*', 'application/json']) {
      const problem = await fetch(`${url}/`, { headers: { accept } });
      expect([problem.status, problem.headers.get('content-type')]).toEqual([
        404,
        expect.stringContaining('application/problem+json'),
      ]);
    }
  });

  it('may load nothing from elsewhere, and its assets may be kept', async () => {
    const page = await fetch(`${url}/`, { headers: { accept: HTML } });
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const assets = [...(await page.text()).matchAll(/(?:src|href)="([^"]*assets[^"]*)"/g)];
    expect(assets.length).toBeGreaterThan(1);
    for (const [, address = ''] of assets) {
      expect(address).toMatch(/^\.\//);
      const asset = await fetch(new URL(address, `${url}/`));
      expect([asset.status, asset.headers.get('cache-control')]).toEqual([
        200,
        'public, max-age=31536000, immutable',
      ]);
    }
    const missing = await fetch(`${url}/assets/..%2f..%2fmain.js`);
    expect(missing.status).toBe(404);
  });
});

describe('behind a proxy that strips a prefix', () => {
  let proxy: Server;
  let base: string;
  beforeAll(async () => {
    proxy = createServer((incoming, outgoing) => {
      const { url: path = '', method, headers } = incoming;
      if (!path.startsWith('/mirror/')) return void outgoing.writeHead(404).end();
      const target = request(url + path.slice('/mirror'.length), { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      outgoing.once('close', () => target.destroy());
      target.on('error', () => outgoing.destroy());
      incoming.pipe(target);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = proxy.address();
    base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/mirror`;
  });
  afterAll(() => {
    proxy.closeAllConnections();
    proxy.close();
  });

  it('the page reads and follows', async () => {
    const { page, close } = await openTab(browser, `${base}/#/groups`);
    await page.getByRole('link', { name: 'behind' }).click();
    await page.getByRole('link', { name: 'behind a prefix' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await close();
  });

  it('/docs shows every operation, and tries one', async () => {
    const { page, close } = await openTab(browser, `${base}/docs`);
    await page.getByText('/groups/{groupId}/topics', { exact: true }).first().waitFor();
    const operation = page.locator('.opblock', { hasText: '/readyz' });
    await operation.locator('button').first().click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    await operation.getByText(`${base}/readyz`).first().waitFor();
    await operation.locator('.live-responses-table').getByText('"ready"').waitFor();
    await close();
  });
});
