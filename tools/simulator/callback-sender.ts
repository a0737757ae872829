import { createHash } from 'node:crypto';
import * as http from 'node:http';
import * as https from 'node:https';
import type { CallbackBody } from './callback-bodies.js';
import type { CallbackMischief } from './mischief.js';
import type { Random } from './random.js';

export interface SenderOptions {
  readonly random: Random;
  readonly sdkAppId: string;
  /** `null`: callbacks are not signed. */
  readonly token: string | null;
  readonly mischief: () => CallbackMischief;
  /** How often a callback that timed out is sent again; the console's default is not at all. */
  readonly retries: number;
  readonly timeoutMs: number;
  /** Callbacks under way at a time; with one, each leaves after the answer to the one before. */
  readonly concurrency: number;
  readonly onSent: (sent: SentCallback) => void;
}

/** What became of one callback. `dropped`: never sent; `failed`: no response, or not the documented one. */
export interface SentCallback {
  readonly body: CallbackBody;
  readonly outcome: Outcome;
  readonly status: number | null;
}

export type Outcome = 'delivered' | 'refused' | 'timed out' | 'failed' | 'dropped';

type Response = { readonly status: number; readonly text: string } | 'timed out' | 'failed';

/** Sends callbacks to the app in the vendor's form, by default in the order given. */
export class CallbackSender {
  private targets: readonly URL[] = [];
  private queue: CallbackBody[] = [];
  private underWay = 0;
  private pending = 0;
  private waiting: (() => void)[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly agents = {
    'http:': new http.Agent({ keepAlive: true }),
    'https:': new https.Agent({ keepAlive: true }),
  };

  constructor(private readonly options: SenderOptions) {}

  /** Where callbacks go from now on; with several, as a balancer in front of replicas would. */
  sendTo(targets: readonly string[]): void {
    this.targets = targets.map((target) => new URL(target));
  }

  submit(body: CallbackBody): void {
    if (this.targets.length === 0) return;
    const { random, mischief } = this.options;
    const { drop, repeat, delayMs } = mischief();
    if (random.chance(drop)) {
      this.options.onSent({ body, outcome: 'dropped', status: null });
      return;
    }
    const copies = random.chance(repeat) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) this.schedule(body, random.next() * delayMs);
  }

  /** Resolves when every callback was answered, given up or dropped. */
  settled(): Promise<void> {
    if (this.pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.queue = [];
    for (const agent of Object.values(this.agents)) agent.destroy();
  }

  private schedule(body: CallbackBody, delayMs: number): void {
    this.pending += 1;
    if (delayMs === 0) {
      this.queue.push(body);
      this.pump();
      return;
    }
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.queue.push(body);
      this.pump();
    }, delayMs);
    this.timers.add(timer);
  }

  private pump(): void {
    while (this.underWay < this.options.concurrency) {
      const body = this.queue.shift();
      if (body === undefined) return;
      this.underWay += 1;
      void this.deliver(body).then((sent) => {
        this.underWay -= 1;
        this.options.onSent(sent);
        this.settle();
        this.pump();
      });
    }
  }

  private settle(): void {
    this.pending -= 1;
    if (this.pending > 0) return;
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private async deliver(body: CallbackBody): Promise<SentCallback> {
    const { random, mischief, retries } = this.options;
    if (random.chance(mischief().abandon)) await this.post(body, 'abandoned');
    let response = await this.post(body);
    for (let retry = 0; retry < retries && response === 'timed out'; retry += 1) {
      response = await this.post(body);
    }
    if (typeof response === 'string') return { body, outcome: response, status: null };
    return { body, outcome: outcomeOf(response), status: response.status };
  }

  /** One target after the other until somebody takes the connection. */
  private async post(body: CallbackBody, mode: 'awaited' | 'abandoned' = 'awaited') {
    const first = this.options.random.below(this.targets.length);
    let response: Response = 'failed';
    for (let turn = 0; turn < this.targets.length && response === 'failed'; turn += 1) {
      const target = this.targets[(first + turn) % this.targets.length];
      if (target) response = await this.postTo(target, body, mode);
    }
    return response;
  }

  private postTo(
    target: URL,
    body: CallbackBody,
    mode: 'awaited' | 'abandoned',
  ): Promise<Response> {
    const bytes = Buffer.from(JSON.stringify(body));
    const secure = target.protocol === 'https:';
    return new Promise((resolve) => {
      // Length and host are all the headers that the vendor's documents show.
      const request = (secure ? https : http).request(this.url(target, body.CallbackCommand), {
        method: 'POST',
        agent: this.agents[secure ? 'https:' : 'http:'],
        headers: { 'content-length': bytes.length },
      });
      const timer = setTimeout(() => {
        resolve('timed out');
        request.destroy();
      }, this.options.timeoutMs);
      request.on('close', () => clearTimeout(timer));
      request.on('error', (error: NodeJS.ErrnoException) => {
        // The app closed an idle connection at the moment it was used again: not the app's fault.
        const isIdleEnd = request.reusedSocket && error.code === 'ECONNRESET';
        resolve(isIdleEnd && mode === 'awaited' ? this.postTo(target, body, mode) : 'failed');
      });
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', () => resolve('failed'));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, text });
        });
      });
      request.end(bytes, () => {
        if (mode === 'awaited') return;
        resolve('timed out');
        request.destroy();
      });
    });
  }

  private url(target: URL, command: string): URL {
    const { sdkAppId, token } = this.options;
    const url = new URL(target);
    const query: Record<string, string> = {
      SdkAppid: sdkAppId,
      CallbackCommand: command,
      contenttype: 'json',
      ClientIP: '127.0.0.1',
      OptPlatform: 'RESTAPI',
    };
    if (token !== null) {
      query.RequestTime = String(Math.floor(Date.now() / 1000));
      query.Sign = createHash('sha256')
        .update(token + query.RequestTime)
        .digest('hex');
    }
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url;
  }
}

/** The vendor expects status 200 and JSON; it ignores `ErrorCode` here. */
function outcomeOf({ status, text }: { readonly status: number; readonly text: string }): Outcome {
  if (status !== 200) return 'refused';
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? 'delivered' : 'failed';
  } catch {
    return 'failed';
  }
}
