import type { IncomingMessage, Server } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Settings } from '../config/settings.js';
import { Metrics } from '../metrics/metrics.js';
import { Rejections } from '../metrics/rejections.js';
import { clientAddress } from './client-address.js';
import { ByteBudget } from './byte-budget.js';
import { hasBody } from './connections.js';
import { Problem } from './problem.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether the sender was found authentic by the address alone, so that the body may be read. */
    isAuthentic: boolean;
    /** What the body takes of the room for all bodies. */
    bodyBytes: number;
  }
}

const MAX_BODY_BYTES = 1024 * 1024;
// Nearly all callbacks are smaller. They never wait: as many as there may be unproven connections are 16 MiB.
const SMALL_BODY_BYTES = 16 * 1024;
const MAX_WAIT_MS = 1_000;
const MAX_WAITING = 1_000;
// Only a time-out is ever retried by the vendor, and it waits two seconds.
const HOLD_MS = 2_200;

/**
 * Reads the bodies of authentic callbacks; all others stay unread. What all of them take until they
 * are answered is bounded: a large one waits for room before it is read.
 */
@Injectable()
export class RequestBodies {
  private readonly room: ByteBudget;
  private readonly expecting = new WeakSet<IncomingMessage>();

  constructor(
    settings: Settings,
    metrics: Metrics,
    private readonly rejections: Rejections,
  ) {
    this.room = new ByteBudget(settings.bodiesMaxBytes);
    metrics.onScrape(() => metrics.bodyBytes.set(this.room.taken));
  }

  /** Every body arrives as bytes, whatever its content type says. After the hook that authenticates. */
  attach(fastify: FastifyInstance): void {
    this.watch(fastify, fastify.server);
    fastify.decorateRequest('bodyBytes', 0);
    fastify.addHook('onRequest', (request, reply, done) => {
      if (!request.isAuthentic || !hasBody(request.raw)) return done();
      const bytes = Number(request.headers['content-length'] ?? MAX_BODY_BYTES);
      if (bytes > MAX_BODY_BYTES) return done(tooLarge());
      const begin = (): void => {
        this.begin(request, reply, bytes);
        done();
      };
      if (bytes <= SMALL_BODY_BYTES) this.room.take(bytes);
      else if (!this.room.tryTake(bytes)) {
        void this.awaitRoom(bytes, reply).then(begin, done);
        return;
      }
      begin();
    });
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser('*', async (request: FastifyRequest, payload: IncomingMessage) => {
      if (!request.isAuthentic) return undefined;
      const body = await bytesOf(payload, Number(request.headers['content-length'] ?? 0));
      // In chunks it was not known before how many they would be.
      if (request.bodyBytes > 0) this.resize(request, body.length);
      return body;
    });
  }

  /** `Expect: 100-continue` is answered only when the body is going to be read. */
  watch(fastify: FastifyInstance, server: Server): void {
    server.on('checkContinue', (request, reply) => {
      this.expecting.add(request);
      fastify.routing(request, reply);
    });
  }

  private begin(request: FastifyRequest, reply: FastifyReply, bytes: number): void {
    request.bodyBytes = bytes;
    if (reply.raw.destroyed) return this.resize(request, 0);
    reply.raw.once('close', () => this.resize(request, 0));
    if (this.expecting.has(request.raw)) reply.raw.writeContinue();
  }

  private resize(request: FastifyRequest, bytes: number): void {
    this.room.take(bytes - request.bodyBytes);
    request.bodyBytes = bytes;
  }

  /** @throws Problem 503 when there is none in time; not before the vendor has given up waiting. */
  private async awaitRoom(bytes: number, { raw, request }: FastifyReply): Promise<void> {
    const over = new AbortController();
    const abort = (): void => over.abort();
    const waitTimer = setTimeout(abort, MAX_WAIT_MS);
    raw.once('close', abort);
    try {
      const isFull = this.room.waiting >= MAX_WAITING;
      if (!isFull && (await this.room.wait(bytes, over.signal))) return;
      this.rejections.add('no room for the body', clientAddress(request), request.query);
      if (!isFull && !raw.destroyed) await this.hold(raw);
    } finally {
      clearTimeout(waitTimer);
      raw.off('close', abort);
    }
    throw new Problem(503, 'NO_ROOM', 'too many bodies at once; send it again', {
      retryAfterSeconds: 1,
    });
  }

  private hold(raw: FastifyReply['raw']): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, HOLD_MS - MAX_WAIT_MS);
      raw.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

/** @param expected how long it says it is, if it does. */
function bytesOf(payload: IncomingMessage, expected: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Written into one piece: a chunk of a byte, kept by itself, takes a hundred.
    let bytes: Buffer = Buffer.allocUnsafe(expected);
    let length = 0;
    const incomplete = (): void => reject(new Problem(400, 'BAD_REQUEST', 'the body broke off'));
    payload.on('data', (chunk: Buffer) => {
      const end = length + chunk.length;
      if (end > MAX_BODY_BYTES) {
        payload.removeAllListeners('data').pause();
        reject(tooLarge());
        return;
      }
      if (end > bytes.length) bytes = larger(bytes.subarray(0, length), end);
      chunk.copy(bytes, length);
      length = end;
    });
    payload.once('error', incomplete).once('close', incomplete);
    payload.once('end', () => {
      // Every request closes in the end: an error made for nobody would cost as much as the rest.
      payload.off('error', incomplete).off('close', incomplete);
      resolve(bytes.subarray(0, length));
    });
  });
}

function larger(bytes: Buffer, atLeast: number): Buffer {
  const grown = Buffer.allocUnsafe(Math.max(atLeast, 2 * bytes.length));
  bytes.copy(grown);
  return grown;
}

function tooLarge(): Problem {
  return new Problem(413, 'PAYLOAD_TOO_LARGE', 'the body is larger than 1 MiB');
}
