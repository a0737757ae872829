// The REST commands: reads a request, calls the vendor, shapes the response. Sources: documents
// 1047/49471, /49469, /49468, /49470, /53448 (topics), /34895, /34896, /34960, /34961 (groups).
import { CODE, type Group, Refusal, type Topic } from './state.js';
import type { Vendor } from './vendor.js';
import type { VendorView } from './past.js';

export type Wire = Readonly<Record<string, unknown>>;

type Handle<V> = (vendor: V, body: Wire) => Record<string, unknown>;

/** A command, with how many calls per second the vendor allows. */
export type RestCommand =
  | { readonly kind: 'read'; readonly handle: Handle<VendorView>; readonly callsPerSecond: number }
  | { readonly kind: 'write'; readonly handle: Handle<Vendor>; readonly callsPerSecond: number };

const TOPICS = 'million_group_open_http_svc';
const GROUPS = 'group_open_http_svc';
const MAX_GROUPS_PER_CALL = 50;
const MAX_PAGE = 10_000;
// Far above what 32 bits or a double hold: a reader that loses digits loses its place.
const NEXT_BASE = 9_223_372_036_854_775_809n;
const GROUP_TYPES = ['Public', 'Private', 'ChatRoom', 'AVChatRoom', 'BChatRoom', 'Community'];

export const COMMANDS: ReadonlyMap<string, RestCommand> = new Map<string, RestCommand>([
  [`${TOPICS}/create_topic`, { kind: 'write', handle: createTopic, callsPerSecond: 200 }],
  [`${TOPICS}/modify_topic`, { kind: 'write', handle: modifyTopic, callsPerSecond: 200 }],
  [`${TOPICS}/destroy_topic`, { kind: 'write', handle: destroyTopic, callsPerSecond: 200 }],
  [`${TOPICS}/get_topic`, { kind: 'read', handle: getTopic, callsPerSecond: 200 }],
  [`${TOPICS}/import_topic`, { kind: 'write', handle: importTopic, callsPerSecond: 200 }],
  [`${GROUPS}/import_topic`, { kind: 'write', handle: importTopic, callsPerSecond: 200 }],
  [`${GROUPS}/create_group`, { kind: 'write', handle: createGroup, callsPerSecond: 200 }],
  [`${GROUPS}/destroy_group`, { kind: 'write', handle: destroyGroup, callsPerSecond: 200 }],
  [`${GROUPS}/get_group_info`, { kind: 'read', handle: getGroupInfo, callsPerSecond: 200 }],
  [`${GROUPS}/get_appid_group_list`, { kind: 'read', handle: getGroupList, callsPerSecond: 1 }],
]);

function createTopic(vendor: Vendor, body: Wire) {
  const topic = vendor.createTopic(groupIdOf(body), newTopic(body), fromAccount(body));
  return { TopicId: topic.topicId };
}

function importTopic(vendor: Vendor, body: Wire) {
  const createTime = typeof body.CreateTime === 'number' ? { createTime: body.CreateTime } : {};
  const topic = vendor.importTopic(groupIdOf(body), { ...newTopic(body), ...createTime });
  return { TopicId: topic.topicId };
}

function modifyTopic(vendor: Vendor, body: Wire) {
  const mute = optional(body, 'MuteAllMember');
  if (mute !== undefined && mute !== 'On' && mute !== 'Off') throw invalid('MuteAllMember');
  const patch = mute === undefined ? texts(body) : { ...texts(body), muteAllMember: mute === 'On' };
  vendor.changeTopic(groupIdOf(body), required(body, 'TopicId'), patch, fromAccount(body));
  return {};
}

function destroyTopic(vendor: Vendor, body: Wire) {
  const topicIds = textList(body, 'TopicIdList');
  if (topicIds === undefined) throw invalid('TopicIdList');
  const codes = vendor.destroyTopics(groupIdOf(body), topicIds);
  const items = topicIds.map((TopicId, index) => ({ ...status(codes[index] ?? 0), TopicId }));
  return { DestroyResultItem: items };
}

function getTopic(vendor: VendorView, body: Wire) {
  const group = vendor.topicGroup(groupIdOf(body));
  required(body, 'From_Account');
  const wanted = textList(body, 'TopicIdList') ?? [...group.topics.keys()];
  const filter = textList(body, 'ResponseFilter');
  return { TopicAndSelfInfo: wanted.map((topicId) => topicItem(group, topicId, filter)) };
}

function topicItem(group: Group, topicId: string, filter: readonly string[] | undefined) {
  const topic = group.topics.get(topicId);
  const ids = { TopicId: topicId, GroupID: group.groupId };
  if (!topic) return { ...status(CODE.topicGone), TopicInfo: ids };
  const info = filtered(topicInfo(topic), filter);
  return {
    ...status(0),
    SelfInfo: { ShutUpTime: 0, MsgSeq: 0, MsgFlag: 'AcceptAndNotify' },
    TopicInfo: { ...info, ...ids },
  };
}

function topicInfo(topic: Topic) {
  return {
    TopicName: topic.name,
    FaceUrl: topic.faceUrl,
    NextMsgSeq: 1,
    Notification: topic.notification,
    Introduction: topic.introduction,
    CreateTime: topic.createTime,
    LastMsgTime: 0,
    MuteAllMember: topic.muteAllMember ? 'On' : 'Off',
    CustomString: topic.customString,
  };
}

