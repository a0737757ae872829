import { randomUUID } from 'node:crypto';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import type { Settings } from './config/settings.js';
import { Lifecycle } from './health/lifecycle.js';
import { Database } from './database/database.js';
import { DatabaseUnavailableError } from './database/errors.js';
import { AllowedMethods } from './http/allowed-methods.js';
import { ResponsesInFlight } from './http/responses-in-flight.js';
import { measureAnswers } from './http/answer-times.js';
import { ApiPort } from './http/api-port.js';
import { RequestBodies } from './http/bodies.js';
import { Connections } from './http/connections.js';
import { isUncompressed } from './http/content-encoding.js';
import { ErrorFilter } from './http/error.filter.js';
import { NestLogger } from './http/logger.js';
import { Problem } from './http/problem.js';
import { protect } from './http/protection.js';
import { Metrics } from './metrics/metrics.js';
import { isReceiver, takeTrailingSlash } from './webhooks/callback-answer.js';
import { callbackErrors } from './webhooks/callback-errors.js';
import { CallbackGuard } from './webhooks/callback.guard.js';
import { OpenApiDocument } from './openapi/document.js';
import { Tracing } from './tracing/tracing.js';

// Ids are far shorter; a longer one is answered 400 by name, this bound only stops the absurd.
const MAX_PARAM_LENGTH = 4096;
const REQUEST_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 5_000;
const TIMEOUT_CHECK_MS = 1_000;
// Over Node's 511 the kernel drops a connection that is being made, and the sender tries again after
// one second, then three: with a deadline of two seconds one short stall would lose callbacks.
const BACKLOG = 4096;
const TIMEOUTS = {
  requestTimeout: REQUEST_TIMEOUT_MS,
  headersTimeout: HEADERS_TIMEOUT_MS,
  connectionsCheckingInterval: TIMEOUT_CHECK_MS,
};

/**
 * The whole service, ready to listen: what main.ts serves and every test uses.
 * @throws SchemaError, EmbeddedPostgresError and others when the database cannot be used.
 */
export async function createApp(
  settings: Settings,
  logger: Logger,
  root: DynamicModule = AppModule.register(settings),
): Promise<NestFastifyApplication> {
  const methods = new AllowedMethods(MAX_PARAM_LENGTH);
  const methodsOf = (request: FastifyRequest): readonly string[] => {
    const path = request.url.split('?', 1)[0] ?? '';
    const port = app.get(ApiPort);
    return methods.of(path).filter((method) => port.isServed(request, method, path));
  };
  const errors = new ErrorFilter(tellOutage, methodsOf, callbackErrors());
  const adapter = new FastifyAdapter({
    loggerInstance: logger,
    // Fastify would log the raw URL, and with it Sign.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: settings.trustedProxies.length > 0 && [...settings.trustedProxies],
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: TIMEOUTS,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // No middleware is used; without its engine a request costs less.
    skipMiddie: true,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      errors.answer(error, request, reply),
  });
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: new NestLogger(logger),
  });
  methods.attach(adapter.getInstance());
  const tracing = app.get(Tracing);
  if (tracing.isOn) app.useLogger(new NestLogger(logger, () => tracing.ids));
  app.useGlobalFilters(errors);
  takeTrailingSlash(adapter.getInstance());
  app.get(Connections).attach(adapter.getInstance());
  app.get(ApiPort).attach(adapter.getInstance(), TIMEOUTS, isReceiver);
  tracing.traceRequests(adapter.getInstance());
  measureAnswers(adapter.getInstance(), app.get(Metrics), isReceiver);
  takeAnyType(adapter.getInstance());
  await protect(app, settings);
  app.get(CallbackGuard).attach(adapter.getInstance());
  app.get(RequestBodies).attach(adapter.getInstance());
  app.get(ResponsesInFlight).attach(adapter.getInstance());
  if (logger.isLevelEnabled('debug')) logAnswers(adapter.getInstance(), logger);
  endConnections(adapter.getInstance(), app.get(Lifecycle));
  app.get(OpenApiDocument).attach(app);
  app.get(Database).useReplica();
  await app.init();
  return app;
}

/**
 * Opens the port, or both ports; where one cannot be opened the app is closed.
 * @returns the URLs of the receiver and of the query API.
 */
export async function listen(
  app: NestFastifyApplication,
  settings: Settings,
): Promise<{ receiver: string; api: string }> {
  try {
    const api = await app.get(ApiPort).listen();
    await app.listen({ port: settings.port, host: settings.host, backlog: BACKLOG });
    const receiver = await app.getUrl();
    return { receiver, api: api ?? receiver };
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** A query that PostgreSQL cannot answer now may be sent again. */
function tellOutage(error: unknown): unknown {
  if (!(error instanceof DatabaseUnavailableError)) return error;
  return new Problem(503, 'DATABASE_UNAVAILABLE', 'PostgreSQL does not answer; ask again.', {
    cause: error,
    retryAfterSeconds: 1,
  });
}

/** Whatever the content type of a body says or does not say. */
function takeAnyType(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done) => {
    void reply.header('x-request-id', request.id);
    // Fastify answers 415 to a type that is none, though no parser here depends on it.
    delete request.headers['content-type'];
    if (isUncompressed(request.headers['content-encoding'])) done();
    else {
      done(
        new Problem(415, 'UNSUPPORTED_ENCODING', 'send the body uncompressed: no Content-Encoding'),
      );
    }
  });
}

/** A client that keeps asking on one connection would keep a draining server from closing. */
function endConnections(fastify: FastifyInstance, lifecycle: Lifecycle): void {
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (lifecycle.isDraining) void reply.header('connection', 'close');
    done(null, payload);
  });
}

/** Name of the key, route and callback of a request; never the address itself. */
function logAnswers(fastify: FastifyInstance, logger: Logger): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    logger.debug({
      msg: 'answered',
      requestId: request.id,
      key: request.apiKey,
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      callback: request.callback,
    });
    done();
  });
}
