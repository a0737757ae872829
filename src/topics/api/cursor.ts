// Cursors: base64url JSON with everything a list needs to go on. Clients treat them as opaque, but may make them up:
// whatever is in them is checked like any other parameter.
import { Problem } from '../../http/problem.js';

/** The cursors of one request: that of the page before, if any, and that of the next page. */
export class PageCursors {
  /** The epoch of the database that the page before was read from. */
  private epoch: string | null = null;

  /**
   * The content of the cursor of the request, not yet checked.
   * @throws Problem 400 for a text that is no cursor.
   */
  readonly decode = (cursor: string): unknown => {
    const decoded = parse(cursor);
    if (!hasKeys(decoded, ['epoch', 'value']) || typeof decoded.epoch !== 'string') {
      throw invalidCursor();
    }
    this.epoch = decoded.epoch;
    return decoded.value;
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
    return value === null
      ? null
      : Buffer.from(JSON.stringify({ epoch, value })).toString('base64url');
  }
}

/** Whether a value is an object with exactly these keys. */
export function hasKeys<const Key extends string>(
  value: unknown,
  keys: readonly Key[],
): value is Record<Key, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return (
    Object.keys(value).length === keys.length && keys.every((key) => Object.hasOwn(value, key))
  );
}

export function invalidCursor(): Problem {
  return new Problem(
    400,
    'INVALID_CURSOR',
    'The cursor is not one of this list. Start without a cursor, and pass on what nextCursor says.',
  );
}

function parse(cursor: string): unknown {
  const bytes = Buffer.from(cursor, 'base64url');
  // Node.js skips what is not base64url.
  if (bytes.toString('base64url') !== cursor) throw invalidCursor();
  try {
    return JSON.parse(bytes.toString());
  } catch {
    throw invalidCursor();
  }
}
