import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Settings } from '../config/settings.js';
import { Metrics } from '../metrics/metrics.js';

// Of a port; they have sent nothing yet, or nothing that proves who they are. Each may hold 16 KiB of headers.
const MAX_UNPROVEN = 1_000;
// A client that is still sending reads the answer only if the connection is not cut under it (RFC 9112, 9.6).
const LINGER_MS = 1_000;
const LINGER_BYTES = 64 * 1024;

/**
 * The connections of this process. Of those over which no authentic request has come, only so many stay
 * open: each further one ends the oldest. Behind an answer that was given before the body had come, the
 * connection ends, and little more of the body is read. Requests are not pipelined: a connection ends behind the
 * response to the first.
 */
@Injectable()
export class Connections {
  private readonly unproven = new WeakMap<Socket, Set<Socket>>();
  private readonly ending = new WeakSet<Socket>();

  constructor(
    private readonly settings: Settings,
    private readonly metrics: Metrics,
  ) {}

  /** Bounds the connections of a port. */
  watch(server: Server): void {
    const unproven = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      this.unproven.set(socket, unproven);
      unproven.add(socket);
      socket.once('close', () => unproven.delete(socket));
      const [oldest] = unproven;
      if (unproven.size <= MAX_UNPROVEN || oldest === undefined) return;
      this.metrics.connectionsDropped.inc();
      oldest.destroy();
    });
  }

  /** Before all other hooks. */
  attach(fastify: FastifyInstance): void {
    this.watch(fastify.server);
    fastify.addHook('onRequest', (request, reply, done) => {
      const { socket } = request.raw;
      if (!this.ending.has(socket) && !isPipelined(reply)) return done();
      void reply.hijack();
      if (!this.ending.has(socket)) this.endBehindFirst(socket, reply);
    });
    // While it is answered, a connection is not idle: the number of answers has bounds of its own.
    fastify.addHook('preHandler', ({ raw: { socket } }, _reply, done) => {
      this.unproven.get(socket)?.delete(socket);
      done();
    });
    fastify.addHook('onResponse', (request, _reply, done) => {
      const { socket } = request.raw;
      if (!socket.destroyed && !this.isProof(request)) this.unproven.get(socket)?.add(socket);
      done();
    });
    fastify.addHook('onSend', (request, reply, payload, done) => {
      const { raw } = request;
      if (hasBody(raw) && !raw.complete && !this.ending.has(raw.socket)) {
        void reply.header('connection', 'close');
        this.ending.add(raw.socket);
        linger(raw);
      } else if (this.ending.has(raw.socket)) void reply.header('connection', 'close');
      done(null, payload);
    });
  }

  /**
   * What waits for its turn would take memory without bound, and never learn that the connection broke. The client
   * repeats it over another connection (RFC 9112, 9.3.2).
   */
  private endBehindFirst(socket: Socket, { raw }: FastifyReply): void {
    this.ending.add(socket);
    socket.pause();
    raw.once('socket', () => socket.destroySoon());
  }

  private isProof(request: FastifyRequest): boolean {
    if (request.apiKey !== undefined) return true;
    return request.isAuthentic && this.settings.imCallbackAuth !== 'off';
  }
}

/** Whether the response to an earlier request still has the connection. */
function isPipelined({ raw }: FastifyReply): boolean {
  return raw.socket === null;
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Lets the answer reach a client that is still sending. Node would close at once, and the kernel reset. */
function linger(request: IncomingMessage): void {
  const { socket } = request;
  const destroySoon = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    if (request.complete) return destroySoon();
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
    let left = LINGER_BYTES;
    request.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      // Not the request: that would keep what it has read.
      if (left < 0) socket.pause();
    });
    request.once('end', destroySoon);
    request.resume();
  };
}
