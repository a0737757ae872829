import { timingSafeEqual } from 'node:crypto';
import { signatureOf } from '../tencent/signature.js';

/** The parameters of a callback's query that prove where it comes from. */
export interface Credentials {
  readonly sdkAppId: unknown;
  readonly sign: unknown;
  readonly requestTime: unknown;
}

export interface Expected {
  readonly sdkAppId: string;
  /** `null`: callbacks are not signed. With none, no callback is authentic. */
  readonly tokens: readonly string[] | null;
  readonly windowSeconds: number;
}

/** Why a callback is rejected, for the log; the sender does not learn which. */
export type Refusal =
  | 'wrong SdkAppid'
  | 'missing SdkAppid'
  | 'missing Sign or RequestTime'
  | 'RequestTime is outside the window'
  | 'wrong Sign'
  | 'relayed by this mirror';

/**
 * Checks a callback against the vendor's rule: `Sign` is the hex SHA-256 of token and `RequestTime`.
 * It covers neither body nor URL, so the window is what limits its use by others. All checks run
 * in a time that does not depend on how near a wrong value was.
 * Source: Chat console documentation 1047/34354, "Webhook authentication".
 */
export function refusalOf(given: Credentials, expected: Expected, now: Date): Refusal | null {
  const appId = appIdRefusal(given.sdkAppId, expected.sdkAppId);
  if (expected.tokens === null) return appId;

  const { sign, requestTime } = given;
  if (typeof sign !== 'string' || typeof requestTime !== 'string') {
    return 'missing Sign or RequestTime';
  }
  const isSigned = isSignedWithOne(expected.tokens, sign, requestTime);
  const isTimely = isWithin(requestTime, expected.windowSeconds, now);
  if (!isSigned) return 'wrong Sign';
  if (!isTimely) return 'RequestTime is outside the window';
  // The console's probe of a URL is signed and may lack the SdkAppid.
  return appId === 'missing SdkAppid' ? null : appId;
}

function appIdRefusal(given: unknown, expected: string): Refusal | null {
  if (given === undefined) return 'missing SdkAppid';
  return typeof given === 'string' && isEqual(given, expected) ? null : 'wrong SdkAppid';
}

function isSignedWithOne(tokens: readonly string[], sign: string, requestTime: string): boolean {
  let found = false;
  for (const token of tokens) {
    if (isEqual(sign.toLowerCase(), signatureOf(token, requestTime))) found = true;
  }
  return found;
}

/** Only the vendor's form, ten digits: a longer one could be a signature extended by others. */
function isWithin(requestTime: string, windowSeconds: number, now: Date): boolean {
  if (!/^\d{10}$/.test(requestTime)) return false;
  return Math.abs(Number(requestTime) - now.getTime() / 1000) <= windowSeconds;
}

/** The time depends on the lengths alone, and these are known: the id of an app, the hex of a digest. */
function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