function createGroup(vendor: Vendor, body: Wire) {
  const type = required(body, 'Type');
  if (!GROUP_TYPES.includes(type)) throw invalid('Type');
  const groupId = optional(body, 'GroupId');
  const group = vendor.createGroup({
    type,
    name: required(body, 'Name'),
    ownerAccount: optional(body, 'Owner_Account') ?? '',
    supportsTopics: type === 'Community' && body.SupportTopic === 1,
    ...(groupId === undefined ? {} : { groupId }),
  });
  return { GroupId: group.groupId, Type: type };
}

function destroyGroup(vendor: Vendor, body: Wire) {
  vendor.destroyGroup(groupIdOf(body));
  return {};
}

function getGroupInfo(vendor: VendorView, body: Wire) {
  const groupIds = textList(body, 'GroupIdList');
  if (groupIds === undefined || groupIds.length === 0 || groupIds.length > MAX_GROUPS_PER_CALL) {
    throw invalid('GroupIdList');
  }
  const filters = isWire(body.ResponseFilter) ? body.ResponseFilter : {};
  const filter = textList(filters, 'GroupBaseInfoFilter');
  return { GroupInfo: groupIds.map((groupId) => groupItem(vendor, groupId, filter)) };
}

function groupItem(vendor: VendorView, groupId: string, filter: readonly string[] | undefined) {
  try {
    const group = vendor.group(groupId);
    return { GroupId: groupId, ...status(0), ...filtered(groupInfo(group), filter) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { GroupId: groupId, ...status(error.code, error.message) };
  }
}

function groupInfo(group: Group) {
  return {
    Type: group.type,
    Name: group.name,
    Introduction: '',
    Notification: '',
    FaceUrl: '',
    Owner_Account: group.ownerAccount,
    CreateTime: group.createTime,
    MemberNum: 1,
    MuteAllMember: 'Off',
    // What a caller gets who does not filter.
    MemberList: [{ Member_Account: group.ownerAccount, Role: 'Owner' }],
  };
}

function getGroupList(vendor: VendorView, body: Wire) {
  const type = optional(body, 'GroupType') ?? null;
  if (type !== null && !GROUP_TYPES.includes(type)) throw invalid('GroupType');
  const limit = body.Limit ?? MAX_PAGE;
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
    throw invalid('Limit');
  }
  const { groupIds, next } = vendor.listGroups(type, placeOf(body.Next), limit);
  return {
    TotalCount: vendor.countGroups(type),
    GroupIdList: groupIds.map((GroupId) => ({ GroupId })),
    Next: next === null ? '0' : String(NEXT_BASE + BigInt(next)),
  };
}

/** `Next` of a request arrives as its digits. */
function placeOf(next: unknown): number {
  if (next === undefined || next === '0') return 0;
  const place = typeof next === 'string' && /^\d+$/.test(next) ? BigInt(next) - NEXT_BASE : -1n;
  if (place < 0n || place > 2n ** 32n) throw invalid('Next');
  return Number(place);
}

/** Reads a request; `Next` keeps all its digits, as a text. */
export function parseRequest(json: string): Wire {
  const parsed: unknown = JSON.parse(json.replace(/"Next"\s*:\s*(\d+)/, '"Next":"$1"'));
  if (!isWire(parsed)) throw new SyntaxError('not an object');
  return parsed;
}

/** Writes an answer; `Next`, a text of digits, becomes the number it is. */
export function writeAnswer(answer: Record<string, unknown>): string {
  return JSON.stringify(answer).replace(/"Next":"(\d+)"/, '"Next":$1');
}

export function status(code: number, info = code === 0 ? 'ok' : `error ${code}`) {
  return { ErrorCode: code, ErrorInfo: info };
}

function newTopic(body: Wire) {
  const topicId = optional(body, 'TopicId');
  required(body, 'TopicName');
  return topicId === undefined ? texts(body) : { ...texts(body), topicId };
}

function texts(body: Wire) {
  const named = {
    name: optional(body, 'TopicName'),
    introduction: optional(body, 'Introduction'),
    notification: optional(body, 'Notification'),
    faceUrl: optional(body, 'FaceUrl'),
    customString: optional(body, 'CustomString'),
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

function groupIdOf(body: Wire): string {
  return required(body, 'GroupId');
}

function fromAccount(body: Wire): string | undefined {
  return optional(body, 'From_Account');
}

function required(body: Wire, name: string): string {
  const value = optional(body, name);
  if (value === undefined) throw invalid(name);
  return value;
}

function optional(body: Wire, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || typeof value === 'string') return value;
  throw invalid(name);
}

function textList(body: Wire, name: string): readonly string[] | undefined {
  const value = body[name];
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw invalid(name);
  }
  return value;
}

function filtered(fields: Record<string, unknown>, names: readonly string[] | undefined) {
  if (names === undefined) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)));
}

function isWire(value: unknown): value is Wire {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(name: string): Refusal {
  return new Refusal(CODE.invalidParameter, `invalid parameter: ${name}`);
}
