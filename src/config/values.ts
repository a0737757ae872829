// The forms of single settings; a text that has not its form is a RangeError that says what it must be.
import { createHash } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import { list } from './definition.js';

/** What a key of the query API may read beside the mirror itself. */
export const SCOPES = ['callbacks'] as const;
export type Scope = (typeof SCOPES)[number];

/** A key of the query API: the SHA-256 of its secret, and the name it has in the log. */
export interface ApiKey {
  readonly name: string;
  readonly sha256: Buffer;
  readonly scopes: readonly Scope[];
}

export function postgresUrl(value: string): string {
  if (!/^postgres(ql)?:\/\//.test(value) || !URL.canParse(value)) {
    throw new RangeError('must be a URL like postgresql://user:password@host:5432/database');
  }
  for (const [name, parameter] of new URL(value).searchParams) {
    if (name === 'schema' && parameter !== 'public') {
      throw new RangeError('must not name a schema: the mirror lives in the schema public');
    }
    const instead = Object.hasOwn(OF_PRISMA, name) ? OF_PRISMA[name] : undefined;
    if (instead !== undefined) {
      throw new RangeError(`must not have the parameter ${name}, which nothing reads: ${instead}`);
    }
  }
  return value;
}

// Parameters of Prisma's former driver, which have no effect here.
const OF_PRISMA: Readonly<Record<string, string>> = {
  connection_limit: 'set DATABASE_POOL_SIZE',
  pgbouncer: 'set DATABASE_PREPARE=off',
  statement_cache_size: 'set DATABASE_PREPARE=off',
  pool_timeout: 'leave it out',
  socket_timeout: 'leave it out',
  sslaccept: 'set sslmode',
  sslidentity: 'set sslcert and sslkey',
};

// One for each region, and a back-up: the vendor adds regions, so by pattern. Source: documents 1047/34620
// and the doocs library.
const API_HOST = /^(console\.tim\.qq\.com|adminapi[a-z\d-]*\.(im\.qcloud\.com|my-imcloud\.com))$/;

export function apiOrigin(value: string): string {
  if (API_HOST.test(value)) return `https://${value}`;
  const url = /^https?:\/\//.test(value) && URL.canParse(value) ? new URL(value) : null;
  if (url === null || `${url.origin}/` !== url.href) {
    throw new RangeError(
      'must be console.tim.qq.com, a host such as adminapisgp.im.qcloud.com or adminapisgp.my-imcloud.com, or an origin such as http://127.0.0.1:4000',
    );
  }
  return url.origin;
}

export function httpUrl(value: string): string {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) {
    throw new RangeError('must be a URL like http://127.0.0.1:4318');
  }
  return value;
}

export function relayUrl(value: string): string {
  const url = /^https?:\/\//.test(value) && URL.canParse(value) ? new URL(value) : null;
  if (url === null || url.hash !== '' || !isEncoded(url.username + url.password)) {
    throw new RangeError(
      'must be an http or https URL like https://backend.example.com/imcallback',
    );
  }
  return url.href;
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

export function ratio(value: string): number {
  const number = /^\d*\.?\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= 0 && number <= 1)) throw new RangeError('must be a number from 0 to 1');
  return number;
}

export function appId(value: string): string {
  if (!/^[1-9]\d{0,19}$/.test(value)) {
    throw new RangeError('must be the decimal SDKAppID of the Chat console');
  }
  return value;
}

export function callbackTokens(value: string): string[] {
  const tokens = list(value);
  if (tokens.length > 2) throw new RangeError('takes one token, or two while rotating');
  return tokens;
}

export function origins(value: string): string[] {
  const entries = list(value);
  const isOrigin = (entry: string) => URL.canParse(entry) && new URL(entry).origin === entry;
  if (!entries.every(isOrigin)) {
    throw new RangeError('must be origins like https://tools.example.com, without a path');
  }
  return entries;
}

export function networks(value: string): string[] {
  const entries = list(value);
  if (!entries.every(isNetwork)) {
    throw new RangeError(
      'must be addresses or networks such as 10.0.0.1, 10.0.0.0/8 or fd00::/8, and not everybody (/0)',
    );
  }
  return entries;
}

function isNetwork(entry: string): boolean {
  const [address = '', bits, ...more] = entry.split('/');
  const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0;
  if (most === 0 || more.length > 0 || address.includes('%')) return false;
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= most);
}

const NO_SECRET = createHash('sha256').digest();

export function keyPairs(value: string): ApiKey[] {
  const entries = list(value).map((entry) => {
    const match = /^([\w.-]{1,64}):([\da-f]{64})(?::(.*))?$/is.exec(entry);
    if (!match?.[1] || !match[2]) {
      throw new RangeError(
        'must be name:sha256-hex pairs; make one with: printf %s "$SECRET" | sha256sum',
      );
    }
    const sha256 = Buffer.from(match[2], 'hex');
    if (sha256.equals(NO_SECRET)) {
      throw new RangeError('holds the hash of an empty secret: was $SECRET set when it was made?');
    }
    return { name: match[1], sha256, scopes: match[3] === undefined ? [] : scopes(match[3]) };
  });
  if (new Set(entries.map((key) => key.name)).size !== entries.length) {
    throw new RangeError('must not name two keys alike');
  }
  return entries;
}

function scopes(value: string): Scope[] {
  return value.split('+').map((name) => {
    const scope = SCOPES.find((known) => known === name);
    if (scope === undefined) {
      throw new RangeError(
        `must be name:sha256-hex or name:sha256-hex:scope; the scopes are: ${SCOPES.join(', ')}`,
      );
    }
    return scope;
  });
}
