import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { Problem } from '../http/problem.js';

export const DEFAULT_LIMIT = 100;
export const MAX_LIMIT = 500;
const MAX_CURSOR_LENGTH = 1024;

/** The parameters of a paged list. */
export class PageQuery {
  @IsOptional()
  @Transform(({ value }) => wholeNumber(value))
  @IsInt({ message: `must be one whole number from 1 to ${MAX_LIMIT}` })
  @Min(1, { message: `must be at least 1` })
  @Max(MAX_LIMIT, { message: `must be at most ${MAX_LIMIT}` })
  limit: number = DEFAULT_LIMIT;

  @IsOptional()
  @IsString({ message: 'must be given once' })
  @MaxLength(MAX_CURSOR_LENGTH, { message: 'is longer than any cursor' })
  cursor?: string;
}

export interface Page<T> {
  readonly data: readonly T[];
  /** To be sent as `cursor` for the next page; `null` on the last one. */
  readonly nextCursor: string | null;
}

/** The opaque cursor of the list `scope` that goes on after `key`. */
export function encodeCursor(scope: string, key: string): string {
  return Buffer.from(JSON.stringify([scope, key])).toString('base64url');
}

/**
 * The key after which a list goes on; the empty text, smaller than every key, starts it.
 * @throws Problem 400 where the cursor was not made for this list.
 */
export function decodeCursor(scope: string, cursor: string | undefined): string {
  if (cursor === undefined) return '';
  const [madeFor, key] = parseCursor(cursor);
  if (madeFor !== scope || typeof key !== 'string' || encodeCursor(scope, key) !== cursor) {
    throw new Problem(
      400,
      'INVALID_CURSOR',
      'The cursor is not one of this list. Start without a cursor, and pass on what nextCursor says.',
    );
  }
  return key;
}

/** Cuts a list that was asked for one row more than the page holds. */
export function toPage<T>(
  rows: readonly T[],
  limit: number,
  cursorAfter: (last: T) => string,
): Page<T> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { data, nextCursor: hasMore ? cursorAfter(last) : null };
}

function parseCursor(cursor: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parsed) ? parsed : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** A plain decimal as a number; anything else as it came, for the rules to refuse. */
function wholeNumber(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
}
