import { createServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Settings } from '../config/settings.js';
import { RequestBodies } from './bodies.js';
import { Connections } from './connections.js';
import { Problem } from './problem.js';

/** Whether a method of a path, or of the route of a request, is the receiver's. */
export type ReceiverMatch = (method: string, path: string | undefined) => boolean;

/**
 * With API_PORT set, a port of its own for everything but the receiver, which is then all that the
 * other port answers: only that one has to face the internet.
 */
@Injectable()
export class ApiPort {
  private readonly logger = new Logger('ApiPort');
  private readonly requests = new WeakSet<IncomingMessage>();
  private server: Server | null = null;
  private isReceiver: ReceiverMatch = () => false;

  constructor(
    private readonly settings: Settings,
    private readonly connections: Connections,
    private readonly bodies: RequestBodies,
  ) {}

  /** Divides the routes between the ports; before the first request, and before other hooks. */
  attach(fastify: FastifyInstance, options: ServerOptions, isReceiver: ReceiverMatch): void {
    if (this.settings.apiPort === null) return;
    this.isReceiver = isReceiver;
    const server = createServer(options);
    // Before the listeners that answer.
    for (const event of ['request', 'checkContinue']) {
      server.on(event, (request: IncomingMessage) => this.requests.add(request));
    }
    server.on('request', fastify.routing);
    this.bodies.watch(fastify, server);
    this.connections.watch(server);
    server.on('clientError', (error, socket) => fastify.server.emit('clientError', error, socket));
    server.keepAliveTimeout = fastify.server.keepAliveTimeout;
    this.server = server;

    fastify.addHook('onRequest', (request, _reply, done) => {
      const { url } = request.routeOptions;
      if (this.isServed(request, request.method, url)) done();
      else done(new Problem(404, 'NOT_FOUND', 'this is answered on another port, if at all'));
    });
    let closed = Promise.resolve();
    fastify.addHook('preClose', (done) => {
      closed = new Promise((resolve) => server.close(() => resolve()));
      done();
    });
    fastify.addHook('onClose', () => closed);
  }

  /** Whether the port of a request serves a method of a route, or of a path that has no other form. */
  isServed(request: FastifyRequest, method: string, route: string | undefined): boolean {
    if (this.server === null) return true;
    const isForReceiver = !this.requests.has(request.raw);
    return isForReceiver === this.isReceiver(method, route);
  }

  /**
   * Opens the port, if there is one.
   * @returns its URL, or `null` where one port serves all.
   */
  async listen(): Promise<string | null> {
    const { server } = this;
    const { apiPort, apiHost } = this.settings;
    if (server === null || apiPort === null) return null;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(apiPort, apiHost, resolve);
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : apiPort;
    const url = `http://${apiHost.includes(':') ? `[${apiHost}]` : apiHost}:${port}`;
    this.logger.log(`query API, probes and metrics at ${url}`);
    return url;
  }

  /** Ends every connection, also those that wait for an answer. */
  closeAllConnections(): void {
    this.server?.closeAllConnections();
  }
}
