import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { ClosedCounter } from './closed-counter.js';
import { FastHistogram } from './fast-histogram.js';
import { Tally } from './tally.js';

export const STATUS_CLASSES = ['2xx', '3xx', '4xx', '5xx'] as const;
const PACKAGE = new URL('../../package.json', import.meta.url);

/** Brings gauges up to date before they are told. */
export type ScrapeListener = () => void | Promise<void>;

/**
 * The figures of this process, by Prometheus convention. Labels are closed sets: no ids. The README
 * repeats names and help.
 */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();
  private readonly registers = [this.registry];
  private readonly listeners: ScrapeListener[] = [];

  private readonly callbacks = new Tally(this.registry, {
    name: 'topicmirror_callbacks_total',
    help: 'Callbacks by command and by what became of them',
    labelNames: ['command', 'outcome'],
  });

  readonly callbacksRejected = new ClosedCounter(this.registry, {
    name: 'topicmirror_callbacks_rejected_total',
    help: 'Callbacks that were refused before anything was done, by reason',
    labels: {
      reason: [
        'wrong SdkAppid',
        'missing SdkAppid',
        'missing Sign or RequestTime',
        'RequestTime is outside the window',
        'wrong Sign',
        'query and body name different commands',
        'no room for the body',
      ],
    },
  });

  readonly bodyBytes = new Gauge({
    name: 'topicmirror_body_bytes',
    help: 'Size of the bodies that are received or not answered yet; BODIES_MAX_BYTES bounds it',
    registers: this.registers,
  });

  readonly answerBytes = new Gauge({
    name: 'topicmirror_answer_bytes',
    help: 'Size of the large answers that wait for their readers; ANSWERS_MAX_BYTES bounds it',
    registers: this.registers,
  });

  readonly connectionsDropped = new Counter({
    name: 'topicmirror_connections_dropped_total',
    help: 'Connections that were closed for newer ones, since nothing had proved who they were',
    registers: this.registers,
  });

  readonly callbackAnswer = new FastHistogram({
    name: 'topicmirror_callback_answer_seconds',
    help: 'Time from the arrival of a callback to its answer, by class of status; the vendor waits 2 s',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 2.5],
    label: { name: 'status', values: STATUS_CLASSES },
  });

  readonly lastCallback = new Gauge({
    name: 'topicmirror_last_callback_timestamp_seconds',
    help: 'When the last authentic callback arrived; before the first one, when the process started',
    registers: this.registers,
  });

  readonly eventLag = new FastHistogram({
    name: 'topicmirror_event_lag_seconds',
    help: 'Time from the date of what a callback tells (EventTime, RequestTime or arrival) to its commit',
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 15, 60, 300, 3600, 86400],
  });

  readonly commitSeconds = new Histogram({
    name: 'topicmirror_commit_seconds',
    help: 'Time that a batch of changes took to be committed, or to fail',
    labelNames: ['outcome'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: this.registers,
  });

  readonly commitBatch = new Histogram({
    name: 'topicmirror_commit_batch_size',
    help: 'How many callbacks and answers were committed together',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    registers: this.registers,
  });

  readonly commitConflicts = new Counter({
    name: 'topicmirror_commit_conflicts_total',
    help: 'Batches that were folded again since another process committed first',
    registers: this.registers,
  });

  readonly queueLength = new Gauge({
    name: 'topicmirror_queue_length',
    help: 'Callbacks and answers that wait for a commit',
    registers: this.registers,
  });

  readonly spoolRecords = new Gauge({
    name: 'topicmirror_spool_records',
    help: 'Callbacks on disk that wait for PostgreSQL',
    registers: this.registers,
  });

  readonly spoolBytes = new Gauge({
    name: 'topicmirror_spool_bytes',
    help: 'Size of the spool',
    registers: this.registers,
  });

  readonly spoolMaxBytes = new Gauge({
    name: 'topicmirror_spool_max_bytes',
    help: 'How large the spool may become: SPOOL_MAX_BYTES',
    registers: this.registers,
  });

  readonly spoolDamaged = new Counter({
    name: 'topicmirror_spool_damaged_total',
    help: 'Callbacks of the spool that could not be read; their files are kept',
    registers: this.registers,
  });

  readonly spoolSetAside = new Gauge({
    name: 'topicmirror_spool_set_aside_files',
    help: 'Files of the spool that an operator has to look at: damaged, refused, unreadable',
    registers: this.registers,
  });

  readonly seq = new Gauge({
    name: 'topicmirror_seq',
    help: 'The last seq that was given, as far as this process knows',
    registers: this.registers,
  });

  readonly epochs = new ClosedCounter(this.registry, {
    name: 'topicmirror_epochs_total',
    help: 'Epochs that this process began, by reason: readers of the feed start over',
    labels: { reason: ['identity', 'behind', 'command'] },
  });

  readonly groups = new Gauge({
    name: 'topicmirror_groups',
    help: 'Groups by state',
    labelNames: ['state'] as const,
    registers: this.registers,
  });

  readonly feedReaders = new Gauge({
    name: 'topicmirror_feed_readers',
    help: 'Streams of the feed, and requests that wait for the next change',
    registers: this.registers,
  });

  readonly feedStreams = new Gauge({
    name: 'topicmirror_feed_streams',
    help: 'Streams of the feed that are open',
    registers: this.registers,
  });

  readonly feedStreamsEnded = new ClosedCounter(this.registry, {
    name: 'topicmirror_feed_streams_ended_total',
    help: 'Streams of the feed that ended, by reason',
    labels: { reason: ['client', 'slow_reader', 'max_age', 'changes_gone', 'draining'] },
  });

  readonly reconcileVisits = new ClosedCounter(this.registry, {
    name: 'topicmirror_reconcile_visits_total',
    help: 'Groups compared with the vendor: told, gone, or untold when no answer could be relied on',
    labels: { outcome: ['told', 'gone', 'untold'] },
  });

  readonly reconcileRepairs = new Counter({
    name: 'topicmirror_reconcile_repairs_total',
    help: 'Topics that differed from the vendor and were repaired, by kind of change',
    labelNames: ['kind'] as const,
    registers: this.registers,
  });

  readonly oldestVerificationAge = new Gauge({
    name: 'topicmirror_reconcile_oldest_verification_age_seconds',
    help: 'How long ago the group was asked for that was asked longest ago; 0 while there is none',
    registers: this.registers,
  });

  readonly oldestWaitingAge = new Gauge({
    name: 'topicmirror_reconcile_oldest_waiting_age_seconds',
    help: 'For how long the first of the groups has waited that callbacks outdated; 0 while none does',
    registers: this.registers,
  });

  readonly staleGroups = new Gauge({
    name: 'topicmirror_stale_groups',
    help: 'Stale groups, by reason',
    labelNames: ['reason'] as const,
    registers: this.registers,
  });

  readonly secondLooks = new Gauge({
    name: 'topicmirror_reconcile_second_looks',
    help: 'Groups for which a second look is due later',
    registers: this.registers,
  });

  readonly reconcileBrake = new Gauge({
    name: 'topicmirror_reconcile_brake_engaged',
    help: 'Whether answers of the vendor deleted so much within an hour that no more is deleted: 1 or 0',
    registers: this.registers,
  });

  readonly reconcileEnabled = new Gauge({
    name: 'topicmirror_reconcile_enabled',
    help: "Whether the vendor's REST API is set: 1 or 0",
    registers: this.registers,
  });

  readonly reconcileWithin = new Gauge({
    name: 'topicmirror_reconcile_within_seconds',
    help: 'How old a verification may become: RECONCILE_WITHIN_SECONDS',
    registers: this.registers,
  });

  readonly restCalls = new ClosedCounter(this.registry, {
    name: 'topicmirror_rest_calls_total',
    help: 'REST requests to the vendor, by command and outcome',
    labels: {
      command: ['get_topic', 'get_group_info', 'get_appid_group_list'],
      outcome: ['ok', 'retried', 'throttled', 'failed'],
    },
  });

  readonly restErrors = new Counter({
    name: 'topicmirror_rest_errors_total',
    help: 'REST requests that failed, by error code of the vendor; other, or none without a usable answer',
    labelNames: ['code'] as const,
    registers: this.registers,
  });

  readonly databaseUp = new Gauge({
    name: 'topicmirror_database_up',
    help: 'Whether PostgreSQL answers now: 1 or 0',
    registers: this.registers,
  });

  readonly databaseConnections = new Gauge({
    name: 'topicmirror_database_connections',
    help: 'Connections to PostgreSQL, by pool and state',
    labelNames: ['pool', 'state'] as const,
    registers: this.registers,
  });

  readonly databaseConnectionsMax = new Gauge({
    name: 'topicmirror_database_connections_max',
    help: 'Most connections that a pool opens',
    labelNames: ['pool'] as const,
    registers: this.registers,
  });

  readonly databaseWaiting = new Gauge({
    name: 'topicmirror_database_waiting',
    help: 'Statements that wait for a connection, by pool',
    labelNames: ['pool'] as const,
    registers: this.registers,
  });

  readonly replicaAway = new Gauge({
    name: 'topicmirror_replica_away',
    help: 'Whether the primary is read for a replica that is away or unfit: 1 or 0; 0 as well without a replica',
    registers: this.registers,
  });

  readonly replicaLag = new Gauge({
    name: 'topicmirror_replica_lag_seconds',
    help: 'How long ago the first change was made that the replica does not show; 0 while it shows all or is not read',
    registers: this.registers,
  });

  readonly replicaFallbacks = new ClosedCounter(this.registry, {
    name: 'topicmirror_replica_fallbacks_total',
    help: 'Reads that the replica did not answer, and the primary did instead, by reason',
    labels: { reason: ['away', 'conflict'] },
  });

  readonly clockSkew = new Gauge({
    name: 'topicmirror_clock_skew_seconds',
    help: "How far the clock of this process is ahead of PostgreSQL's, or of the vendor's to half a second",
    labelNames: ['of'] as const,
    registers: this.registers,
  });

  readonly httpRequest = new Histogram({
    name: 'topicmirror_http_request_seconds',
    help: 'Time to the answer of the query API and the probes, by route and class of status; not of the feed, which waits',
    labelNames: ['route', 'status'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: this.registers,
  });

  readonly contentType = this.registry.contentType;

  constructor() {
    this.lastCallback.setToCurrentTime();
    for (const outcome of ['committed', 'failed']) this.commitSeconds.zero({ outcome });
    for (const kind of ['created', 'updated', 'deleted', 'restored']) {
      this.reconcileRepairs.inc({ kind }, 0);
    }
    const { version }: { version: string } = JSON.parse(readFileSync(PACKAGE, 'utf8'));
    new Gauge({
      name: 'topicmirror_build_info',
      help: 'Always 1; the labels tell the version of the mirror and of Node.js',
      labelNames: ['version', 'node'],
      registers: this.registers,
    }).set({ version, node: process.versions.node }, 1);
    collectDefaultMetrics({ register: this.registry });
  }

  /** Counts a callback. Both texts are of closed sets. */
  countCallback(command: string, outcome: string): void {
    this.callbacks.inc(`${command} ${outcome}`, { command, outcome });
  }

  /** Calls `listener` before every answer to a scraper, which waits for it. */
  onScrape(listener: ScrapeListener): void {
    this.listeners.push(listener);
  }

  /** The text a scraper reads. */
  async expose(): Promise<string> {
    await Promise.all(this.listeners.map((listener) => listener()));
    return [
      await this.registry.metrics(),
      this.callbackAnswer.expose(),
      this.eventLag.expose(),
    ].join('');
  }
}
