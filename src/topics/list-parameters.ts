// The parameters that lists and single answers of the query API take. Pure.
import {
  anyText,
  type Family,
  instant,
  instantOrLater,
  MAX_CURSOR_LENGTH,
  oneOf,
  type ParameterTable,
  someOf,
  wholeNumber,
} from '../http/parameters.js';
import { TOPIC_FIELDS } from './views.js';

export const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 500;

const SORTS = ['topicId', 'name', 'createdAt', 'updatedAt'] as const;
export type SortField = (typeof SORTS)[number];
const ORDERS = SORTS.flatMap((field) => [field, `-${field}`] as const);
export type Order = (typeof ORDERS)[number];

// A cursor carries the filters: with those of any names and ids it must stay short enough to be sent. One text of
// the longest that is taken fits, of whatever script.
export const MAX_FILTER_BYTES = 3328;

export const DELETED = ['exclude', 'include', 'only'] as const;

export const MIN_SEQ = {
  minSeq: {
    description:
      'Answer from a state that has this `seq`: waits a moment for it, then answers 503 with `Retry-After`.',
    schema: { type: 'integer', minimum: 0 },
    example: 1,
    parse: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  },
} as const satisfies ParameterTable;

export const PAGE_PARAMETERS = {
  limit: {
    description:
      'How many items a page holds at most. It ends early where it has grown to 4 MiB; `nextCursor` then goes on without a hole.',
    schema: { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT },
    example: 50,
    parse: wholeNumber(1, MAX_LIMIT),
  },
  cursor: {
    description:
      'Where to go on: the `nextCursor` of the page before. It carries order and filters of its list; they need not be repeated, and cannot be changed on the way.',
    schema: { type: 'string' },
    maxLength: MAX_CURSOR_LENGTH,
    parse: anyText,
  },
  ...MIN_SEQ,
} as const satisfies ParameterTable;

export const TOPIC_PARAMETERS = {
  ...MIN_SEQ,
  asOf: {
    description: 'The topic as the mirror had it at this instant, as far back as changes are kept.',
    schema: { type: 'string', format: 'date-time' },
    parse: instant,
  },
} as const satisfies ParameterTable;

export const TOPIC_LIST_PARAMETERS = {
  ...PAGE_PARAMETERS,
  sort: {
    description:
      'Order of the list, `-` first for descending. Texts are ordered by code point, names by their first 256 characters; what is not known stands after everything that is.',
    schema: { type: 'string', enum: ORDERS, default: 'topicId' },
    example: '-updatedAt',
    parse: oneOf(ORDERS),
  },
  fields: {
    description: 'Only these fields of each topic, comma-separated.',
    schema: { type: 'string' },
    example: 'topicId,name',
    parse: someOf(TOPIC_FIELDS),
  },
  name: {
    description: 'Topics of exactly this name.',
    schema: { type: 'string' },
    example: 'MyFirstTopic',
    parse: anyText,
  },
  q: {
    description:
      'Topics whose name contains this text, in upper or lower case. A page looks through 10,000 topics at most; it can then hold less than `limit`, even nothing, and still have a `nextCursor`.',
    schema: { type: 'string', minLength: 1 },
    example: 'first',
    parse: notEmpty,
  },
  ownerAccount: {
    description: 'Topics of this owner.',
    schema: { type: 'string' },
    example: 'leckie',
    parse: anyText,
  },
  operatorAccount: {
    description: 'Topics last touched by this operator.',
    schema: { type: 'string' },
    example: 'group_root',
    parse: anyText,
  },
  deleted: {
    description: 'Whether deleted topics are left out, listed too, or listed alone.',
    schema: { type: 'string', enum: DELETED, default: 'exclude' },
    example: 'include',
    parse: oneOf(DELETED),
  },
  updatedSince: {
    description: 'Topics whose `updatedAt` is this instant or later.',
    schema: { type: 'string', format: 'date-time' },
    example: '2026-01-31T12:00:00Z',
    parse: instantOrLater,
  },
} as const satisfies ParameterTable;

export const CUSTOM_FIELDS: Family = {
  prefix: 'custom.',
  description:
    'Topics with this custom field: `custom.<Key>=<Value>`. May be given several times; all must hold. All filters together may have 3,328 bytes.',
  example: { UserDefined1: 'hello' },
};

function notEmpty(text: string): string {
  if (text === '') throw new RangeError('must not be empty');
  return text;
}
