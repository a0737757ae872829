import { Injectable, Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Settings } from '../config/settings.js';
import { Metrics } from '../metrics/metrics.js';
import { ByteBudget } from './byte-budget.js';
import { Problem, problemDocument } from './problem.js';

// The kernel takes it at once, whether it is read or not.
const SMALL_ANSWER_BYTES = 64 * 1024;
const RETRY_AFTER_SECONDS = 5;

/**
 * What large answers take until their readers have taken them is bounded over all connections: past that
 * they are refused, and who does not read his in time is cut off.
 */
@Injectable()
export class ResponsesInFlight {
  private readonly logger = new Logger('Http');
  private readonly room: ByteBudget;
  private readonly slowMs: number;

  constructor(settings: Settings, metrics: Metrics) {
    this.room = new ByteBudget(settings.answersMaxBytes);
    this.slowMs = settings.answerSlowSeconds * 1000;
    metrics.onScrape(() => metrics.answerBytes.set(this.room.taken));
  }

  attach(fastify: FastifyInstance): void {
    fastify.addHook('onSend', (request, reply, payload, done) => {
      const length = lengthOf(payload);
      if (length <= SMALL_ANSWER_BYTES || isOver(reply)) return done(null, payload);
      if (this.room.tryTake(length)) {
        const bytes = typeof payload === 'string' ? Buffer.byteLength(payload) : length;
        this.room.take(bytes - length);
        this.hold(reply, bytes);
        return done(null, payload);
      }
      const problem = new Problem(
        503,
        'TOO_MANY_ANSWERS',
        'Too many large answers wait for their readers; ask again, or for less with limit and fields.',
      );
      void reply
        .removeHeader('etag')
        .removeHeader('content-length')
        .status(problem.getStatus())
        .header('retry-after', RETRY_AFTER_SECONDS)
        .header('content-type', 'application/problem+json');
      done(null, JSON.stringify(problemDocument(problem, request.id)));
    });
  }

  private hold({ raw, request }: FastifyReply, bytes: number): void {
    const timer = setTimeout(() => {
      this.logger.warn({ msg: 'an answer was not read in time', requestId: request.id, bytes });
      raw.destroy();
    }, this.slowMs);
    raw.once('close', () => {
      clearTimeout(timer);
      this.room.take(-bytes);
    });
  }
}

function isOver({ raw }: FastifyReply): boolean {
  return raw.destroyed || raw.closed;
}

/**
 * In characters: a text that was joined of others is not copied into one piece to be measured. Many may share the
 * page that they are made of, and take no memory of their own until they are admitted.
 */
function lengthOf(payload: unknown): number {
  return typeof payload === 'string' || Buffer.isBuffer(payload) ? payload.length : 0;
}
