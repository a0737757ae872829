import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { RequestMethod } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Ajv2020 } from 'ajv/dist/2020.js';
import openapiTS, { astToString } from 'openapi-typescript';
import { Lifecycle } from '../../src/health/lifecycle.js';
import { CALLBACK } from '../../src/openapi/examples.js';
import { startApp, type TestApp } from '../support/app.js';
import { fixture } from '../support/callbacks.js';

const CLIENT = new URL('../generated/openapi.ts', import.meta.url);
// Parts of the page, not of the API.
const ASSETS = ['GET /', 'GET /assets/{name}', 'GET /docs/start.js', 'GET /docs/{part}'];

// Filters have no examples in the document: tried out with them, most mirrors would find nothing.
const FILTERS: Readonly<Record<string, string | Readonly<Record<string, string>>>> = {
  name: 'MyFirstTopic',
  q: 'first',
  ownerAccount: 'leckie',
  operatorAccount: 'group_root',
  deleted: 'include',
  updatedSince: '2026-01-31T12:00:00Z',
  groupId: '@TGS#2J4SZEAEL',
  command: 'Group.CallbackAfterCreateTopic',
  outcome: 'applied',
  since: '2026-01-31T12:00:00Z',
  until: '2026-01-31T12:00:00Z',
  custom: { 'custom.UserDefined1': 'hello' },
};

interface Parameter {
  name: string;
  in: string;
  schema: { example?: unknown };
}
interface Media {
  schema: object;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}
interface Operation {
  operationId: string;
  summary?: string;
  parameters: Parameter[];
  security?: object[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { description: string; content?: Record<string, Media> }>;
}
interface Document {
  openapi: string;
  security: object[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

let mirror: TestApp;
let document: Document;
let operations: { method: string; path: string; operation: Operation }[];
const ajv = new Ajv2020({
  strict: false,
  allErrors: true,
  formats: { 'date-time': true, uri: true },
});

beforeAll(async () => {
  mirror = await startApp();
  await mirror.http
    .post('/webhooks/im')
    .query({ SdkAppid: '1400000000', CallbackCommand: 'Group.CallbackAfterCreateTopic' })
    .send(fixture('cb_after_create_topic'))
    .expect(200);
  document = (await mirror.http.get('/openapi.json').expect(200)).body;
  ajv.addSchema(document, 'openapi');
  operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method, path, operation })),
  );
});
afterAll(() => mirror.close());

it('is OpenAPI 3.1 in which a linter finds nothing', async () => {
  const config = await createConfig({ extends: ['recommended-strict'] });
  const lint = (source: string) => lintFromString({ source, absoluteRef: '/openapi.json', config });
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(await lint(JSON.stringify(document))).toEqual([]);
  expect(await lint(JSON.stringify({ ...document, info: {} }))).not.toEqual([]);
});

it('has every route, and no other', () => {
  const documented = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  expect([...documented, ...ASSETS].toSorted()).toEqual(routesOf(mirror).toSorted());
});

it('tells of every operation what it is for, what it takes and how it fails', () => {
  for (const { operation } of operations) {
    expect(operation.summary).toMatch(/^[A-Z].+/);
    expect(Object.keys(operation.responses)).toContain('200');
    expect(Object.keys(operation.responses).some((status) => Number(status) >= 400)).toBe(true);
  }
});

it('gives examples that are of their schemas', () => {
  let count = 0;
  for (const { operation } of operations) {
    for (const { content = {} } of Object.values(operation.responses)) {
      for (const { schema, example } of Object.values(content)) {
        if (example === undefined) continue;
        expectSchema(schema, example);
        count += 1;
      }
    }
  }
  expect(count).toBeGreaterThan(15);
});

it('has no examples of filters, and the codes of problems as an enumeration', () => {
  const inQuery = operations.flatMap(({ operation }) =>
    operation.parameters.filter((parameter) => parameter.in === 'query'),
  );
  const filters = inQuery.filter(({ name }) => Object.hasOwn(FILTERS, name));
  expect(new Set(filters.map(({ name }) => name))).toEqual(new Set(Object.keys(FILTERS)));
  expect(filters.filter(({ schema }) => schema.example !== undefined)).toEqual([]);
  expect(document.components.schemas.Problem).toMatchObject({
    properties: { code: { enum: expect.arrayContaining(['UNKNOWN_GROUP', 'INTERNAL']) } },
  });
});

