// A client that was generated from /openapi.json, as a user of the query API would do it.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import createClient, { type Client } from 'openapi-fetch';
import type { paths } from '../generated/openapi.js';
import { startApp, type TestApp } from '../support/app.js';
import { fixture } from '../support/callbacks.js';

let mirror: TestApp;
let client: Client<paths>;
const groupId = '@TGS#2J4SZEAEL';
const topicId = '@TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_@TOPIC#cRTE3HIM62C5';
const inGroup = { path: { groupId } };
const ofTopic = { path: { groupId, topicId } };

beforeAll(async () => {
  mirror = await startApp();
  client = createClient<paths>({
    baseUrl: mirror.url,
    // As the document describes `custom`: each member of the object is a parameter.
    querySerializer: { object: { style: 'form', explode: true } },
  });
});
afterAll(() => mirror.close());

it('sends a callback', async () => {
  const { data } = await client.POST('/webhooks/im', {
    params: {
      query: { SdkAppid: '1400000000', CallbackCommand: 'Group.CallbackAfterCreateTopic' },
    },
    body: JSON.parse(fixture('cb_after_create_topic')),
  });
  expect(data?.ActionStatus).toBe('OK');
  const probe = await client.POST('/', { params: { query: { SdkAppid: '1' } }, body: {} });
  expect(probe.error?.ActionStatus).toBe('FAIL');
});

it('reads groups and topics', async () => {
  const groups = await client.GET('/groups', { params: { query: { limit: 10 } } });
  expect(groups.data?.data.map((group) => group.groupId)).toEqual([groupId]);
  const group = await client.GET('/groups/{groupId}', { params: inGroup });
  expect(group.data?.state).toBe('hooked');
  const topic = await client.GET('/groups/{groupId}/topics/{topicId}', { params: ofTopic });
  expect(topic.data?.userDefinedDataList?.map(({ key }) => key)).toEqual([
    'UserDefined1',
    'UserDefined2',
  ]);
});

it('lists topics by order and filters', async () => {
  const query = {
    sort: '-name',
    fields: 'topicId,name',
    q: 'FIRST',
    custom: { 'custom.UserDefined1': 'hello' },
  } as const;
  const inside = await client.GET('/groups/{groupId}/topics', { params: { ...inGroup, query } });
  expect(inside.data?.data).toEqual([{ topicId, name: 'MyFirstTopic' }]);
  expect(inside.data?.group.topicCount).toBe(1);
  const all = await client.GET('/topics', { params: { query } });
  expect(all.data).toEqual({ data: inside.data?.data, nextCursor: null });
  const other = await client.GET('/topics', {
    params: { query: { custom: { 'custom.UserDefined1': 'other' } } },
  });
  expect(other.data?.data).toEqual([]);
});

it('spares what it knows', async () => {
  const { response } = await client.GET('/groups/{groupId}', { params: inGroup });
  const header = { 'If-None-Match': response.headers.get('etag') ?? '' };
  const again = await client.GET('/groups/{groupId}', { params: { ...inGroup, header } });
  expect(again.response.status).toBe(304);
});

it('reads history and changes', async () => {
  const history = await client.GET('/groups/{groupId}/topics/{topicId}/history', {
    params: ofTopic,
  });
  const { data } = await client.GET('/changes', { params: { query: { after: 0 } } });
  // A stream would be text.
  const changes = typeof data === 'object' ? data : undefined;
  expect(changes?.data.map(({ kind }) => kind)).toEqual(['created']);
  expect(history.data?.data).toEqual(changes?.data);
  expect(changes?.nextAfter).toBe(changes?.data[0]?.seq);
});

it('tells problems by their code', async () => {
  const { error } = await client.GET('/groups/{groupId}', { params: { path: { groupId: 'no' } } });
  expect(error?.code).toBe('UNKNOWN_GROUP');
});

it('asks how the service is', async () => {
  expect((await client.GET('/livez')).data).toEqual({ status: 'live' });
  expect((await client.GET('/readyz')).data?.database).toBe('up');
  expect((await client.GET('/metrics', { parseAs: 'text' })).data).toContain('topicmirror_');
  expect((await client.GET('/docs', { parseAs: 'text' })).data).toContain('<html');
  expect((await client.GET('/openapi.json')).data).toMatchObject({
    info: { license: { name: 'MIT' } },
  });
});
