// What the vendor holds.

export interface CustomField {
  readonly Key: string;
  readonly Value: string;
}

export interface TopicTexts {
  readonly name: string;
  readonly introduction: string;
  readonly notification: string;
  readonly faceUrl: string;
  readonly customString: string;
}

export interface Topic extends TopicTexts {
  readonly topicId: string;
  readonly muteAllMember: boolean;
  readonly userDefinedDataList: readonly CustomField[];
  /** Whole seconds since 1970. */
  readonly createTime: number;
}

export interface Group {
  readonly groupId: string;
  readonly type: string;
  readonly name: string;
  readonly ownerAccount: string;
  readonly supportsTopics: boolean;
  /** Whole seconds since 1970. */
  readonly createTime: number;
  readonly topics: ReadonlyMap<string, Topic>;
}

/** A call that the vendor refuses, with its error code. Source: documents 1047/34348. */
export class Refusal extends Error {
  constructor(
    readonly code: number,
    info: string,
  ) {
    super(info);
    this.name = 'Refusal';
  }
}

export const CODE = {
  invalidParameter: 10004,
  groupGone: 10010,
  badGroupId: 10015,
  answerTooLarge: 10018,
  idInUse: 10025,
  tooMany: 10037,
  withoutTopics: 11000,
  topicGone: 110003,
} as const;

// Bytes, not characters (R-CT).
const MAX_BYTES: Readonly<Record<keyof TopicTexts, number>> = {
  name: 30,
  introduction: 240,
  notification: 300,
  faceUrl: 100,
  customString: 3000,
};
const MAX_TOPIC_ID_BYTES = 96;
const MAX_GROUP_ID_BYTES = 48;
const PRINTABLE = /^[\x20-\x7e]+$/;

/** @throws Refusal for a text over its limit. */
export function checkTexts(texts: Partial<TopicTexts>): void {
  for (const [field, limit] of Object.entries(MAX_BYTES)) {
    const value = Reflect.get(texts, field);
    if (typeof value === 'string' && Buffer.byteLength(value) > limit) {
      throw new Refusal(CODE.invalidParameter, `${field} is longer than ${limit} bytes`);
    }
  }
}

/** @throws Refusal for an id that an app cannot choose. Source: documents 1047/33529. */
export function checkCustomGroupId(groupId: string, type: string): void {
  const isOfType =
    type === 'Community'
      ? groupId.startsWith('@TGS#_') && !groupId.startsWith('@TGS#_@TGS#')
      : !groupId.startsWith('@TGS#');
  const fits = Buffer.byteLength(groupId) <= MAX_GROUP_ID_BYTES && PRINTABLE.test(groupId);
  if (!isOfType || !fits) throw new Refusal(CODE.badGroupId, 'invalid group id');
}

/** @throws Refusal for an id that an app cannot choose. Source: documents 1047/33529. */
export function checkCustomTopicId(groupId: string, topicId: string): void {
  const prefix = `${groupId}@TOPIC#_`;
  const own = topicId.slice(prefix.length);
  const isCustom =
    topicId.startsWith(prefix) &&
    PRINTABLE.test(own) &&
    !own.includes('@TGS#_') &&
    !topicId.includes('@TOPIC#_@TOPIC#');
  if (!isCustom || Buffer.byteLength(topicId) > MAX_TOPIC_ID_BYTES) {
    throw new Refusal(CODE.invalidParameter, 'invalid topic id');
  }
}
