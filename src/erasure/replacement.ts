// Replaces an account by a pseudonym in the forms in which rows and requests hold it. Pure.
import { randomBytes } from 'node:crypto';
import { FIELDS } from '../tencent/fields.js';
import { parseExact } from '../tencent/wire.js';
import { TOPIC_FIELDS } from '../topics/domain/fields.js';

export interface Replacement {
  readonly account: string;
  readonly pseudonym: string;
}

type Json = unknown;

const PREFIX = 'erased-';
const PSEUDONYM = /^erased-[0-9a-f]{24}$/;
// Keys of callbacks whose values are ids, words of the vendor, times or switches, never an account.
const NOT_ACCOUNTS: ReadonlySet<string> = new Set([
  'OptPlatform',
  ...(
    ['command', 'groupId', 'topicId', 'topicIds', 'type', 'eventTime', 'createdAt'] as const
  ).flatMap((name) => FIELDS[name].spellings),
  ...Object.values(TOPIC_FIELDS).flatMap(({ type, vendorKeys }) =>
    type === 'boolean' ? vendorKeys : [],
  ),
]);
// One without an end goes to the end of the text: to look for it again at each quote in it would take quadratic time.
const TOKEN = /"(?:[^"\\]|\\[^])*(?:"(\s*:)?|\\?$)|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false/g;
const CUSTOM_FIELD = /^(userDefinedDataList[.+])([^]*)$/;

/** A pseudonym that nobody can derive from an account: it is random, and stored nowhere but in the rows. */
export function newPseudonym(): string {
  return PREFIX + randomBytes(12).toString('hex');
}

export function isPseudonym(text: string): boolean {
  return PSEUDONYM.test(text);
}

export function inText<T>(value: T, { account, pseudonym }: Replacement): T | string {
  return value === account ? pseudonym : value;
}

/** Every text of a JSON value that is the account; keys stay. */
export function inJson(value: Json, replacement: Replacement): Json {
  if (Array.isArray(value)) return value.map((item) => inJson(item, replacement));
  if (typeof value !== 'object' || value === null) return inText(value, replacement);
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, inJson(child, replacement)]),
  );
}

/** As `inJson`; the timestamp of a custom field has its key in its name. */
export function inRegisters(value: Json, replacement: Replacement): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return inJson(value, replacement);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      const [, field = '', custom = key] = CUSTOM_FIELD.exec(key) ?? [];
      return [
        field === '' ? key : field + inText(custom, replacement),
        inRegisters(child, replacement),
      ];
    }),
  );
}

/** A body with every value replaced that is read as the account, also a number; all other bytes stay. */
export function inBody(body: Buffer, { account, pseudonym }: Replacement): Buffer {
  let key = '';
  const text = body.toString('latin1').replace(TOKEN, (token: string, colon?: string) => {
    const value = textOf(colon === undefined ? token : token.slice(0, -colon.length));
    if (colon !== undefined) {
      key = value ?? '';
      return token;
    }
    return value === account && !NOT_ACCOUNTS.has(key) ? JSON.stringify(pseudonym) : token;
  });
  return Buffer.from(text, 'latin1');
}

/** The query of a callback, its parameters replaced. */
export function inQuery(query: string, { account, pseudonym }: Replacement): string {
  return eachParameter(query, (name, value) => (value === account ? pseudonym : null));
}

/** The query without the address of the client, which is that of the account that acted. */
export function withoutAddress(query: string): string {
  return eachParameter(query, (name) => (name === 'ClientIP' ? '' : null));
}

function eachParameter(
  query: string,
  replace: (name: string, value: string) => string | null,
): string {
  return query
    .split('&')
    .map((parameter) => {
      const [[name, value] = ['', '']] = new URLSearchParams(parameter);
      const replaced = replace(name, value);
      return replaced === null
        ? parameter
        : `${parameter.slice(0, parameter.indexOf('=') + 1)}${replaced}`;
    })
    .join('&');
}

/** A value as it is read where an account is expected. */
function textOf(literal: string): string | undefined {
  try {
    return FIELDS.operatorAccount.read(parseExact(Buffer.from(literal, 'latin1').toString('utf8')));
  } catch {
    // Not JSON, and so no account.
    return undefined;
  }
}
