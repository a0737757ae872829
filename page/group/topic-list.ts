import { ApiError, isAbort, pause, read, topicAddress } from '../api/client.js';
import { followChanges } from '../api/changes-stream.js';
import type { Change, ChangeKind, Group, Page, Topic } from '../api/types.js';
import { FrameBatch } from '../app/frame-batch.js';
import { connection } from '../app/connection.js';
import { retryMs } from '../app/use-answer.js';
import {
  comparison,
  isAskedFor,
  isWantedByState,
  type Question,
  questionAddress,
} from './question.js';

const PAGE = 500;
/** What is kept of a list, and so the memory it takes. */
export const MAX_TOPICS = 10_000;
const MAX_LOOKUPS = 200;

/** What happened to a topic while one looks. */
export interface Mark {
  readonly kind: ChangeKind;
  /** The fields that changed, as they were when the list was read. */
  readonly before: ReadonlyMap<string, unknown>;
}

export interface TopicRow {
  readonly topic: Topic;
  readonly mark: Mark | null;
}

export interface ListState {
  readonly rows: readonly TopicRow[];
  readonly marked: number;
  readonly isLoading: boolean;
  /** Whether there are more topics than are kept. */
  readonly isCut: boolean;
  readonly error: ApiError | null;
}

export const EMPTY_LIST: ListState = {
  rows: [],
  marked: 0,
  isLoading: true,
  isCut: false,
  error: null,
};

/** The topics that a question asks for, read once and kept up to date by the feed. */
export class TopicList {
  private readonly topics = new Map<string, TopicRow>();
  private readonly lookups = new Map<string, ChangeKind>();
  private readonly batch = new FrameBatch<Change>((changes) => this.apply(changes));
  private isCut = false;

  constructor(
    private readonly question: Question,
    private readonly publish: (state: ListState) => void,
  ) {}

  /** Until the signal comes. */
  async run(signal: AbortSignal): Promise<void> {
    const onConnection = (state: typeof connection.value): void => connection.set(state);
    while (!signal.aborted) {
      const after = await this.load(signal);
      if (after === null) return;
      const { groupId } = this.question;
      const onChange = (change: Change): void => this.batch.add(change);
      await followChanges({ after, groupId, signal, onChange, onConnection });
    }
  }

  stop(): void {
    this.batch.stop();
    connection.set(null);
  }

  clearMarks(): void {
    for (const [id, row] of this.topics) {
      if (row.mark === null) continue;
      if (this.isWanted(row.topic)) this.topics.set(id, { topic: row.topic, mark: null });
      else this.topics.delete(id);
    }
    this.show();
  }

  /** @returns the `seq` to go on after; `null` where the list cannot be read. */
  private async load(signal: AbortSignal): Promise<number | null> {
    for (;;) {
      try {
        return await this.readAll(signal);
      } catch (error) {
        if (signal.aborted || isAbort(error)) return null;
        if (!(error instanceof ApiError)) throw error;
        this.publish({ ...EMPTY_LIST, isLoading: false, error });
        const waitMs = error.status === 410 ? 0 : retryMs(error);
        if (waitMs === null) return null;
        await pause(waitMs, signal);
      }
    }
  }

  private async readAll(signal: AbortSignal): Promise<number> {
    this.topics.clear();
    const first = questionAddress(this.question, PAGE);
    let after: number | null = null;
    let cursor: string | null = null;
    do {
      const path: string =
        cursor === null
          ? first
          : `${first.split('?')[0]}?${new URLSearchParams({ cursor, limit: String(PAGE) })}`;
      const page: Page<Topic> & { readonly group: Group } = await read(path, signal);
      // What changes while further pages are read comes again with the feed.
      after ??= page.group.seq;
      for (const topic of page.data) this.topics.set(topic.topicId, { topic, mark: null });
      cursor = page.nextCursor;
      this.isCut = cursor !== null && this.topics.size >= MAX_TOPICS;
      this.show(cursor !== null && !this.isCut);
    } while (cursor !== null && !this.isCut);
    return after;
  }

  private apply(changes: readonly Change[]): void {
    for (const change of changes) {
      const row = this.topics.get(change.topicId);
      if (row) {
        if (row.topic.seq < change.seq) this.put(change.topicId, changed(row, change));
      } else if (change.kind === 'created') {
        this.put(change.topicId, changed({ topic: unknownTopic(change), mark: null }, change));
      } else this.lookUp(change);
    }
    this.show();
  }

  private put(id: string, row: TopicRow): void {
    const isNew = !this.topics.has(id);
    if (isNew && (!this.isWanted(row.topic) || this.topics.size >= MAX_TOPICS)) return;
    this.topics.set(id, row);
  }

  private isWanted(topic: Topic): boolean {
    return isAskedFor(topic, this.question) && isWantedByState(topic, this.question);
  }

  /** A topic that was not asked for before may be now, which its change alone does not tell. */
  private lookUp({ topicId, kind }: Change): void {
    const { q, ownerAccount, custom, deleted } = this.question;
    const isFiltered =
      q !== '' || ownerAccount !== '' || custom.length > 0 || deleted !== 'include';
    if (!isFiltered || this.lookups.size >= MAX_LOOKUPS) return;
    const isIdle = this.lookups.size === 0;
    this.lookups.set(topicId, kind);
    if (isIdle) void this.lookUpAll();
  }

  /** One after the other. */
  private async lookUpAll(): Promise<void> {
    const { signal } = this.batch;
    for (const [topicId, kind] of this.lookups) {
      try {
        const topic: Topic = await read(topicAddress(this.question.groupId, topicId), signal);
        const known = this.topics.get(topicId);
        if (!known || known.topic.seq < topic.seq) {
          this.put(topicId, { topic, mark: { kind, before: new Map() } });
          this.show();
        }
      } catch (error) {
        if (signal.aborted) return;
        // It is found when the list is read again.
        if (!(error instanceof ApiError)) throw error;
      } finally {
        this.lookups.delete(topicId);
      }
    }
  }

  private show(isLoading = false): void {
    const compare = comparison(this.question);
    const rows = [...this.topics.values()].filter(
      ({ topic, mark }) => mark !== null || isWantedByState(topic, this.question),
    );
    rows.sort((one, other) => compare(one.topic, other.topic));
    const marked = rows.reduce((count, { mark }) => count + (mark === null ? 0 : 1), 0);
    this.publish({ rows, marked, isLoading, isCut: this.isCut, error: null });
  }
}

function changed({ topic, mark }: TopicRow, { seq, at, kind, before, after }: Change): TopicRow {
  const first = new Map(mark?.before);
  for (const [field, value] of Object.entries(before)) {
    if (!first.has(field)) first.set(field, value);
  }
  const isNew = mark?.kind === 'created' && kind === 'updated';
  return {
    topic: { ...topic, ...after, seq, updatedAt: at },
    mark: { kind: isNew ? 'created' : kind, before: first },
  };
}

function unknownTopic({ groupId, topicId, at, seq }: Change): Topic {
  return {
    groupId,
    topicId,
    name: null,
    type: null,
    ownerAccount: null,
    operatorAccount: null,
    introduction: null,
    notification: null,
    faceUrl: null,
    customString: null,
    muteAllMember: null,
    userDefinedDataList: null,
    createdAt: null,
    updatedAt: at,
    deletedAt: null,
    seq,
  };
}
