// What the service answers, one entry for each route. A test compares the routes with these, and
// asks the service every example that is given here.
import { CHANGES_PARAMETERS } from '../changes/changes-query.js';
import { CALLBACK_OK } from '../http/callback-answer.js';
import type { Family, ParameterTable } from '../http/parameters.js';
import {
  CUSTOM_FIELDS,
  MIN_SEQ,
  PAGE_PARAMETERS,
  TOPIC_LIST_PARAMETERS,
  TOPIC_PARAMETERS,
} from '../topics/list-parameters.js';
import { CHANGE, GROUP, TOPIC } from './examples.js';
import type { SchemaName } from './schemas.js';

/** Statuses, with the codes of the problems they come with. */
export type Refusals = Readonly<Partial<Record<number, readonly string[]>>>;

export interface Operation {
  readonly id: string;
  readonly tag: 'Topics' | 'Changes' | 'Callbacks' | 'Operations';
  readonly method: 'get' | 'post';
  /** As OpenAPI writes it; `{groupId}` and `{topicId}` stand for percent-encoded ids. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: ParameterTable;
  readonly family?: Family;
  /** Whether it takes an API key. */
  readonly isGuarded: boolean;
  /** Whether it knows `If-None-Match`. */
  readonly isConditional?: true;
  readonly answer: {
    readonly type: string;
    readonly schema?: SchemaName;
    readonly example: unknown;
  };
  readonly stream?: string;
  readonly refusals: Refusals;
}

const JSON_TYPE = 'application/json';
const GUARDED: Refusals = { 401: ['UNAUTHORIZED'], 414: ['URI_TOO_LONG'], 429: ['RATE_LIMITED'] };
const READING: Refusals = {
  ...GUARDED,
  503: ['SEQ_NOT_REACHED', 'TOO_MANY_ANSWERS', 'DATABASE_UNAVAILABLE'],
};
const BAD_QUERY = 'INVALID_PARAMETER';
const BAD_LIST = [BAD_QUERY, 'INVALID_CURSOR'];
const LOST_SEQ = 'SEQ_GONE';
const LOST_LIST = ['CURSOR_GONE', LOST_SEQ];
const ID_CODES = ['INVALID_ID', 'BAD_REQUEST'];

