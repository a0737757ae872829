// Cursors: opaque texts that carry everything a list needs to go on. They are signed, so that a
// cursor that was made up, cut or changed is refused instead of leading anywhere.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Problem } from '../http/problem.js';

const MAC_BYTES = 16;

/** The signed text of `value`, which JSON can hold. */
export function encodeCursor(value: unknown, secret: string): string {
  const payload = Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${payload}.${mac(payload, secret)}`;
}

/**
 * What a cursor was made of.
 * @throws Problem 400 where it was not made here.
 */
export function decodeCursor(cursor: string, secret: string): unknown {
  const [payload = '', signature = '', ...rest] = cursor.split('.');
  const expected = Buffer.from(mac(payload, secret));
  const given = Buffer.from(signature);
  const isOurs = given.length === expected.length && timingSafeEqual(given, expected);
  if (!isOurs || rest.length > 0) throw foreignCursor();
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}

export function foreignCursor(): Problem {
  return new Problem(
    400,
    'INVALID_CURSOR',
    'The cursor is not one of this list. Start without a cursor, and pass on what nextCursor says.',
  );
}

function mac(payload: string, secret: string): string {
  const digest = createHmac('sha256', secret).update(payload).digest();
  return digest.subarray(0, MAC_BYTES).toString('base64url');
}
