import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Attributes, Tracing } from '../tracing/tracing.js';
import type { Micros } from './answers.js';
import { adviceOn, verdictOn } from './error-codes.js';
import { VendorAlarmError, VendorCallError, VendorUnavailableError } from './errors.js';
import { post } from './http-post.js';
import { contradictionIn } from './plausible.js';
import type { Command, RateLimiter } from './rate-limiter.js';
import { type Account, UserSigSource } from './usersig.js';
import { FIELDS, read } from './fields.js';
import { isWire, parseExact, type Wire } from './wire.js';

export interface RestOptions {
  /** Scheme, host and port, such as `https://console.tim.qq.com`. */
  readonly origin: string;
  readonly account: Account;
  readonly limiter: RateLimiter;
  readonly retry?: Partial<RetryPolicy>;
  readonly tracing?: Tracing;
}

/**
 * Called for every request with its outcome; `code` is the vendor's, or `null` where the
 * answer had none.
 */
export type CallObserver = (command: Command, outcome: CallOutcome, code: number | null) => void;

export type CallOutcome = 'ok' | 'retried' | 'throttled' | 'failed';

export interface RetryPolicy {
  /** Requests per call, the first one included. */
  readonly attempts: number;
  /** The first wait; it doubles with every attempt, and is drawn at random up to that. */
  readonly waitMs: number;
  /** The first wait after "too many calls"; it doubles likewise. */
  readonly throttledMs: number;
  readonly timeoutMs: number;
}

// The vendor gives up a request after 3 s by itself.
const RETRY: RetryPolicy = { attempts: 6, waitMs: 200, throttledMs: 1_000, timeoutMs: 5_000 };
const MAX_WAIT_MS = 10_000;
// The vendor locks an account for a minute after too many refused UserSigs.
const ALARM_MS = 60_000;
const MAX_INFO_LENGTH = 200;

const SERVICES = {
  get_topic: 'million_group_open_http_svc',
  get_group_info: 'group_open_http_svc',
  get_appid_group_list: 'group_open_http_svc',
} as const satisfies Record<Command, string>;

/** An answer of the vendor; `code` is 0, or one about the subject of the request. */
export interface RestAnswer {
  readonly code: number;
  readonly wire: Wire;
  /** When the request that was answered was sent, by this machine's clock. */
  readonly requestedAt: Micros;
}

/** What became of one request. */
type Attempt =
  | { readonly verdict: 'done'; readonly answer: RestAnswer }
  | { readonly verdict: 'retry' | 'slow down' | 'renew'; readonly reason: string };

/** Sends one call until it is answered: paced, signed, retried where that can help. */
export class RestCaller {
  private readonly userSigs: UserSigSource;
  private readonly policy: RetryPolicy;
  private alarm: { readonly error: VendorAlarmError; readonly until: number } | null = null;
  private skewMs: number | null = null;
  private readonly tracing: Tracing;
  private readonly peer: Attributes;
  private readonly observers: CallObserver[] = [];

  constructor(private readonly options: RestOptions) {
    this.userSigs = new UserSigSource(options.account);
    this.policy = { ...RETRY, ...options.retry };
    this.tracing = options.tracing ?? Tracing.off;
    const { hostname } = new URL(options.origin);
    this.peer = { 'http.request.method': 'POST', 'server.address': hostname };
  }

  /** How far this machine's clock is ahead of the vendor's, as of the last answer. Whole seconds. */
  get clockSkewMs(): number | null {
    return this.skewMs;
  }

  observe(observer: CallObserver): void {
    this.observers.push(observer);
  }

  /**
   * @param body JSON text: one object.
   * @throws VendorAlarmError when no call can work; for a minute after, without asking again.
   * @throws VendorUnavailableError, VendorCallError, or the reason of `signal`.
   */
  async call(command: Command, body: string, signal?: AbortSignal): Promise<RestAnswer> {
    let isRenewed = false;
    for (let attempt = 1; ; attempt += 1) {
      this.throwAlarm();
      await this.options.limiter.acquire(command, signal);
      const userSig = this.userSigs.current();
      const tried = await this.tracing.call(command, this.peer, () =>
        this.attempt(command, body, userSig, signal),
      );
      if (tried.verdict === 'done') return tried.answer;
      if (tried.verdict === 'renew') {
        if (isRenewed) throw this.alarmAt(command, 70001, tried.reason);
        isRenewed = true;
        this.userSigs.discard(userSig);
        continue;
      }
      if (attempt >= this.policy.attempts) {
        throw new VendorUnavailableError(command, attempt, tried.reason);
      }
      await this.wait(command, tried.verdict, attempt, signal);
    }
  }

