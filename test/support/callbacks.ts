import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type supertest from 'supertest';

export const APP_ID = '1400000000';
export const OK = '{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}';

/** A body as the vendor documents it, byte for byte. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8');
}

export type Body = Record<string, unknown>;

/** `Group.CallbackAfterCreateTopic`, with whatever a test names. */
export function createTopicBody(overrides: Body = {}): Body {
  return {
    CallbackCommand: 'Group.CallbackAfterCreateTopic',
    GroupId: '@TGS#_@TGS#cQVLVHIM62CJ',
    TopicId: '@TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_TestTopic',
    Operator_Account: 'group_root',
    Owner_Account: 'leckie',
    Type: 'Community',
    Name: 'TestTopic',
    ...overrides,
  };
}

/** The query the vendor appends, without a signature. */
export function callbackQuery(command: string, overrides: Record<string, string> = {}) {
  return {
    SdkAppid: APP_ID,
    CallbackCommand: command,
    contenttype: 'json',
    ClientIP: '127.0.0.1',
    OptPlatform: 'RESTAPI',
    ...overrides,
  };
}

/** `Sign` and `RequestTime` by the vendor's rule: hex sha256 of token and time. */
export function signed(token: string, requestTime = Math.floor(Date.now() / 1000)) {
  const RequestTime = String(requestTime);
  return {
    RequestTime,
    Sign: createHash('sha256')
      .update(token + RequestTime)
      .digest('hex'),
  };
}

/** Posts a body as the vendor does: JSON bytes without a content type. */
export function postCallback(
  http: supertest.Agent,
  body: Body,
  query: Record<string, string> = {},
): supertest.Test {
  return http
    .post('/webhooks/im')
    .query(callbackQuery(String(body.CallbackCommand), query))
    .type('application/json')
    .send(JSON.stringify(body));
}

/** Path of a group, its id percent-encoded. */
export function groupPath(groupId: string): string {
  return `/groups/${encodeURIComponent(groupId)}`;
}

export function topicPath(groupId: string, topicId: string): string {
  return `${groupPath(groupId)}/topics/${encodeURIComponent(topicId)}`;
}
