// The parameters of a request to the feed, and the cursors it accepts. Pure.
import { Problem } from '../http/problem.js';
import { type ChangesQueryDto, DEFAULT_LIMIT, toSeq } from './dto/changes-query.dto.js';
import type { Position, LogPage } from './changes.repository.js';

export interface ChangesQuery {
  /** `null`: from the oldest change that is kept. */
  readonly after: number | null;
  readonly limit: number;
  readonly waitMs: number;
  readonly groupId: string | null;
}

export function changesQuery({ after, limit, wait, groupId }: ChangesQueryDto): ChangesQuery {
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

/** The cursor after a page: past everything that was read. */
export function nextAfter(after: number, limit: number, page: LogPage): number {
  const { changes, latest, isCut } = page;
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
