// What a question to the feed asks for, and which cursors it takes. Pure.
import { anyText, type ParameterTable, readParameters, wholeNumber } from '../http/parameters.js';
import { Problem } from '../http/problem.js';
import type { Position, Stretch } from './changes.store.js';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 500;
const MAX_WAIT_SECONDS = 25;

const toSeq = wholeNumber(0, Number.MAX_SAFE_INTEGER);

export const CHANGES_PARAMETERS = {
  after: {
    description:
      'The last `seq` that was seen: the `nextAfter` of the answer before. Without it the feed begins with the oldest change that is kept. A stream takes `Last-Event-ID` before it.',
    schema: { type: 'integer', minimum: 0 },
    example: 0,
    parse: toSeq,
  },
  limit: {
    description:
      'How many changes an answer holds at most; a stream has no end. An answer ends early where it has grown to 4 MiB; `nextAfter` then goes on without a hole.',
    schema: { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT },
    example: 50,
    parse: wholeNumber(1, MAX_LIMIT),
  },
  wait: {
    description: 'How many seconds to wait for the first change when there is none.',
    schema: { type: 'integer', minimum: 0, maximum: MAX_WAIT_SECONDS, default: 0 },
    example: 0,
    parse: wholeNumber(0, MAX_WAIT_SECONDS),
  },
  groupId: {
    description: 'Only changes of this group and its topics.',
    schema: { type: 'string' },
    example: '@TGS#2J4SZEAEL',
    parse: anyText,
  },
} as const satisfies ParameterTable;

export interface ChangesQuery {
  /** `null`: from the oldest change that is kept. */
  readonly after: number | null;
  readonly limit: number;
  readonly waitMs: number;
  readonly groupId: string | null;
}

/** @throws Problem 400 for what is not allowed. */
export function readChangesQuery(query: unknown): ChangesQuery {
  const { after, limit, wait, groupId } = readParameters(query, CHANGES_PARAMETERS).given;
  return {
    after: after ?? null,
    limit: limit ?? DEFAULT_LIMIT,
    waitMs: (wait ?? 0) * 1000,
    groupId: groupId ?? null,
  };
}

/**
 * The `seq` an event stream goes on after, of its `Last-Event-ID`.
 * @throws Problem 400 where that is not an id of this feed.
 */
export function readLastEventId(header: string | string[] | undefined): number | null {
  if (header === undefined || header === '') return null;
  try {
    return toSeq(String(header));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Problem(
      400,
      'INVALID_LAST_EVENT_ID',
      'Last-Event-ID must be the id of an event of this feed.',
    );
  }
}

/** Whether the log goes on after a cursor without a hole. */
export function leadsOn(after: number | null, { latest, floor }: Position): boolean {
  return after === null || (after >= floor && after <= latest);
}

/**
 * Where to begin.
 * @throws Problem 410 where the log does not lead on from `after` without a hole: changes after it
 *   are no longer kept, or it is the cursor of another database.
 */
export function startOf(after: number | null, position: Position): number {
  const { latest, floor } = position;
  if (after === null) return floor;
  requireKept(after, position);
  if (after > latest) {
    throw gone(
      'CURSOR_AHEAD',
      `The last change has seq ${latest}: ${after} is not of this database, or of a time before a restore.`,
      latest,
    );
  }
  return after;
}

/** @throws Problem 410 where changes after the cursor are no longer kept, or are of another timeline. */
export function requireKept(after: number, { latest, floor }: Position): void {
  if (after >= floor) return;
  throw gone(
    'CHANGES_GONE',
    `Changes up to seq ${floor} are not kept, or were lost by a restore, so some after ${after} are missing.`,
    latest,
  );
}

/** The cursor after a stretch: past everything that was looked at. */
export function nextAfter(after: number, limit: number, stretch: Stretch): number {
  const { changes, latest, isCut } = stretch;
  const last = changes.at(-1);
  if (last !== undefined && (isCut || changes.length === limit)) return last.seq;
  return Math.max(after, latest);
}

function gone(code: string, detail: string, latest: number): Problem {
  return new Problem(
    410,
    code,
    `${detail} Start over: read the lists with minSeq=${latest}, then follow after=${latest}.`,
    {
      members: { latestSeq: latest },
    },
  );
}
