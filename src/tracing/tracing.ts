import type { OnApplicationShutdown } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { Settings } from '../config/settings.js';
import type { Attributes, Spans, TraceIds } from './spans.js';

export type { Attributes, TraceIds } from './spans.js';

/** The spans of this process. Off, every method costs one comparison. */
export class Tracing implements OnApplicationShutdown {
  /** Traces nothing. */
  static readonly off = new Tracing(null);

  private constructor(private readonly spans: Spans | null) {}

  static async open(this: void, { tracing }: Settings): Promise<Tracing> {
    if (tracing === null) return Tracing.off;
    // Only here: the packages take a tenth of a second to load.
    const { Spans } = await import('./spans.js');
    return new Tracing(await Spans.open(tracing));
  }

  get isOn(): boolean {
    return this.spans !== null;
  }

  /** Makes a span of every request, from its arrival to its answer; before other hooks. */
  traceRequests(fastify: FastifyInstance): void {
    this.spans?.traceRequests(fastify);
  }

  /** Says something of the span in which the caller runs. */
  note(name: string, value: string | number): void {
    if (this.spans !== null) this.spans.note(name, value);
  }

  /** Says that it failed, by a short name of the failure. */
  fail(type: string): void {
    if (this.spans !== null) this.spans.fail(type);
  }

  /** Makes a span of `work`, inside the one in which the caller runs. */
  run<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
    return this.spans === null ? work() : this.spans.run(name, attributes, work);
  }

  /** Makes a span of an outgoing request, likewise. */
  call<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
    return this.spans === null ? work() : this.spans.call(name, attributes, work);
  }

  /** The caller's span waits for the commit of `item`. */
  awaitCommit(item: object): void {
    if (this.spans !== null) this.spans.awaitCommit(item);
  }

  /** Makes a span of the commit of items: inside that of the first, linked with those of all others. */
  commit<T>(items: readonly object[], work: () => Promise<T>): Promise<T> {
    return this.spans === null ? work() : this.spans.commit(items, work);
  }

  /** Of the span in which the caller runs. */
  get ids(): TraceIds | undefined {
    return this.spans?.ids;
  }

  /** Sends what has not been sent; not for long. */
  async onApplicationShutdown(): Promise<void> {
    await this.spans?.close();
  }
}
