import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Settings } from '../config/settings.js';
import { OpenShares, tooMany } from '../http/open-shares.js';
import { Metrics } from '../metrics/metrics.js';
import { EventStream, type StreamOptions } from './event-stream.js';
import { Feed } from './feed.js';

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // nginx would collect events before it passes them on.
  'x-accel-buffering': 'no',
  // Nothing follows a stream; an idle connection would only hold up a shutdown.
  connection: 'close',
};

/** The open streams of this process. */
@Injectable()
export class EventStreams implements OnModuleDestroy {
  private readonly logger = new Logger('Feed');
  private readonly open = new Set<EventStream>();
  private readonly shares: OpenShares;

  constructor(
    private readonly feed: Feed,
    private readonly settings: Settings,
    private readonly metrics: Metrics,
  ) {
    this.shares = new OpenShares(settings, (total) => metrics.feedStreams.set(total));
    metrics.onScrape(() => metrics.feedReaders.set(feed.readers));
  }

  /**
   * Turns a reply into a stream, until either side ends it.
   * @param start resolves to the `seq` to go on after; what it throws is answered as usual
   * @throws Problem 503 when no more streams are taken here, 429 when no more of this key.
   */
  async serve(reply: FastifyReply, groupId: string | null, start: Promise<number>): Promise<void> {
    const { apiKey } = reply.request;
    // Counted before anything is waited for, or many could come in at once.
    const refusal = this.feed.isStopped ? tooMany() : this.shares.refusal(apiKey);
    if (refusal !== null) {
      void start.catch(() => undefined);
      throw refusal;
    }
    const release = this.shares.take(apiKey);
    try {
      await this.stream(reply, { after: await start, groupId });
    } finally {
      release();
    }
  }

  private async stream(reply: FastifyReply, options: Omit<StreamOptions, 'slowMs'>): Promise<void> {
    reply.hijack();
    for (const [name, value] of Object.entries({ ...reply.getHeaders(), ...HEADERS })) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    const stream = new EventStream(reply.raw, this.feed, {
      ...options,
      slowMs: this.settings.feedSlowSeconds * 1000,
    });
    this.open.add(stream);
    const reason = await stream.serve();
    this.open.delete(stream);
    this.metrics.feedStreamsEnded.inc({ reason });
    if (reason !== 'client') {
      const { id, apiKey } = reply.request;
      this.logger.log({ msg: 'stream ended', reason, requestId: id, key: apiKey });
    }
  }

  // Before the HTTP server drains, which waits for every answer that is still open.
  onModuleDestroy(): void {
    for (const stream of this.open) stream.stop();
  }
}
