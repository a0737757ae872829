import { address, ApiError, isAbort, pause, read } from '../api/client.js';
import { followChanges } from '../api/changes-stream.js';
import type { Change, Group, Page } from '../api/types.js';
import { connection } from '../app/connection.js';
import { FrameBatch } from '../app/frame-batch.js';
import { retryMs } from '../app/use-answer.js';

const LOOK_BACK = 100;
const MAX_ROWS = 500;

export interface ChangesState {
  /** Newest first. */
  readonly rows: readonly Change[];
  readonly isLoading: boolean;
  readonly error: ApiError | null;
}

export const NO_CHANGES: ChangesState = { rows: [], isLoading: true, error: null };

/** The changes of all groups as they happen; it can be left and taken up again without a hole. */
export class ChangeFeed {
  private state = NO_CHANGES;
  private after: number | null = null;
  private lookBack = LOOK_BACK;
  private readonly batch = new FrameBatch<Change>((changes) => {
    this.show({ rows: [...changes.toReversed(), ...this.state.rows].slice(0, MAX_ROWS) });
  });

  constructor(private readonly publish: (state: ChangesState) => void) {}

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.after ??= await this.latest(signal);
      if (this.after === null) return;
      const end = await followChanges({
        after: this.after,
        groupId: null,
        signal,
        onChange: (change) => {
          this.after = change.seq;
          this.batch.add(change);
        },
        onConnection: (state) => {
          if (!signal.aborted) connection.set(state);
        },
      });
      if (end === 'aborted') return;
      this.after = null;
      this.lookBack = 0;
    }
  }

  /** A little before the latest change. */
  private async latest(signal: AbortSignal): Promise<number | null> {
    for (;;) {
      try {
        const path = address('groups', { sort: '-seq', limit: 1 });
        const page: Page<Group> = await read(path, signal);
        this.show({ isLoading: false, error: null });
        return Math.max(0, (page.data[0]?.seq ?? 0) - this.lookBack);
      } catch (error) {
        if (signal.aborted || isAbort(error)) return null;
        if (!(error instanceof ApiError)) throw error;
        this.show({ isLoading: false, error });
        const waitMs = retryMs(error);
        if (waitMs === null) return null;
        await pause(waitMs, signal);
      }
    }
  }

  private show(state: Partial<ChangesState>): void {
    this.state = { ...this.state, ...state };
    this.publish(this.state);
  }
}
