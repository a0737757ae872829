import { address, ApiError, isAbort, pause, read, topicAddress } from '../api/client.js';
import { followChanges } from '../api/changes-stream.js';
import type { Change, Group, Page, Topic } from '../api/types.js';
import { connection } from '../app/connection.js';
import { FrameBatch } from '../app/frame-batch.js';
import { retryMs } from '../app/use-answer.js';

const PAGE = 100;
const MAX_CHANGES = 2_000;

export interface HistoryState {
  readonly topic: Topic | null;
  /** Newest first. */
  readonly changes: readonly Change[];
  readonly isMore: boolean;
  /** The changes that came while one looks. */
  readonly seen: number;
  readonly error: ApiError | null;
}

export const NO_HISTORY: HistoryState = {
  topic: null,
  changes: [],
  isMore: false,
  seen: 0,
  error: null,
};

/** A topic and what became of it, kept up to date by the feed. */
export class TopicHistory {
  private state = NO_HISTORY;
  private cursor: string | null = null;
  private readonly batch = new FrameBatch<Change>((changes) => this.apply(changes));

  constructor(
    private readonly id: { readonly groupId: string; readonly topicId: string },
    private readonly publish: (state: HistoryState) => void,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    const { groupId, topicId } = this.id;
    while (!signal.aborted) {
      const after = await this.load(signal);
      if (after === null) return;
      await followChanges({
        after,
        groupId,
        signal,
        onChange: (change) => {
          if (change.topicId === topicId) this.batch.add(change);
        },
        onConnection: (state) => connection.set(state),
      });
    }
  }

  stop(): void {
    this.batch.stop();
    connection.set(null);
  }

  /** Reads on until the change with a `seq` is there, or for one page. */
  async readOn(until: number | null, signal: AbortSignal): Promise<void> {
    while (this.cursor !== null) {
      const path = `${topicAddress(this.id.groupId, this.id.topicId)}/history`;
      const page: Page<Change> = await read(
        address(path, { cursor: this.cursor, limit: PAGE }),
        signal,
      );
      this.cursor = page.nextCursor;
      this.show({
        changes: [...this.state.changes, ...page.data],
        isMore: page.nextCursor !== null,
      });
      if (until === null || (page.data.at(-1)?.seq ?? 0) <= until) return;
    }
  }

  private async load(signal: AbortSignal): Promise<number | null> {
    for (;;) {
      try {
        return await this.readAll(signal);
      } catch (error) {
        if (signal.aborted || isAbort(error)) return null;
        if (!(error instanceof ApiError)) throw error;
        this.show({ error });
        const waitMs = error.status === 410 ? 0 : retryMs(error);
        if (waitMs === null) return null;
        await pause(waitMs, signal);
      }
    }
  }

  /** The group first: what changes later comes with the feed. */
  private async readAll(signal: AbortSignal): Promise<number> {
    const { groupId, topicId } = this.id;
    const group: Group = await read(`groups/${encodeURIComponent(groupId)}`, signal);
    const path = topicAddress(groupId, topicId);
    const topic: Topic = await read(path, signal);
    const page: Page<Change> = await read(address(`${path}/history`, { limit: PAGE }), signal);
    this.cursor = page.nextCursor;
    const isMore = page.nextCursor !== null;
    // One that was committed between the two answers is applied here.
    const newer = page.data.filter(({ seq }) => seq > topic.seq).toReversed();
    this.show({
      topic: newer.reduce(applied, topic),
      changes: page.data,
      isMore,
      seen: 0,
      error: null,
    });
    return group.seq;
  }

  private apply(changes: readonly Change[]): void {
    const { topic, changes: known, seen } = this.state;
    if (topic === null) return;
    const newer = changes.filter(({ seq }) => seq > topic.seq);
    if (newer.length === 0) return;
    const all = [...newer.toReversed(), ...known];
    if (all.length > MAX_CHANGES) {
      all.length = MAX_CHANGES;
      this.cursor = null;
    }
    this.show({
      topic: newer.reduce(applied, topic),
      changes: all,
      isMore: this.cursor !== null,
      seen: seen + newer.length,
    });
  }

  private show(state: Partial<HistoryState>): void {
    this.state = { ...this.state, ...state };
    this.publish(this.state);
  }
}

function applied(topic: Topic, { seq, at, after }: Change): Topic {
  return { ...topic, ...after, seq, updatedAt: at };
}

/** A topic as it was after the change with a `seq`: all later ones undone; `null` where that change is not known. */
export function stateAfter(topic: Topic, changes: readonly Change[], seq: number): Topic | null {
  const index = changes.findIndex((change) => change.seq === seq);
  const change = changes[index];
  if (!change) return null;
  const past = changes
    .slice(0, index)
    .reduce((state, { before }) => ({ ...state, ...before }), topic);
  return { ...past, seq, updatedAt: change.at };
}
