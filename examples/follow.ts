/* oxlint-disable no-console -- A program for a terminal. */
// Follows a topic mirror: reads all topics with a custom field, then every change as it happens. Copy what you need.
//
//   MIRROR_URL=http://127.0.0.1:3000 MIRROR_KEY=… npx tsx examples/follow.ts board=news
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

export interface Topic {
  readonly groupId: string;
  readonly topicId: string;
  readonly name: string | null;
  readonly updatedAt: string;
  readonly deletedAt: string | null;
  readonly seq: number;
}

export interface Change {
  readonly seq: number;
  readonly groupId: string;
  readonly topicId: string;
  readonly kind: 'created' | 'updated' | 'deleted' | 'restored';
  /** ISO 8601: the `updatedAt` of the topic since. */
  readonly at: string;
  /** The fields that changed, and no others. */
  readonly after: Readonly<Record<string, unknown>>;
}

export interface Options {
  readonly url: string;
  /** The secret of an API key; without one where the API is open. */
  readonly key?: string | undefined;
  /** Custom fields that the listed topics must have. */
  readonly custom?: Readonly<Record<string, string>>;
  /** Whether the listed topics include deleted ones, which can still change and be restored. */
  readonly includeDeleted?: boolean;
  /** Where an earlier run ended: store it with what you have applied. */
  readonly after?: number;
  /**
   * All topics, at the start and whenever the feed cannot go on: what is not among them is gone. `seq` is where the feed
   * then begins.
   */
  readonly onTopics: (topics: readonly Topic[], seq: number) => void | Promise<void>;
  /** Every change, whatever `custom` names. If it throws, the change comes again. */
  readonly onChange: (change: Change) => void | Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs until the signal; tries again after broken connections, outages and restarts of the service. Changes come in
 * order, each at least once: compare `seq` with what the lists had.
 * @throws ApiError for a request that no repetition helps, such as a wrong key
 */
export async function follow(options: Options): Promise<void> {
  const { signal } = options;
  const isStopped = () => signal?.aborted === true;
  let after = options.after;
  let minSeq: number | undefined;
  while (!isStopped()) {
    let pauseSeconds = 1;
    try {
      if (after === undefined) {
        // The position comes first: what changes while the lists are read is in the feed as well.
        const position = minSeq ?? (await readLatestSeq(options));
        await options.onTopics(await listTopics(options, position), position);
        after = position;
      }
      for await (const change of stream(options, after)) {
        await options.onChange(change);
        after = change.seq;
      }
    } catch (error) {
      if (isStopped()) return;
      if (error instanceof ApiError && error.status === 410) {
        // Changes after our position are not kept any more, or the database was restored.
        after = undefined;
        minSeq = error.latestSeq;
      } else if (error instanceof ApiError && !error.isTemporary) throw error;
      else console.error(reasonOf(error));
      if (error instanceof ApiError) pauseSeconds = error.retryAfterSeconds;
    }
    // The service ends a stream about once an hour.
    await sleep(pauseSeconds * 1000, undefined, { signal }).catch(() => undefined);
  }
}

/** `fetch` tells why it failed in the cause alone. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? String(error) : `${String(error)}: ${String(cause)}`;
}

/** A response that is not 2xx, of the service or of a proxy before it. */
export class ApiError extends Error {
  readonly retryAfterSeconds: number;

  constructor(
    readonly status: number,
    detail: string,
    readonly latestSeq: number | undefined,
    retryAfter: string | null,
  ) {
    super(`${status} ${detail}`);
    this.retryAfterSeconds = Number(retryAfter ?? 1) || 1;
  }

  get isTemporary(): boolean {
    return this.status === 429 || this.status >= 500;
  }
}

/** The last change there is. */
async function readLatestSeq(options: Options): Promise<number> {
  const response = await request(options, '/groups?sort=-seq&limit=1');
  const { data } = (await response.json()) as { data: { seq: number }[] };
  return data[0]?.seq ?? 0;
}

async function listTopics(options: Options, minSeq: number): Promise<Topic[]> {
  const custom = Object.entries(options.custom ?? {});
  const query = {
    limit: '500',
    minSeq: String(minSeq),
    deleted: options.includeDeleted === true ? 'include' : 'exclude',
    ...Object.fromEntries(custom.map(([key, value]) => [`custom.${key}`, value])),
  };
  const topics: Topic[] = [];
  for await (const topic of pages<Topic>(options, '/topics', query)) topics.push(topic);
  return topics;
}

async function* pages<T>(
  options: Options,
  path: string,
  query: Record<string, string>,
): AsyncGenerator<T> {
  let cursor: string | null = null;
  do {
    const parameters = new URLSearchParams({ ...query, ...(cursor === null ? {} : { cursor }) });
    const response = await request(options, `${path}?${parameters}`);
    const page = (await response.json()) as { data: T[]; nextCursor: string | null };
    yield* page.data;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

/** The events of the feed after a `seq`, until the service ends the stream. */
async function* stream(options: Options, after: number): AsyncGenerator<Change> {
  const response = await request(options, '/changes', {
    accept: 'text/event-stream',
    'last-event-id': String(after),
  });
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      if (/^event: end$/m.test(event)) return;
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data !== undefined) yield JSON.parse(data) as Change;
    }
  }
}

async function request(
  { url, key, signal }: Options,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const response = await fetch(new URL(path, url), {
    headers: key === undefined ? headers : { ...headers, authorization: `Bearer ${key}` },
    signal: signal ?? null,
  });
  if (response.ok) return response;
  // A proxy answers with HTML.
  const problem = (await response.json().catch(() => ({}))) as {
    detail?: string;
    latestSeq?: number;
  };
  throw new ApiError(
    response.status,
    problem.detail ?? response.statusText,
    problem.latestSeq,
    response.headers.get('retry-after'),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  await follow({
    url: process.env.MIRROR_URL ?? 'http://127.0.0.1:3000',
    key: process.env.MIRROR_KEY,
    custom: Object.fromEntries(process.argv.slice(2).map((pair) => pair.split('=', 2))),
    onTopics: (topics) => console.log(`${topics.length} topics`),
    onChange: (change) => console.log(JSON.stringify(change)),
    signal: stopping.signal,
  });
}
