/** An authentic request as it came. */
export interface CallbackRequest {
  readonly id: string;
  /** Microseconds since 1970. */
  readonly arrivedAt: number;
  /** The text after the `?`, without `Sign`. */
  readonly query: string;
  readonly body: Buffer;
}

/** A request with what the journal says of it. */
export interface JournalledRequest extends CallbackRequest {
  readonly command: string | null;
  readonly groupId: string | null;
  readonly outcome: Outcome;
}

/** A callback as it is stored, before its outcome is known. */
export interface JournalEntry {
  /** A UUID that begins with the time of arrival. */
  readonly id: string;
  readonly command: string | null;
  readonly groupId: string | null;
  /** The query without `Sign`. */
  readonly query: string;
  readonly body: Buffer;
  /** Its outcome if it changes nothing. */
  readonly otherwise: Outcome;
}

export const OUTCOMES = ['applied', 'unchanged', 'stale', 'ignored', 'unknown', 'invalid'] as const;

/** `applied`: it changed something; the others say why it did not. */
export type Outcome = (typeof OUTCOMES)[number];
