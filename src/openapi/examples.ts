// Responses as they follow from the vendor's documented sample of `Group.CallbackAfterCreateTopic`.
import type { ProblemDocument } from '../http/problem.js';
import {
  GROUP_FIELDS,
  type GroupFields,
  TOPIC_FIELDS,
  type TopicFields,
} from '../topics/domain/fields.js';

export const GROUP_ID = '@TGS#2J4SZEAEL';
export const TOPIC_ID = '@TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_@TOPIC#cRTE3HIM62C5';

export const CALLBACK_QUERY = {
  SdkAppid: '1400000000',
  CallbackCommand: 'Group.CallbackAfterCreateTopic',
  contenttype: 'json',
  ClientIP: '127.0.0.1',
  OptPlatform: 'RESTAPI',
};

export const CALLBACK_BODY = {
  CallbackCommand: 'Group.CallbackAfterCreateTopic',
  GroupId: GROUP_ID,
  TopicId: TOPIC_ID,
  Operator_Account: 'group_root',
  Owner_Account: 'leckie',
  Type: 'Community',
  Name: 'MyFirstTopic',
  UserDefinedDataList: [
    { Key: 'UserDefined1', Value: 'hello' },
    { Key: 'UserDefined2', Value: 'world' },
  ],
};

const AT = '2026-01-31T12:00:00.000Z';
const FIELDS = {
  name: 'MyFirstTopic',
  type: 'Community',
  ownerAccount: 'leckie',
  operatorAccount: 'group_root',
  userDefinedDataList: [
    { key: 'UserDefined1', value: 'hello' },
    { key: 'UserDefined2', value: 'world' },
  ],
  createdAt: AT,
};

export const TOPIC = {
  groupId: GROUP_ID,
  topicId: TOPIC_ID,
  ...unknown<TopicFields>(TOPIC_FIELDS),
  ...FIELDS,
  updatedAt: AT,
  deletedAt: null,
  seq: 1,
};

export const GROUP = {
  groupId: GROUP_ID,
  ...unknown<GroupFields>(GROUP_FIELDS),
  type: 'Community',
  state: 'hooked',
  verifiedAt: null,
  staleSince: null,
  staleReason: null,
  lastCallbackAt: AT,
  topicCount: 1,
  seq: 1,
  destroyedAt: null,
};

export const CHANGE = {
  seq: 1,
  groupId: GROUP_ID,
  topicId: TOPIC_ID,
  kind: 'created',
  origin: 'callback',
  at: AT,
  operatorAccount: 'group_root',
  platform: 'RESTAPI',
  before: {},
  after: FIELDS,
};

export const CALLBACK = {
  id: '0064aac1-fa20-8000-9000-0242ac120002',
  at: AT,
  command: CALLBACK_BODY.CallbackCommand,
  groupId: GROUP_ID,
  outcome: 'applied',
  platform: CALLBACK_QUERY.OptPlatform,
  firstSeq: 1,
  lastSeq: 1,
  bodyBytes: JSON.stringify(CALLBACK_BODY).length,
};

export const CALLBACK_DETAIL = {
  ...CALLBACK,
  query: new URLSearchParams(CALLBACK_QUERY).toString(),
  body: JSON.stringify(CALLBACK_BODY),
  bodyBase64: null,
  answer: { status: 200, body: '{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}' },
  changes: [CHANGE],
};

export const STATUS = {
  version: '0.1.0',
  startedAt: AT,
  now: AT,
  status: 'ready',
  ready: true,
  production: true,
  sdkAppId: CALLBACK_QUERY.SdkAppid,
  database: { up: true, version: '18.1', replica: { up: true, lagSeconds: 0 } },
  callbacks: {
    signed: true,
    lastAt: AT,
    any: true,
    received: { total: 1, byOutcome: [{ outcome: 'applied', count: 1 }] },
  },
  restApi: {
    configured: true,
    reachable: true,
    lastOkAt: AT,
    lastErrorAt: null,
    lastError: null,
  },
  spool: { records: 0, bytes: 0, maxBytes: 1_073_741_824, damaged: 0, setAsideFiles: 0 },
  relay: { configured: true, running: true, waiting: 0, oldestAt: null, setAside: 0 },
  groups: { hooked: 0, verified: 1, stale: 0, destroyed: 0 },
  oldestVerifiedAt: AT,
  repairsToday: [{ kind: 'created', count: 0 }],
  feed: { subscribers: 0 },
  rejections: {
    byReason: [{ reason: 'wrong Sign', count: 1 }],
    latest: [
      {
        at: AT,
        reason: 'wrong Sign',
        message: 'The callback is signed with another token: compare IM_CALLBACK_TOKENS with it.',
        command: CALLBACK_BODY.CallbackCommand,
        from: '192.0.2.1',
      },
    ],
  },
  findings: [
    {
      level: 'warning',
      code: 'NO_REST_API',
      message: 'no REST API is set: what callbacks leave out or lose stays unknown',
      advice: 'set IM_API_HOST and IM_SECRET_KEY',
    },
  ],
};

export const PROBLEM: ProblemDocument = {
  type: 'urn:topic-mirror:problem:unknown-group',
  title: 'Not found',
  status: 404,
  code: 'UNKNOWN_GROUP',
  detail: `The mirror knows no group ${JSON.stringify(GROUP_ID)}.`,
  requestId: '1c8f8a36-5c7e-4d0a-8f0e-6f0a3c2b9d11',
};

/** Every field `null`. */
function unknown<Fields extends object>(fields: Readonly<Record<keyof Fields, unknown>>) {
  return Object.fromEntries(Object.keys(fields).map((name) => [name, null])) as {
    [Name in keyof Fields]: null;
  };
}
