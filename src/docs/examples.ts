// Answers as they follow from the vendor's documented sample of `Group.CallbackAfterCreateTopic`.
import type { ProblemDocument } from '../http/problem.js';
import type { GroupAnswer, TopicAnswer } from '../topics/views.js';

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

export const TOPIC: TopicAnswer = {
  groupId: GROUP_ID,
  topicId: TOPIC_ID,
  name: FIELDS.name,
  type: FIELDS.type,
  ownerAccount: FIELDS.ownerAccount,
  operatorAccount: FIELDS.operatorAccount,
  introduction: null,
  notification: null,
  faceUrl: null,
  customString: null,
  muteAllMember: null,
  userDefinedDataList: FIELDS.userDefinedDataList,
  createdAt: AT,
  updatedAt: AT,
  deletedAt: null,
  seq: 1,
};

export const GROUP: GroupAnswer = {
  groupId: GROUP_ID,
  name: null,
  type: 'Community',
  ownerAccount: null,
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

export const PROBLEM: ProblemDocument = {
  type: 'urn:topic-mirror:problem:unknown-group',
  title: 'Not found',
  status: 404,
  code: 'UNKNOWN_GROUP',
  detail: `The mirror knows no group ${JSON.stringify(GROUP_ID)}.`,
  requestId: '1c8f8a36-5c7e-4d0a-8f0e-6f0a3c2b9d11',
};