export const OPERATIONS: readonly Operation[] = [
  {
    id: 'listGroups',
    tag: 'Topics',
    method: 'get',
    path: '/groups',
    summary: 'Lists the groups the mirror knows, in the order of ids',
    parameters: PAGE_PARAMETERS,
    isGuarded: true,
    answer: json('GroupPage', { data: [GROUP], nextCursor: null }),
    refusals: { 400: BAD_LIST, 410: LOST_LIST, ...READING },
  },
  {
    id: 'getGroup',
    tag: 'Topics',
    method: 'get',
    path: '/groups/{groupId}',
    summary: 'Tells one group, and how sure the mirror is of it',
    parameters: MIN_SEQ,
    isGuarded: true,
    isConditional: true,
    answer: json('Group', GROUP),
    refusals: {
      400: [BAD_QUERY, ...ID_CODES],
      404: ['UNKNOWN_GROUP'],
      410: [LOST_SEQ],
      ...READING,
    },
  },
  {
    id: 'listTopicsOfGroup',
    tag: 'Topics',
    method: 'get',
    path: '/groups/{groupId}/topics',
    summary: 'Lists the topics of a group',
    parameters: TOPIC_LIST_PARAMETERS,
    family: CUSTOM_FIELDS,
    isGuarded: true,
    isConditional: true,
    answer: json('TopicsOfGroup', { data: [TOPIC], nextCursor: null, group: GROUP }),
    refusals: {
      400: [...BAD_LIST, ...ID_CODES],
      404: ['UNKNOWN_GROUP'],
      410: LOST_LIST,
      ...READING,
    },
  },
  {
    id: 'getTopic',
    tag: 'Topics',
    method: 'get',
    path: '/groups/{groupId}/topics/{topicId}',
    summary: 'Tells one topic, also a deleted one, as it is or as it was',
    parameters: TOPIC_PARAMETERS,
    isGuarded: true,
    isConditional: true,
    answer: json('Topic', TOPIC),
    refusals: {
      400: [BAD_QUERY, ...ID_CODES],
      404: ['UNKNOWN_GROUP', 'UNKNOWN_TOPIC'],
      410: ['HISTORY_GONE', LOST_SEQ],
      ...READING,
    },
  },
  {
    id: 'listHistory',
    tag: 'Changes',
    method: 'get',
    path: '/groups/{groupId}/topics/{topicId}/history',
    summary: 'Lists what changed in a topic, newest first',
    parameters: PAGE_PARAMETERS,
    isGuarded: true,
    answer: json('ChangePage', { data: [CHANGE], nextCursor: null }),
    refusals: {
      400: [...BAD_LIST, ...ID_CODES],
      404: ['UNKNOWN_GROUP', 'UNKNOWN_TOPIC'],
      410: LOST_LIST,
      ...READING,
    },
  },
  {
    id: 'listTopics',
    tag: 'Topics',
    method: 'get',
    path: '/topics',
    summary: 'Lists the topics of all groups',
    parameters: TOPIC_LIST_PARAMETERS,
    family: CUSTOM_FIELDS,
    isGuarded: true,
    answer: json('TopicPage', { data: [TOPIC], nextCursor: null }),
    refusals: { 400: BAD_LIST, 410: LOST_LIST, ...READING },
  },
  {
    id: 'followChanges',
    tag: 'Changes',
    method: 'get',
    path: '/changes',
    summary: 'Tells all that changed, in the order of commits and without a hole',
    description:
      'Ask for JSON and pass on `nextAfter`, or send `Accept: text/event-stream` for a stream of server-sent events, whose ids are the `seq` of their change and which goes on after `Last-Event-ID`. A cursor before changes that are no longer kept, or of a time before a restore of the database, is answered 410: read the lists with the `latestSeq` of that answer as `minSeq`, then follow after it. An event named `end` tells why the service ends a stream.',
    parameters: CHANGES_PARAMETERS,
    isGuarded: true,
    answer: json('ChangesAnswer', { data: [CHANGE], nextAfter: 1 }),
    stream: `retry: 2000\n\nid: 1\ndata: ${JSON.stringify(CHANGE)}\n\n: heartbeat\n\n`,
    refusals: {
      400: [BAD_QUERY, 'INVALID_LAST_EVENT_ID'],
      410: ['CHANGES_GONE', 'CURSOR_AHEAD'],
      ...GUARDED,
      429: ['RATE_LIMITED', 'TOO_MANY_STREAMS_OF_KEY'],
      503: ['TOO_MANY_STREAMS', 'TOO_MANY_ANSWERS', 'DATABASE_UNAVAILABLE'],
    },
  },
  ...(['/webhooks/im', '/'] as const).map((path): Operation => ({
    id: path === '/' ? 'receiveCallbackAtRoot' : 'receiveCallback',
    tag: 'Callbacks',
    method: 'post',
    path,
    summary: 'Takes a callback of Tencent Cloud Chat',
    description:
      'For the vendor. The body is JSON whatever its content type says. Answered OK once it is kept.',
    isGuarded: false,
    answer: json('CallbackAnswer', JSON.parse(CALLBACK_OK)),
    refusals: { 400: [], 403: [], 413: [], 415: [], 503: [] },
  })),
  {
    id: 'live',
    tag: 'Operations',
    method: 'get',
    path: '/livez',
    summary: 'Tells that the process answers',
    isGuarded: false,
    answer: json('Liveness', { status: 'live' }),
    refusals: { 414: ['URI_TOO_LONG'] },
  },
  {
    id: 'ready',
    tag: 'Operations',
    method: 'get',
    path: '/readyz',
    summary: 'Tells whether the process takes requests; 503 while it starts or drains',
    isGuarded: false,
    answer: json('Readiness', { status: 'ready', database: 'up', spooled: 0 }),
    refusals: { 414: ['URI_TOO_LONG'] },
  },
  {
    id: 'metrics',
    tag: 'Operations',
    method: 'get',
    path: '/metrics',
    summary: 'Tells the figures of the process for Prometheus',
    isGuarded: false,
    answer: {
      type: 'text/plain',
      example:
        'topicmirror_callbacks_total{command="Group.CallbackAfterCreateTopic",outcome="applied"} 1\n',
    },
    refusals: { 414: ['URI_TOO_LONG'] },
  },
  {
    id: 'openApi',
    tag: 'Operations',
    method: 'get',
    path: '/openapi.json',
    summary: 'Tells what you read here',
    isGuarded: false,
    answer: { type: JSON_TYPE, example: { openapi: '3.1.1' } },
    refusals: { 414: ['URI_TOO_LONG'] },
  },
  {
    id: 'docs',
    tag: 'Operations',
    method: 'get',
    path: '/docs',
    summary: 'Shows what you read here as a page',
    isGuarded: false,
    answer: { type: 'text/html', example: '<!doctype html>' },
    refusals: { 414: ['URI_TOO_LONG'] },
  },
];

function json(schema: SchemaName, example: unknown): Operation['answer'] {
  return { type: JSON_TYPE, schema, example };
}
