import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { Problem } from '../http/problem.js';
import { BlockingRelay } from '../relay/blocking-relay.js';
import { Metrics } from '../metrics/metrics.js';
import { Rejections } from '../metrics/rejections.js';
import type { Outcome } from '../journal/journal-entry.js';
import { Tracing } from '../tracing/tracing.js';
import { parameterName } from '../tencent/signature.js';
import { callbackId, nextArrival } from '../journal/callback-id.js';
import { CallbackPersistence, NotDurableError } from './persistence.js';
import { ContradictionError, type Reading, readInTurns } from './callback-reader.js';
import { CALLBACK_BLOCKED, CALLBACK_OK } from './callback-answer.js';
import { problemOf } from './recorded-answer.js';
import type { CallbackRequest } from '../journal/journal-entry.js';

type Query = Readonly<Record<string, unknown>>;

// Only a time-out is ever retried by the vendor, and it waits two seconds.
const REJECTION_DELAY_MS = 2_200;
const MAX_DELAYED = 1_000;
const MICROS_PER_SECOND = 1e6;
const NOTHING = Buffer.alloc(0);

/** Of a callback that was answered OK, or by the backend. */
export interface Receipt {
  /** Of its entry in the journal. */
  readonly id: string;
  /** As the metrics count it: those that are not mirrored by their families. */
  readonly command: string;
  readonly groupId: string | null;
  readonly outcome: Outcome | 'spooled';
}

/** An authentic request of the vendor. */
export interface ReceivedRequest {
  readonly query: Query;
  /** The text after the `?` as it was sent. */
  readonly rawQuery: string;
  readonly bytes: Buffer | undefined;
  /** Address of the sender. */
  readonly from: string;
}

/** Handles an authentic callback by its command, and counts it. */
@Injectable()
export class WebhooksService {
  private readonly logger = new Logger('Webhooks');
  private delayed = 0;

  constructor(
    private readonly persistence: CallbackPersistence,
    private readonly metrics: Metrics,
    private readonly rejections: Rejections,
    private readonly settings: Settings,
    private readonly tracing: Tracing,
    private readonly relay: BlockingRelay,
  ) {}

  /**
   * Resolves when the callback is durable, or when there is nothing to store.
   * @returns the `answer` to the vendor; that of the backend to a blocking callback.
   * @throws Problem with the answer for everything else.
   */
  async receive({ query, rawQuery, bytes, from }: ReceivedRequest): Promise<{
    readonly receipt: Receipt;
    readonly answer: Buffer | string;
  }> {
    const startedAt = performance.now();
    const arrivedAt = nextArrival();
    this.metrics.lastCallback.set(arrivedAt / MICROS_PER_SECOND);
    const request: CallbackRequest = {
      id: callbackId(arrivedAt),
      arrivedAt,
      query: withoutSign(rawQuery),
      body: bytes ?? NOTHING,
    };
    const reading = await readInTurns(request, query);
    this.tracing.note('topicmirror.callback.id', request.id);
    if (reading.isBlocking) {
      // A user of the app waits for this answer, and nothing depends on its being stored.
      const outcome = reading.set.entry?.otherwise ?? 'ignored';
      this.count(reading, outcome);
      void this.persist(request, reading).catch((error: unknown) => {
        this.logger.warn({ msg: 'blocking callback not stored', err: error });
      });
      const verdict = await this.relay.verdict(request, startedAt);
      return { receipt: receipt(request, reading, outcome), answer: answerOf(verdict) };
    }
    const outcome = await this.persistOrDelay(request, reading);
    if (reading.problem instanceof ContradictionError) {
      this.rejections.add('query and body name different commands', from, query);
    }
    const problem = problemOf(reading, outcome);
    if (problem !== null) throw problem;
    return { receipt: receipt(request, reading, outcome), answer: CALLBACK_OK };
  }

  private async persist(request: CallbackRequest, reading: Reading): Promise<Outcome | 'spooled'> {
    const { changes, entry } = reading.set;
    const isIgnored = changes.length === 0 && entry?.otherwise === 'ignored';
    // The relay drops them once they are delivered; a blocking callback is passed on at once.
    const isDropped = reading.isBlocking || !this.relay.isOn;
    if (isIgnored && isDropped && this.settings.journalIgnored === 'drop') return 'ignored';
    return this.persistence.persist(request, reading);
  }

  private count({ label }: Reading, outcome: Outcome | 'spooled' | 'failed'): void {
    this.metrics.countCallback(label, outcome);
    this.tracing.note('topicmirror.command', label);
    this.tracing.note('topicmirror.outcome', outcome);
  }

  /** A callback that could not be stored is not answered before the vendor's time-out. */
  private async persistOrDelay(
    request: CallbackRequest,
    reading: Reading,
  ): Promise<Outcome | 'spooled'> {
    const startedAt = performance.now();
    try {
      const outcome = await this.persist(request, reading);
      this.count(reading, outcome);
      return outcome;
    } catch (error) {
      if (!(error instanceof NotDurableError)) throw error;
      this.count(reading, 'failed');
      this.logger.error({ msg: 'callback not stored', err: error.cause });
      if (this.delayed < MAX_DELAYED) {
        this.delayed += 1;
        const leftMs = Math.max(0, REJECTION_DELAY_MS - (performance.now() - startedAt));
        await sleep(leftMs).finally(() => (this.delayed -= 1));
      }
      throw new Problem(503, 'NOT_KEPT', 'neither database nor disk took it; send it again', {
        cause: error,
        retryAfterSeconds: 1,
      });
    }
  }
}

function receipt(
  { id }: CallbackRequest,
  { label, set }: Reading,
  outcome: Receipt['outcome'],
): Receipt {
  return { id, command: label, groupId: set.entry?.groupId ?? null, outcome };
}

/** The journal must not hold signatures. */
function withoutSign(rawQuery: string): string {
  // Nearly every query of an app without authentication.
  if (!rawQuery.includes('%') && !/(?:^|&)sign=/i.test(rawQuery)) return rawQuery;
  return rawQuery
    .split('&')
    .filter((pair) => parameterName(pair) !== 'sign')
    .join('&');
}

function answerOf(verdict: Buffer | 'refused' | 'allowed'): Buffer | string {
  if (verdict === 'allowed') return CALLBACK_OK;
  return verdict === 'refused' ? CALLBACK_BLOCKED : verdict;
}