it('refuses other fields than those of a topic in a change', () => {
  const isValid = (before: object) =>
    ajv.validate({ $ref: 'openapi#/components/schemas/ChangedFields' }, before);
  expect(isValid({ name: null, createdAt: '2026-01-31T12:00:00Z' })).toBe(true);
  expect(isValid({ groupId: 'g' })).toBe(false);
  expect(isValid({ muteAllMember: 'no' })).toBe(false);
});

it('holds what the service answers: every operation, with each example of a parameter', async () => {
  await mirror.database.query(
    `insert into callbacks (id, query, body, outcome) values ($1, '', '', 'ignored')`,
    [CALLBACK.id],
  );
  let count = 0;
  for (const { method, path, operation } of operations) {
    const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
    const inQuery = operation.parameters.filter((parameter) => parameter.in === 'query');
    const address = inPath.reduce(
      (text, { name, schema }) =>
        text.replace(`{${name}}`, encodeURIComponent(String(schema.example))),
      path,
    );
    const asked =
      method === 'post'
        ? [inQuery.flatMap(pairs)]
        : [[], ...inQuery.map(pairs), inQuery.flatMap(pairs)];
    for (const query of asked) {
      const url = `${address}?${new URLSearchParams(query)}`;
      const request = method === 'post' ? mirror.http.post(url) : mirror.http.get(url);
      const [body] = Object.values(
        operation.requestBody?.content['application/json']?.examples ?? {},
      );
      const answer = await (body ? request.send(JSON.stringify(body.value)) : request);
      expectDocumented(operation, answer);
      expect([url, answer.status]).toEqual([url, 200]);
      count += 1;
    }
  }
  expect(count).toBeGreaterThan(40);
});

describe('the refusals', () => {
  const group = `/groups/${encodeURIComponent('@TGS#2J4SZEAEL')}`;

  it.each([
    ['/groups', '/groups?limit=0', 400],
    ['/groups', '/groups?minSeq=999', 503],
    ['/groups/{groupId}', '/groups/no', 404],
    ['/groups/{groupId}', `/groups/${'x'.repeat(257)}`, 400],
    ['/groups/{groupId}/topics', `${group}/topics?cursor=x`, 400],
    ['/groups/{groupId}/topics', '/groups/no/topics', 404],
    ['/groups/{groupId}/topics/{topicId}', `${group}/topics/no`, 404],
    ['/groups/{groupId}/topics/{topicId}', `${group}/topics/a?asOf=x`, 400],
    ['/groups/{groupId}/topics/{topicId}/history', `${group}/topics/no/history`, 404],
    ['/topics', `/topics?cursor=${'x'.repeat(13_000)}`, 414],
    ['/topics', '/topics?size=1', 400],
    ['/changes', '/changes?after=999', 410],
    ['/changes', '/changes?wait=99', 400],
  ])('of %s are documented (%#)', async (path, url, status) => {
    const operation = document.paths[path]?.get;
    const answer = await mirror.http.get(url);
    expect(answer.status).toBe(status);
    expectDocumented(operation, answer);
  });

  it('of the receiver are documented', async () => {
    const query = 'SdkAppid=1400000000&CallbackCommand=Group.CallbackAfterCreateTopic';
    const operation = document.paths['/webhooks/im']?.post;
    const cases = [
      [mirror.http.post(`/webhooks/im?${query}`).send('{'), 400],
      [mirror.http.post('/webhooks/im?SdkAppid=1').send('{}'), 403],
      [mirror.http.post(`/webhooks/im?${query}`).set('content-encoding', 'gzip').send('{}'), 415],
      [mirror.http.post(`/webhooks/im?${query}`).send('x'.repeat(1024 * 1024 + 1)), 413],
    ] as const;
    for (const [request, status] of cases) {
      const answer = await request;
      expect(answer.status).toBe(status);
      expectDocumented(operation, answer);
    }
  });

  it('of a process that drains are documented', async () => {
    const draining = await startApp();
    draining.app.get(Lifecycle).drain();
    const answer = await draining.http.get('/readyz');
    await draining.close();
    expect(answer.status).toBe(503);
    expectDocumented(document.paths['/readyz']?.get, answer);
  });

  it('without a key come from every guarded operation, and from no other', async () => {
    const sha256 = createHash('sha256').update('secret').digest('hex');
    const guarded = await startApp({ API_KEYS: `tools:${sha256}` });
    for (const { method, path, operation } of operations) {
      if (method !== 'get') continue;
      const answer = await guarded.http.get(path.replaceAll(/[{}]/g, ''));
      const isRefused = answer.status === 401;
      const security = operation.security ?? document.security;
      expect([path, isRefused]).toEqual([path, security.length > 0]);
      expectDocumented(operation, answer);
    }
    await guarded.close();
  });
});

