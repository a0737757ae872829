// The bodies of answers as JSON Schema. The compiler holds their fields to the types of the views.
import { STALE_REASONS } from '../topics/topic.js';
import type { Schema } from '../http/parameters.js';
import type { ProblemDocument } from '../http/problem.js';
import type { GroupAnswer, TopicAnswer } from '../topics/views.js';

const text = (description: string): Schema => ({ type: 'string', description });
const textOrNull = (description: string): Schema => ({ type: ['string', 'null'], description });
const instantOrNull = (description: string): Schema => ({
  type: ['string', 'null'],
  format: 'date-time',
  description,
});
const seq: Schema = {
  type: 'integer',
  minimum: 0,
  description: 'The last change of it; rises over all groups in the order of commits.',
};

function object(
  properties: Readonly<Record<string, Schema>>,
  required?: readonly string[],
): Schema {
  return {
    type: 'object',
    additionalProperties: false,
    required: required ?? Object.keys(properties),
    properties,
  };
}

export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

const TOPIC = {
  groupId: text('The community it belongs to.'),
  topicId: text('Its id.'),
  name: textOrNull('Its name.'),
  type: textOrNull('The type of its group, `Community`.'),
  ownerAccount: textOrNull('Who owns it.'),
  operatorAccount: textOrNull('Who touched it last.'),
  introduction: textOrNull('Its introduction.'),
  notification: textOrNull('Its notice.'),
  faceUrl: textOrNull('Its picture.'),
  customString: textOrNull('Whatever the app keeps with it.'),
  muteAllMember: { type: ['boolean', 'null'], description: 'Whether nobody may write in it.' },
  userDefinedDataList: {
    type: ['array', 'null'],
    description: "Its custom fields, in the vendor's order.",
    items: ref('CustomField'),
  },
  createdAt: instantOrNull('When it was created, as far as that was told.'),
  updatedAt: {
    type: 'string',
    format: 'date-time',
    description: 'When the mirror last changed it.',
  },
  deletedAt: instantOrNull('When it was deleted; `null` while it lives.'),
  seq,
} satisfies Record<keyof TopicAnswer, Schema>;

const GROUP = {
  groupId: text('Its id.'),
  name: textOrNull('Its name.'),
  type: textOrNull('Its type, `Community`.'),
  ownerAccount: textOrNull('Who owns it.'),
  state: {
    type: 'string',
    enum: ['verified', 'hooked', 'stale', 'destroyed'],
    description:
      '`verified`: compared with the vendor and unchanged since; `hooked`: known from callbacks alone; `stale`: something happened that a callback cannot tell; `destroyed`: the group is gone.',
  },
  verifiedAt: instantOrNull('When it was last compared with the vendor.'),
  staleSince: instantOrNull('Since when it is `stale`; else `null`.'),
  staleReason: {
    type: ['string', 'null'],
    enum: [...STALE_REASONS, null],
    description:
      'Why it is `stale`: `unspecific_callback`: something changed, and the callback does not say what; `ambiguous_order`: dates cannot tell what came last; `concurrent_callback`: one came while the vendor was asked; `contradiction`: the vendor denies what a callback has just said; `deletions_held`: answers of the vendor miss topics that no callback deleted. `null` where an earlier build did not record it.',
  },
  lastCallbackAt: instantOrNull('When a callback last named it.'),
  topicCount: { type: 'integer', minimum: 0, description: 'How many living topics it has.' },
  seq,
  destroyedAt: instantOrNull('When it was disbanded.'),
} satisfies Record<keyof GroupAnswer, Schema>;

const CHANGE = {
  seq,
  groupId: TOPIC.groupId,
  topicId: TOPIC.topicId,
  kind: { type: 'string', enum: ['created', 'updated', 'deleted', 'restored'] },
  origin: {
    type: 'string',
    enum: ['callback', 'reconcile'],
    description: "Whether a callback told it or a comparison with the vendor's REST API found it.",
  },
  at: { type: 'string', format: 'date-time', description: 'When the mirror recorded it.' },
  operatorAccount: textOrNull('Who did it, as far as the callback tells.'),
  platform: textOrNull('From where, as the vendor sent `OptPlatform`.'),
  before: {
    type: 'object',
    description: 'The fields that changed, as they were; empty when nothing was known before.',
  },
  after: { type: 'object', description: 'The fields that changed, as they are since.' },
} satisfies Record<string, Schema>;

const PROBLEM = {
  type: { type: 'string', format: 'uri', description: 'Stable; names the kind of problem.' },
  title: text('The status in words.'),
  status: { type: 'integer', description: 'The status of the answer.' },
  code: text('Stable; what clients may branch on.'),
  detail: text('What to do about it.'),
  requestId: text('Also in `x-request-id` and in the log.'),
} satisfies Record<keyof ProblemDocument, Schema>;

const CURSOR = textOrNull('To be sent as `cursor` for the next page; `null` on the last one.');

function page(items: Schema, more: Readonly<Record<string, Schema>> = {}): Schema {
  return object({ data: { type: 'array', items }, nextCursor: CURSOR, ...more });
}

export const SCHEMAS = {
  Topic: { ...object(TOPIC), description: 'A topic. A field that was never learned is `null`.' },
  // Which fields there are is up to `fields`.
  ListedTopic: {
    ...object(TOPIC, []),
    description: 'A topic with the fields that were asked for, or all.',
  },
  CustomField: object({ key: { type: 'string' }, value: { type: 'string' } }),
  Group: { ...object(GROUP), description: 'A community, and how sure the mirror is of it.' },
  Change: { ...object(CHANGE), description: 'One thing that could be seen to change.' },
  GroupPage: page(ref('Group')),
  TopicPage: page(ref('ListedTopic')),
  TopicsOfGroup: page(ref('ListedTopic'), { group: ref('Group') }),
  ChangePage: page(ref('Change')),
  ChangesAnswer: object({
    data: { type: 'array', items: ref('Change') },
    nextAfter: { type: 'integer', minimum: 0, description: 'To be sent as `after` next.' },
  }),
  Problem: {
    ...object({ ...PROBLEM, latestSeq: seq }, Object.keys(PROBLEM)),
    description: 'RFC 9457.',
  },
  CallbackAnswer: object({
    ActionStatus: { type: 'string', enum: ['OK', 'FAIL'] },
    ErrorInfo: { type: 'string' },
    ErrorCode: { type: 'integer' },
  }),
  Liveness: object({ status: { const: 'live' } }),
  Readiness: {
    type: 'object',
    required: ['status', 'database', 'spooled'],
    properties: {
      status: { type: 'string', enum: ['ready', 'starting', 'draining'] },
      database: { type: 'string', enum: ['up', 'down'] },
      replica: {
        type: 'string',
        enum: ['up', 'down'],
        description: 'Told where there is one; without it the primary is read.',
      },
      spooled: {
        type: 'integer',
        description: 'How many callbacks wait on disk for the database.',
      },
    },
  },
} satisfies Record<string, Schema>;

export type SchemaName = keyof typeof SCHEMAS;
