import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { Agent as HttpsAgent, request as requestTls } from 'node:https';
import { Settings } from '../config/settings.js';
import type { Epochs } from '../database/epoch.js';
import { RELAYED_BY, relayedQuery } from './relayed.js';

/** A callback as the backend gets it. */
export interface RelayedCallback {
  /** Of the journal. */
  readonly id: string;
  /** Without `Sign`. */
  readonly query: string;
  readonly body: Buffer;
}

/** `timeout` and `unreachable`: no status came. `isWhole`: nor was the body cut. Never holds the URL. */
export type BackendAnswer =
  | { readonly status: number; readonly body: Buffer; readonly isWhole: boolean }
  | { readonly status: null; readonly failure: 'timeout' | 'unreachable'; readonly reason: string };

export interface BackendLimits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Whether the backend may get the callback twice. */
  readonly isRepeatable: boolean;
}

// Less than most servers wait before they close an idle connection: 5 s in Node.js.
const IDLE_MS = 4_000;

/** The backend behind RELAY_URL, over persistent connections. Follows no redirect. */
export class Backend {
  private readonly url: URL;
  private readonly agent: HttpAgent;
  private readonly headers: Readonly<Record<string, string>>;

  /**
   * @param url the value of RELAY_URL.
   * @param epochs name this mirror to itself, should `url` lead back to it.
   */
  constructor(
    private readonly settings: Settings,
    private readonly epochs: Pick<Epochs, 'current'>,
    { url, connections }: { readonly url: string; readonly connections: number },
  ) {
    this.url = new URL(url);
    const options = { keepAlive: true, maxSockets: connections, timeout: IDLE_MS };
    this.agent = this.isTls ? new HttpsAgent(options) : new HttpAgent(options);
    const { username, password } = this.url;
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    this.headers = {
      'content-type': 'application/json',
      ...(credentials !== ':' && {
        authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      }),
    };
  }

  /** Sends a callback and reads the answer. Never rejects. */
  async send(callback: RelayedCallback, limits: BackendLimits): Promise<BackendAnswer> {
    const deadline = performance.now() + limits.timeoutMs;
    const attempt = new Attempt(limits);
    const answer = await attempt.run(() => this.open(callback, this.agent));
    // The backend may have closed the idle connection at the same moment, or have died of the request.
    if (!attempt.isOnStaleConnection || !limits.isRepeatable) return answer;
    const left = { ...limits, timeoutMs: deadline - performance.now() };
    return new Attempt(left).run(() => this.open(callback, false));
  }

  close(): void {
    this.agent.destroy();
  }

  private get isTls(): boolean {
    return this.url.protocol === 'https:';
  }

  private open({ id, query, body }: RelayedCallback, agent: HttpAgent | false): ClientRequest {
    const { port, pathname, search } = this.url;
    const token = this.settings.imCallbackTokens[0];
    const relayed = relayedQuery(query, token, Date.now());
    const joined = [search.slice(1), relayed].filter((part) => part !== '').join('&');
    const opened = (this.isTls ? requestTls : request)({
      agent,
      method: 'POST',
      host: hostOf(this.url),
      port,
      path: joined === '' ? pathname : `${pathname}?${joined}`,
      headers: {
        ...this.headers,
        'content-length': body.length,
        'x-request-id': id,
        ...(this.epochs.current !== null && { [RELAYED_BY]: this.epochs.current }),
      },
    });
    opened.end(body);
    return opened;
  }
}

/** One request; resolves with its answer or failure within its time limit. */
class Attempt {
  private request: ClientRequest | null = null;
  private response: IncomingMessage | null = null;
  private readonly chunks: Buffer[] = [];
  private length = 0;
  isOnStaleConnection = false;

  constructor(private readonly limits: BackendLimits) {}

  run(open: () => ClientRequest): Promise<BackendAnswer> {
    return new Promise((resolve) => {
      const finish = (answer: BackendAnswer): void => {
        clearTimeout(timer);
        resolve(answer);
        // A second call changes nothing; after a whole answer the connection goes back to the pool.
        if (answer.status === null || !answer.isWhole) this.request?.destroy();
      };
      const timer = setTimeout(
        () => finish(this.cut('timeout', `no answer within the time limit`)),
        Math.max(1, this.limits.timeoutMs),
      );
      const fail = (error: unknown): void => {
        const code = codeOf(error);
        this.isOnStaleConnection =
          this.response === null &&
          this.request?.reusedSocket === true &&
          (code === 'ECONNRESET' || code === 'EPIPE');
        finish(this.cut('unreachable', `network: ${code}`));
      };
      try {
        this.request = open();
      } catch (error) {
        return fail(error);
      }
      this.request.on('error', fail);
      this.request.on('response', (response) => {
        this.response = response;
        response.on('data', (chunk: Buffer) => {
          this.length += chunk.length;
          if (this.length > this.limits.maxBytes) finish(this.cut('unreachable', 'too large'));
          else this.chunks.push(chunk);
        });
        response.on('error', fail);
        response.on('end', () => finish(this.answer(response, response.complete)));
      });
    });
  }

  /** What came before the rest did not: the status counts, if there was one. */
  private cut(failure: 'timeout' | 'unreachable', reason: string): BackendAnswer {
    return this.response ? this.answer(this.response, false) : { status: null, failure, reason };
  }

  private answer({ statusCode = 0 }: IncomingMessage, isWhole: boolean): BackendAnswer {
    return { status: statusCode, body: Buffer.concat(this.chunks), isWhole };
  }
}

/** What went wrong, without what it may repeat of the request. */
export function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : 'the connection failed';
}

/** To connect to: an IPv6 address without its brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
