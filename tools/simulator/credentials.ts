// Checks a REST call's query as the vendor does. Shares nothing with the client: two readings of
// the rule that agree prove more than one.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { Refusal } from './state.js';

export interface Credentials {
  readonly sdkAppId: string;
  readonly adminUserId: string;
  readonly secretKey: string;
}

/** @throws Refusal with the error code for what is wrong. Source: documents 1047/34348. */
export function checkCall(query: URLSearchParams, expected: Credentials): void {
  if (query.get('sdkappid') !== expected.sdkAppId) throw new Refusal(60006, 'invalid sdkappid');
  const identifier = query.get('identifier') ?? '';
  if (identifier === '') throw new Refusal(60004, 'identifier is missing');
  if (identifier !== expected.adminUserId) throw new Refusal(60010, 'an administrator is needed');
  if (query.get('contenttype') !== 'json') throw new Refusal(60002, 'contenttype must be json');
  const random = query.get('random') ?? '';
  if (!/^\d{1,10}$/.test(random) || Number(random) >= 2 ** 32) {
    throw new Refusal(60002, 'random must be an unsigned integer of 32 bits');
  }
  checkUserSig(query.get('usersig') ?? '', identifier, expected);
}

function checkUserSig(userSig: string, identifier: string, expected: Credentials): void {
  const claims = decode(userSig);
  if (claims['TLS.identifier'] !== identifier) throw new Refusal(70013, 'identifier differs');
  if (String(claims['TLS.sdkappid']) !== expected.sdkAppId) {
    throw new Refusal(70014, 'sdkappid differs');
  }
  const issued = Number(claims['TLS.time']);
  const expire = Number(claims['TLS.expire']);
  const content = [
    `TLS.identifier:${identifier}`,
    `TLS.sdkappid:${expected.sdkAppId}`,
    `TLS.time:${issued}`,
    `TLS.expire:${expire}`,
    '',
  ].join('\n');
  const right = createHmac('sha256', expected.secretKey).update(content).digest();
  const given = Buffer.from(String(claims['TLS.sig']), 'base64');
  if (given.length !== right.length || !timingSafeEqual(given, right)) {
    throw new Refusal(70009, 'usersig: wrong signature');
  }
  if (Date.now() / 1000 > issued + expire) throw new Refusal(70001, 'usersig has expired');
}

function decode(userSig: string): Record<string, unknown> {
  const base64 = userSig.replaceAll('*', '+').replaceAll('-', '/').replaceAll('_', '=');
  try {
    const claims: unknown = JSON.parse(inflateSync(Buffer.from(base64, 'base64')).toString());
    if (typeof claims === 'object' && claims !== null) return { ...claims };
  } catch {
    // Whatever is no UserSig gets the one answer below.
  }
  throw new Refusal(70003, 'usersig cannot be read');
}
