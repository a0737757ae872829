import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';

/** The figures of this process, by Prometheus convention. Labels are closed sets: no ids. */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();

  readonly callbacks = new Counter({
    name: 'topicmirror_callbacks_total',
    help: 'Callbacks by command and by what became of them',
    labelNames: ['command', 'outcome'] as const,
    registers: [this.registry],
  });

  readonly callbacksRejected = new Counter({
    name: 'topicmirror_callbacks_rejected_total',
    help: 'Callbacks that were refused before anything was done, by reason',
    labelNames: ['reason'] as const,
    registers: [this.registry],
  });

  readonly reconcileVisits = new Counter({
    name: 'topicmirror_reconcile_visits_total',
    help: 'Groups compared with the vendor: told, gone, or untold when no answer could be relied on',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  readonly reconcileRepairs = new Counter({
    name: 'topicmirror_reconcile_repairs_total',
    help: 'Topics that differed from the vendor and were repaired, by kind of change',
    labelNames: ['kind'] as const,
    registers: [this.registry],
  });

  readonly restCalls = new Counter({
    name: 'topicmirror_rest_calls_total',
    help: 'REST requests to the vendor, by command and outcome',
    labelNames: ['command', 'outcome'] as const,
    registers: [this.registry],
  });

  readonly feedStreams = new Gauge({
    name: 'topicmirror_feed_streams',
    help: 'Streams of the feed that are open',
    registers: [this.registry],
  });

  readonly feedStreamsEnded = new Counter({
    name: 'topicmirror_feed_streams_ended_total',
    help: 'Streams of the feed that ended, by reason',
    labelNames: ['reason'] as const,
    registers: [this.registry],
  });

  readonly contentType = this.registry.contentType;

  /** The text a scraper reads. */
  expose(): Promise<string> {
    return this.registry.metrics();
  }
}
