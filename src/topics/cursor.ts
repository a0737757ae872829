// Cursors: opaque texts that carry everything a list needs to go on. They are signed, so that a
// cursor that was made up, cut or changed is refused instead of leading anywhere.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Problem } from '../http/problem.js';

const MAC_BYTES = 16;

/** What a cursor carries, and the epoch of the database that its page was read from. */
interface Carried {
  readonly epoch: string;
  readonly value: unknown;
}

/** The cursors of one request: the one it came with, if any, and the one of its answer. */
export class PageCursors {
  private epoch: string | null = null;

  constructor(private readonly secret: string) {}

  /**
   * What the cursor of the request was made of.
   * @throws Problem 400 where it was not made here.
   */
  readonly decode = (cursor: string): unknown => {
    const { epoch, value } = decodeCursor(cursor, this.secret);
    this.epoch = epoch;
    return value;
  };

  /** @throws Problem 410 where the cursor of the request is of another epoch than the page. */
  requireEpoch(epoch: string): void {
    if (this.epoch === null || this.epoch === epoch) return;
    throw new Problem(
      410,
      'CURSOR_GONE',
      'The cursor is of another database, or of a time before a restore. Start without a cursor.',
    );
  }

  /** The cursor of the next page, or `null` where there is none. */
  next(value: unknown, epoch: string): string | null {
    return value === null ? null : encodeCursor({ epoch, value }, this.secret);
  }
}

function encodeCursor(carried: Carried, secret: string): string {
  const payload = Buffer.from(JSON.stringify(carried)).toString('base64url');
  return `${payload}.${mac(payload, secret)}`;
}

function decodeCursor(cursor: string, secret: string): Carried {
  const [payload = '', signature = '', ...rest] = cursor.split('.');
  const expected = Buffer.from(mac(payload, secret));
  const given = Buffer.from(signature);
  const isOurs = given.length === expected.length && timingSafeEqual(given, expected);
  if (!isOurs || rest.length > 0) throw foreignCursor();
  const carried: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
  // The release before said nothing of the epoch.
  if (!isCarried(carried)) throw foreignCursor();
  return carried;
}

function isCarried(carried: unknown): carried is Carried {
  if (typeof carried !== 'object' || carried === null) return false;
  return 'epoch' in carried && typeof carried.epoch === 'string' && 'value' in carried;
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