it('is what the client of the tests is made from', async () => {
  const made = `// Made from /openapi.json: OPENAPI_UPDATE=1 npm test -- openapi\n${astToString(
    await openapiTS(JSON.stringify(document)),
  )}`;
  if (process.env.OPENAPI_UPDATE) writeFileSync(CLIENT, made);
  expect(existsSync(CLIENT) && readFileSync(CLIENT, 'utf8')).toBe(made);
});

it('has a page that needs nothing from elsewhere', async () => {
  const page = await mirror.http.get('/docs').expect(200);
  const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => String(match[1]));
  expect(parts).toHaveLength(3);
  for (const part of parts) {
    expect(part).toMatch(/^docs\//);
    const { headers } = await mirror.http.get(`/${part}`).expect(200);
    expect(headers['content-type']).toMatch(/^text\/(css|javascript)/);
  }
  expect(page.headers['content-security-policy']).not.toMatch(/https?:|\*/);
  const { text } = await mirror.http.get('/docs/start.js');
  expect(text).toContain("'openapi.json'");
  await mirror.http.get('/docs/package.json').expect(404);
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

function expectDocumented(operation: Operation | undefined, answer: Answer): void {
  const { status, body, headers } = answer;
  const documented = operation?.responses[status];
  expect([operation?.operationId, status, documented]).not.toContain(undefined);
  const type = String(headers['content-type']).replace(/;.*/, '');
  const media = documented?.content?.[type];
  expect([operation?.operationId, type, Object.keys(documented?.content ?? {})]).toEqual([
    operation?.operationId,
    type,
    expect.arrayContaining([type]),
  ]);
  if (media && type.endsWith('json')) expectSchema(media.schema, body);
  if (type !== 'application/problem+json') return;
  expect(documented?.description).toContain(`\`${codeOf(body)}\``);
}

function codeOf(body: unknown): string {
  return typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : '';
}

function expectSchema(schema: object, value: unknown): void {
  const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/'));
  const isValid = ajv.validate(absolute, value);
  expect(isValid ? [] : [ajv.errors, value]).toEqual([]);
}

function pairs(parameter: Parameter): [string, string][] {
  const { name, schema } = parameter;
  const example = schema.example ?? FILTERS[name];
  if (example === undefined) return [];
  if (typeof example !== 'object' || example === null) return [[name, String(example)]];
  return Object.entries(example).map(([key, value]) => [key, String(value)]);
}

/** What Nest has routed, in the words of OpenAPI. */
function routesOf({ app }: TestApp): string[] {
  const routes: string[] = [];
  for (const { controllers } of app.get(ModulesContainer).values()) {
    for (const { metatype } of controllers.values()) {
      if (typeof metatype !== 'function') continue;
      const prefix = String(Reflect.getMetadata('path', metatype));
      for (const handler of Object.values(Object.getOwnPropertyDescriptors(metatype.prototype))) {
        const method: unknown = handler.value && Reflect.getMetadata('method', handler.value);
        if (typeof method !== 'number') continue;
        for (const path of [Reflect.getMetadata('path', handler.value)].flat()) {
          const address = `/${prefix}/${path}`.replaceAll(/\/+/g, '/').replace(/(.)\/$/, '$1');
          routes.push(`${RequestMethod[method]} ${address.replaceAll(/:(\w+)/g, '{$1}')}`);
        }
      }
    }
  }
  return routes;
}
