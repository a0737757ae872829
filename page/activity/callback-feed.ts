import { address, ApiError, isAbort, pause, type Parameters, read } from '../api/client.js';
import type { Callback, CallbackPage } from '../api/types.js';
import { connection } from '../app/connection.js';
import { retryMs } from '../app/use-answer.js';

const PAGE = 100;
const POLL_PAGE = 200;
const WAIT_SECONDS = 25;
// Under load each poll brings many at once.
const PAUSE_MS = 250;
const MAX_ROWS = 500;
const MAX_OLDER = 5_000;
// A filter may find nothing in a page.
const MAX_REQUESTS = 20;

export type CallbackFilters = Parameters;

export interface CallbacksState {
  /** Newest first. */
  readonly rows: readonly Callback[];
  readonly isLoading: boolean;
  readonly isMore: boolean;
  readonly error: ApiError | null;
}

export const NO_CALLBACKS: CallbacksState = {
  rows: [],
  isLoading: true,
  isMore: false,
  error: null,
};

type Later = Pick<CallbackPage, 'data' | 'nextAfter'>;

/** Callbacks as they are committed; it can be left and taken up again without a hole. */
export class CallbackFeed {
  private state = NO_CALLBACKS;
  private after: string | null = null;
  private maxRows = MAX_ROWS;

  constructor(
    private readonly filters: CallbackFilters,
    private readonly publish: (state: CallbacksState) => void,
  ) {}

  /** Until the signal comes; then again from there on. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.after === null) await this.readFirst(signal);
        else await this.readOn(this.after, signal);
        connection.set('live');
        if (this.state.error !== null) this.show({ error: null });
        await pause(PAUSE_MS, signal);
      } catch (error) {
        if (signal.aborted || isAbort(error)) return;
        if (!(error instanceof ApiError)) throw error;
        const isGone = error.status === 410;
        if (isGone) this.after = null;
        const waitMs = isGone ? 0 : retryMs(error);
        this.show({ error: isGone ? null : error, isLoading: false });
        connection.set(waitMs === null ? null : 'lost');
        if (waitMs === null) return;
        await pause(waitMs, signal);
      }
    }
  }

  /** Those that arrived before the oldest that is shown. */
  async readOlder(signal: AbortSignal): Promise<void> {
    const { rows } = this.state;
    const oldest = rows.at(-1);
    if (!oldest) return;
    // Several may have arrived in the same millisecond.
    const until = new Date(Date.parse(oldest.at) + 1).toISOString();
    const given = this.filters.until;
    let asked: Parameters = {
      ...this.filters,
      until: typeof given === 'string' && given < until ? given : until,
    };
    // Callbacks that arrive meanwhile must not push out the oldest.
    this.maxRows = Math.min(rows.length + PAGE + MAX_ROWS, MAX_OLDER);
    const known = new Set(rows.map(({ id }) => id));
    const found: Callback[] = [];
    let isMore = true;
    for (let requests = 0; isMore && found.length === 0 && requests < MAX_REQUESTS; requests += 1) {
      const page: CallbackPage = await read(
        address('callbacks', { ...asked, limit: PAGE }),
        signal,
      );
      found.push(...page.data.filter(({ id }) => !known.has(id)));
      isMore = page.nextCursor !== null;
      asked = { cursor: page.nextCursor };
    }
    // Otherwise the list would have a hole.
    if (this.state.rows.at(-1)?.id !== oldest.id) return;
    this.show({
      rows: [...this.state.rows, ...found].slice(0, MAX_OLDER),
      isMore: isMore && this.state.rows.length + found.length < MAX_OLDER,
    });
  }

  private async readFirst(signal: AbortSignal): Promise<void> {
    let asked: Parameters = this.filters;
    const rows: Callback[] = [];
    let isMore = true;
    this.show({ isLoading: true });
    for (let requests = 0; isMore && rows.length < PAGE && requests < MAX_REQUESTS; requests += 1) {
      const page: CallbackPage = await read(
        address('callbacks', { ...asked, limit: PAGE }),
        signal,
      );
      rows.push(...page.data);
      this.after ??= page.nextAfter;
      isMore = page.nextCursor !== null;
      asked = { cursor: page.nextCursor };
      this.show({ rows: [...rows], isLoading: isMore, isMore, error: null });
    }
    this.show({ isLoading: false });
  }

  private async readOn(after: string, signal: AbortSignal): Promise<void> {
    const path = address('callbacks', {
      ...this.filters,
      after,
      wait: WAIT_SECONDS,
      limit: POLL_PAGE,
    });
    const { data, nextAfter }: Later = await read(path, signal);
    this.after = nextAfter;
    if (data.length === 0) return;
    const rows = [...data.toReversed(), ...this.state.rows];
    const isCut = rows.length > this.maxRows;
    this.show({
      rows: rows.slice(0, this.maxRows),
      isMore: this.state.isMore || isCut,
      isLoading: false,
    });
  }

  private show(state: Partial<CallbacksState>): void {
    this.state = { ...this.state, ...state };
    this.publish(this.state);
  }
}
