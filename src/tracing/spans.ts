// Spans by OpenTelemetry. Nothing is put where all of the process finds it: several applications of one
// process, as in tests, do not meet.
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  defaultTextMapGetter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TracingSettings } from '../config/settings.js';
import { type Exporting, startExporting } from './exporting.js';

/** The attributes of a span. No secret, no text of users, no query. */
export type Attributes = Readonly<Record<string, string | number>>;

/** The ids that join a log line to its span. */
export interface TraceIds {
  readonly trace_id: string;
  readonly span_id: string;
}

/** A span, and whether it is still going on: what it started may outlive it. */
interface Scope {
  readonly span: Span;
  isOpen: boolean;
}

// Polled again and again, or never done.
const UNTRACED: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics', '/changes']);
const SERVER_ERROR = 500;

export class Spans {
  private readonly scopes = new AsyncLocalStorage<Scope | undefined>();
  private readonly requests = new WeakMap<FastifyRequest, Scope>();
  private readonly waiting = new WeakMap<object, Scope>();
  private readonly tracer: Tracer;
  private readonly propagator = new W3CTraceContextPropagator();

  private constructor(private readonly exporting: Exporting) {
    this.tracer = exporting.tracer;
  }

  static async open(settings: TracingSettings): Promise<Spans> {
    return new Spans(await startExporting(settings));
  }

  get ids(): TraceIds | undefined {
    const context = this.current?.span.spanContext();
    return context && { trace_id: context.traceId, span_id: context.spanId };
  }

  note(name: string, value: string | number): void {
    this.current?.span.setAttribute(name, value);
  }

  fail(type: string): void {
    if (this.current) fail(this.current.span, type);
  }

  traceRequests(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, _reply, done) => {
      const { url } = request.routeOptions;
      if (url === undefined || UNTRACED.has(url)) return done();
      const scope = this.begin(request, url);
      this.requests.set(request, scope);
      this.scopes.run(scope, done);
    });
    // Reading the body has led out of what ran above.
    fastify.addHook('preHandler', (request, _reply, done) => {
      this.scopes.run(this.requests.get(request), done);
    });
    fastify.addHook('onResponse', (request, reply, done) => {
      const scope = this.requests.get(request);
      if (scope) finish(scope, reply);
      done();
    });
  }

  run<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
    return this.within(this.start(name, SpanKind.INTERNAL, attributes), work);
  }

  call<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
    return this.within(this.start(name, SpanKind.CLIENT, attributes), work);
  }

  awaitCommit(item: object): void {
    const { current } = this;
    if (current) this.waiting.set(item, current);
  }

  commit<T>(items: readonly object[], work: () => Promise<T>): Promise<T> {
    const callers = items.flatMap((item) => this.waiting.get(item) ?? []);
    const [first, ...others] = callers.filter(({ span }) => span.isRecording());
    // Of a batch whose callers are all left out by the sampler nobody could find the commit.
    if (callers.length > 0 && first === undefined) return this.scopes.run(undefined, work);
    const span = this.tracer.startSpan(
      'commit',
      {
        kind: SpanKind.CLIENT,
        attributes: { 'db.system.name': 'postgresql', 'topicmirror.commit.size': items.length },
        links: others.map((other) => ({ context: other.span.spanContext() })),
      },
      first ? trace.setSpan(ROOT_CONTEXT, first.span) : ROOT_CONTEXT,
    );
    const link = { context: span.spanContext() };
    for (const other of others) other.span.addLink(link);
    return this.within({ span, isOpen: true }, work);
  }

  close(): Promise<void> {
    return this.exporting.stop();
  }

  /** The span in which this runs, unless it has ended: then whatever runs goes on by itself. */
  private get current(): Scope | undefined {
    const scope = this.scopes.getStore();
    return scope?.isOpen ? scope : undefined;
  }

  private begin({ headers, method, id }: FastifyRequest, route: string): Scope {
    const parent = this.propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
    const attributes = {
      'http.request.method': method,
      'http.route': route,
      'topicmirror.request.id': id,
    };
    const options = { kind: SpanKind.SERVER, attributes };
    return { span: this.tracer.startSpan(`${method} ${route}`, options, parent), isOpen: true };
  }

  private start(name: string, kind: SpanKind, attributes: Attributes): Scope {
    const { current } = this;
    const parent = current ? trace.setSpan(ROOT_CONTEXT, current.span) : ROOT_CONTEXT;
    return { span: this.tracer.startSpan(name, { kind, attributes }, parent), isOpen: true };
  }

  private async within<T>(scope: Scope, work: () => Promise<T>): Promise<T> {
    try {
      return await this.scopes.run(scope, work);
    } catch (error) {
      fail(scope.span, typeOf(error));
      throw error;
    } finally {
      end(scope);
    }
  }
}

function finish(scope: Scope, { statusCode }: FastifyReply): void {
  scope.span.setAttribute('http.response.status_code', statusCode);
  if (statusCode >= SERVER_ERROR) fail(scope.span, String(statusCode));
  end(scope);
}

function end(scope: Scope): void {
  scope.isOpen = false;
  scope.span.end();
}

/** Only the type: a message may repeat what was sent. */
function fail(span: Span, type: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', type);
}

function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
