import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { Problem } from '../http/problem.js';
import { Metrics } from '../metrics/metrics.js';
import type { Outcome } from '../topics/change.js';
import { Tracing } from '../tracing/tracing.js';
import { callbackId, type InvalidCallbackError, nextArrival } from './callback.js';
import { Keeper, NotKeptError } from './keeper.js';
import { ContradictionError, type Reading, readRequest, type Request } from './reading.js';

type Query = Readonly<Record<string, unknown>>;

// Only a time-out is ever retried by the vendor, and it waits two seconds.
const HOLD_MS = 2_200;
const MAX_HELD = 1_000;
const MICROS_PER_SECOND = 1e6;
const NOTHING = Buffer.alloc(0);

/** Of a callback that was answered OK. */
export interface Receipt {
  /** Of its entry in the journal. */
  readonly id: string;
  /** As the metrics count it: those that are not mirrored by their families. */
  readonly command: string;
  readonly groupId: string | null;
  readonly outcome: Outcome | 'spooled';
}

/** Does with an authentic callback what its command asks for, and counts it. */
@Injectable()
export class Receiver {
  private readonly logger = new Logger('Webhooks');
  private held = 0;

  constructor(
    private readonly keeper: Keeper,
    private readonly metrics: Metrics,
    private readonly settings: Settings,
    private readonly tracing: Tracing,
  ) {}

  /**
   * Resolves when the callback is durable, or when there is nothing to keep.
   * @param rawQuery the text after the `?` as it was sent.
   * @throws Problem with the answer for everything else.
   */
  async receive(query: Query, rawQuery: string, bytes: Buffer | undefined): Promise<Receipt> {
    const arrivedAt = nextArrival();
    this.metrics.lastCallback.set(arrivedAt / MICROS_PER_SECOND);
    const request: Request = {
      id: callbackId(arrivedAt),
      arrivedAt,
      query: withoutSign(rawQuery),
      body: bytes ?? NOTHING,
    };
    const reading = readRequest(request, query);
    this.tracing.note('topicmirror.callback.id', request.id);
    if (reading.isGate) {
      // A user of the app waits for this answer, and nothing depends on its being kept.
      this.count(reading, 'ignored');
      void this.keep(request, reading).catch((error: unknown) => {
        this.logger.warn({ msg: 'question before the fact not kept', err: error });
      });
      return receipt(request, reading, 'ignored');
    }
    const outcome = await this.keepOrHold(request, reading);
    if (reading.problem) throw this.toProblem(reading.problem);
    return receipt(request, reading, outcome);
  }

  private async keep(request: Request, reading: Reading): Promise<Outcome | 'spooled'> {
    const { changes, entry } = reading.set;
    const isIgnored = changes.length === 0 && entry?.otherwise === 'ignored';
    if (isIgnored && this.settings.journalIgnored === 'drop') return 'ignored';
    return this.keeper.keep(request, reading);
  }

  private count({ label }: Reading, outcome: Outcome | 'spooled' | 'failed'): void {
    this.metrics.countCallback(label, outcome);
    this.tracing.note('topicmirror.command', label);
    this.tracing.note('topicmirror.outcome', outcome);
  }

  /** What could not be kept is not answered before the vendor has given up waiting. */
  private async keepOrHold(request: Request, reading: Reading): Promise<Outcome | 'spooled'> {
    const startedAt = performance.now();
    try {
      const outcome = await this.keep(request, reading);
      this.count(reading, outcome);
      if (outcome === 'invalid' && !reading.problem) {
        throw new Problem(400, 'INVALID_CALLBACK', 'the callback holds what cannot be stored');
      }
      return outcome;
    } catch (error) {
      if (!(error instanceof NotKeptError)) throw error;
      this.count(reading, 'failed');
      this.logger.error({ msg: 'callback not kept', err: error.cause });
      if (this.held < MAX_HELD) {
        this.held += 1;
        const leftMs = Math.max(0, HOLD_MS - (performance.now() - startedAt));
        await sleep(leftMs).finally(() => (this.held -= 1));
      }
      throw new Problem(503, 'NOT_KEPT', 'neither database nor disk took it; send it again', {
        cause: error,
        retryAfterSeconds: 1,
      });
    }
  }

  private toProblem(error: InvalidCallbackError): Problem {
    if (!(error instanceof ContradictionError)) {
      return new Problem(400, error.code, error.message, { cause: error });
    }
    this.metrics.callbacksRejected.inc({ reason: 'query and body name different commands' });
    return new Problem(403, error.code, error.message, { cause: error });
  }
}

function receipt({ id }: Request, { label, set }: Reading, outcome: Receipt['outcome']): Receipt {
  return { id, command: label, groupId: set.entry?.groupId ?? null, outcome };
}

/** A signature must not be kept where others can read it. */
function withoutSign(rawQuery: string): string {
  // Nearly every query of an app without authentication.
  if (!rawQuery.includes('%') && !/(?:^|&)sign=/i.test(rawQuery)) return rawQuery;
  return rawQuery
    .split('&')
    .filter((pair) => nameOf(pair) !== 'sign')
    .join('&');
}

function nameOf(pair: string): string {
  const name = pair.split('=', 1)[0] ?? '';
  try {
    return decodeURIComponent(name).toLowerCase();
  } catch {
    // Broken percent-encoding: no name that anybody reads.
    return '';
  }
}
