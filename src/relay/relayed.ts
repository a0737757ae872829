// Which callbacks are relayed from the journal, and with which query. Pure.
import { isBlocking } from '../tencent/blocking.js';
import { parameterName, signatureOf } from '../tencent/signature.js';

/**
 * The parameters as they came; where a token is set, with `RequestTime` of now and `Sign` made anew.
 * @param query the text after the `?`, without `Sign`.
 */
export function relayedQuery(query: string, token: string | undefined, nowMs: number): string {
  if (token === undefined) return query;
  const requestTime = String(Math.floor(nowMs / 1000));
  const others = query
    .split('&')
    .filter((pair) => pair !== '' && parameterName(pair) !== 'requesttime');
  const sign = `Sign=${signatureOf(token, requestTime)}`;
  return [...others, sign, `RequestTime=${requestTime}`].join('&');
}

/**
 * A blocking callback was passed on when it came. What is no JSON object, or contradicts its signed query, names no
 * command, and nobody could know what to sign.
 */
export function isRelayed(entry: {
  readonly command: string | null;
  readonly outcome: string;
}): boolean {
  if (entry.command === null) return entry.outcome !== 'invalid';
  return !isBlocking(entry.command);
}

/** Header of relayed callbacks; its value is the epoch of the database of the mirror that relays. */
export const RELAYED_BY = 'x-relayed-by';