  private async attempt(
    command: Command,
    body: string,
    userSig: string,
    signal: AbortSignal | undefined,
  ): Promise<Attempt> {
    const requestedAt = Date.now() * 1000;
    const { timeoutMs } = this.policy;
    const posted = await post(this.url(command, userSig), body, { timeoutMs, signal });
    if (posted.status === null) return this.retried(command, null, posted.reason);
    this.tracing.note('http.response.status_code', posted.status);
    // The header has whole seconds: on average half a second is cut off.
    if (posted.date) this.skewMs = Date.now() - posted.date.getTime() - 500;
    if (posted.status === 429) return this.retried(command, null, 'HTTP status 429', 'slow down');
    if (posted.status >= 500) return this.retried(command, null, `HTTP status ${posted.status}`);
    if (posted.status !== 200) {
      throw this.failed(command, null, `HTTP status ${posted.status}: check IM_API_HOST`);
    }
    const wire = parse(posted.text);
    const code = wire ? read(wire, FIELDS.errorCode) : undefined;
    if (wire === null || code === undefined)
      return this.retried(command, null, 'the answer is no whole JSON');
    return this.judge(command, { code, wire, requestedAt });
  }

  private judge(command: Command, answer: RestAnswer): Attempt {
    const { code, wire } = answer;
    this.tracing.note('topicmirror.vendor.code', code);
    const info = `error ${code} (${this.infoOf(wire)})`;
    const verdict = verdictOn(code);
    switch (verdict) {
      case 'ok':
      case 'subject': {
        const contradiction = contradictionIn(code, wire);
        if (contradiction !== null) return this.retried(command, code, contradiction);
        this.count(command, 'ok', code);
        return { verdict: 'done', answer };
      }
      case 'retry':
      case 'slow down':
      case 'renew':
        return this.retried(command, code, info, verdict);
      case 'stop':
        this.count(command, 'failed', code);
        throw this.alarmAt(command, code, this.infoOf(wire));
      case 'bug':
        throw this.failed(command, code, `the vendor calls the request malformed: ${info}`);
      case 'unknown':
        throw this.failed(command, code, info);
    }
  }

  private async wait(
    command: Command,
    verdict: 'retry' | 'slow down',
    attempt: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { waitMs, throttledMs } = this.policy;
    const first = verdict === 'slow down' ? throttledMs : waitMs;
    const longest = Math.min(MAX_WAIT_MS, first * 2 ** (attempt - 1));
    if (verdict === 'slow down') await this.options.limiter.pushBack(command, longest);
    else await sleep(longest * Math.random(), undefined, { signal });
  }

  private url(command: Command, userSig: string): URL {
    const { origin, account } = this.options;
    const url = new URL(`/v4/${SERVICES[command]}/${command}`, origin);
    url.search = new URLSearchParams({
      sdkappid: account.sdkAppId,
      identifier: account.userId,
      usersig: userSig,
      random: String(randomInt(0, 2 ** 32)),
      contenttype: 'json',
    }).toString();
    return url;
  }

  private retried(
    command: Command,
    code: number | null,
    reason: string,
    verdict: 'retry' | 'slow down' | 'renew' = 'retry',
  ): Attempt {
    this.count(command, verdict === 'slow down' ? 'throttled' : 'retried', code);
    return { verdict, reason };
  }

  private failed(command: Command, code: number | null, reason: string): VendorCallError {
    this.count(command, 'failed', code);
    return new VendorCallError(command, code, reason);
  }

  private alarmAt(command: Command, code: number, info: string): VendorAlarmError {
    const error = new VendorAlarmError(command, code, adviceOn(code), info);
    this.alarm = { error, until: performance.now() + ALARM_MS };
    return error;
  }

  private throwAlarm(): void {
    if (this.alarm !== null && performance.now() < this.alarm.until) throw this.alarm.error;
    this.alarm = null;
  }

  /** What the vendor says of an error, short, and without what it may repeat of the request. */
  private infoOf(wire: Wire): string {
    const { secretKey } = this.options.account;
    return (read(wire, FIELDS.errorInfo) ?? '')
      .replaceAll(secretKey, '…')
      .replaceAll(USERSIG, '…')
      .replaceAll(/\p{Cc}/gu, ' ')
      .slice(0, MAX_INFO_LENGTH);
  }

  private count(command: Command, outcome: CallOutcome, code: number | null): void {
    if (outcome !== 'ok') this.tracing.fail(code === null ? 'no answer' : String(code));
    for (const observe of this.observers) observe(command, outcome, code);
  }
}

// Every UserSig is one long word of this alphabet, and begins with the header of its compression.
const USERSIG = /\beJ[\w*-]{40,}/g;

function parse(answer: string): Wire | null {
  try {
    const parsed = parseExact(answer);
    return isWire(parsed) ? parsed : null;
  } catch {
    // Cut short, or the page of a proxy: sent again, as after any broken connection.
    return null;
  }
}
