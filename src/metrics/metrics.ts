import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics } from 'prom-client';
import { Families } from './families.js';
import { REJECTION_REASONS } from './rejection-reasons.js';

export const STATUS_CLASSES = ['2xx', '3xx', '4xx', '5xx'] as const;
const PACKAGE = new URL('../../package.json', import.meta.url);

/** Updates gauges before they are scraped. */
export type ScrapeListener = () => void | Promise<void>;

/**
 * The metrics of this process. Labels have closed sets of values: no ids. docs/operations.md
 * repeats names and help texts.
 */
@Injectable()
export class Metrics extends Families {
  private readonly listeners: ScrapeListener[] = [];

  private readonly callbacks = this.tally(
    'topicmirror_callbacks_total',
    'Callbacks by command and outcome',
    'command',
    'outcome',
  );
  readonly callbacksRejected = this.closed(
    'topicmirror_callbacks_rejected_total',
    'Callbacks rejected before processing, by reason',
    { reason: Object.keys(REJECTION_REASONS) },
  );
  readonly bodyBytes = this.gauge(
    'topicmirror_body_bytes',
    'Size of unanswered request bodies in bytes, limited by BODIES_MAX_BYTES',
  );
  readonly answerBytes = this.gauge(
    'topicmirror_answer_bytes',
    'Size of unsent large responses in bytes, limited by ANSWERS_MAX_BYTES',
  );
  readonly connectionsDropped = this.counter(
    'topicmirror_connections_dropped_total',
    'Unauthenticated connections closed in favour of newer ones',
  );
  readonly callbackAnswer = this.fastHistogram(
    'topicmirror_callback_answer_seconds',
    'Time to respond to a callback in seconds; the vendor waits 2 s',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 2.5],
    { name: 'status', values: STATUS_CLASSES },
  );
  readonly lastCallback = this.gauge(
    'topicmirror_last_callback_timestamp_seconds',
    'Unix time of the last authenticated callback, or of the start',
  );
  readonly eventLag = this.fastHistogram(
    'topicmirror_event_lag_seconds',
    'Time from an event to its commit in seconds',
    [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 15, 60, 300, 3600, 86400],
  );
  readonly commitSeconds = this.histogram(
    'topicmirror_commit_seconds',
    'Duration of group commits in seconds, by outcome',
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    'outcome',
  );
  readonly commitBatch = this.histogram(
    'topicmirror_commit_batch_size',
    'Change sets per group commit',
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
  );
  readonly commitConflicts = this.counter(
    'topicmirror_commit_conflicts_total',
    'Batches retried after another process committed first',
  );
  readonly queueLength = this.gauge('topicmirror_queue_length', 'Change sets waiting for a commit');
  readonly spoolRecords = this.gauge(
    'topicmirror_spool_records',
    'Callbacks on disk waiting for PostgreSQL',
  );
  readonly spoolBytes = this.gauge('topicmirror_spool_bytes', 'Size of the spool in bytes');
  readonly spoolMaxBytes = this.gauge(
    'topicmirror_spool_max_bytes',
    'Maximum size of the spool in bytes: SPOOL_MAX_BYTES',
  );
  readonly spoolFreeBytes = this.gauge(
    'topicmirror_spool_free_bytes',
    'Bytes the spool can still take, by SPOOL_MAX_BYTES and by the disk',
  );
  readonly spoolDamaged = this.counter(
    'topicmirror_spool_damaged_total',
    'Unreadable callbacks in the spool; their files are kept',
  );
  readonly spoolSetAside = this.gauge(
    'topicmirror_spool_set_aside_files',
    'Spool files that need an operator: damaged, rejected or unreadable',
  );
  readonly relayLag = this.gauge(
    'topicmirror_relay_lag_callbacks',
    'Callbacks yet to be relayed to the backend; 0 without RELAY_URL',
  );
  readonly relayOldestAge = this.gauge(
    'topicmirror_relay_oldest_age_seconds',
    'Age of the oldest callback yet to be relayed in seconds; 0 without one',
  );
  readonly relayAsideLanes = this.gauge(
    'topicmirror_relay_aside_lanes',
    'Groups, and callbacks of no group, set aside by the relay after failures',
  );
  readonly relayActive = this.gauge(
    'topicmirror_relay_active',
    'Whether this process relays callbacks: 1 or 0',
  );
  readonly relayAttempts = this.closed(
    'topicmirror_relay_attempts_total',
    'Attempts to relay a callback, by outcome',
    { outcome: ['delivered', 'rejected', 'timeout', 'unreachable'] },
  );
  readonly relayGivenUp = this.counter(
    'topicmirror_relay_given_up_total',
    'Callbacks given up by the relay after RELAY_MAX_AGE_HOURS',
  );
  readonly relayDelay = this.fastHistogram(
    'topicmirror_relay_delay_seconds',
    'Time from the arrival of a callback to its delivery to the backend in seconds',
    [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600, 86400],
  );
  readonly relayBefore = this.closed(
    'topicmirror_relay_before_total',
    'Blocking callbacks passed on to the backend, by outcome',
    { outcome: ['answered', 'rejected', 'timeout', 'unreachable', 'too many'] },
  );
  readonly seq = this.gauge('topicmirror_seq', 'Last seq known to this process');
  readonly epochs = this.closed(
    'topicmirror_epochs_total',
    'Epochs begun by this process, by reason; subscribers start over',
    { reason: ['identity', 'behind', 'command'] },
  );
  readonly groups = this.gauge('topicmirror_groups', 'Groups by state', 'state');
  readonly feedReaders = this.gauge(
    'topicmirror_feed_readers',
    'Subscribers and waiting pollers of the feed',
  );
  readonly feedStreams = this.gauge('topicmirror_feed_streams', 'Open streams of the feed');
  readonly feedStreamsEnded = this.closed(
    'topicmirror_feed_streams_ended_total',
    'Ended streams of the feed, by reason',
    { reason: ['client', 'slow_reader', 'max_age', 'changes_gone', 'draining'] },
  );
  readonly reconcileVisits = this.closed(
    'topicmirror_reconcile_visits_total',
    'Reconciliations of a group, by kind of snapshot',
    { outcome: ['complete', 'missing', 'inconclusive'] },
  );
  readonly reconcileRepairs = this.counter(
    'topicmirror_reconcile_repairs_total',
    'Topics repaired by reconciliation, by kind of change',
    'kind',
  );
  readonly oldestVerificationAge = this.gauge(
    'topicmirror_reconcile_oldest_verification_age_seconds',
    'Age of the oldest verification in seconds; 0 without groups',
  );
  readonly oldestWaitingAge = this.gauge(
    'topicmirror_reconcile_oldest_waiting_age_seconds',
    'Longest wait of a stale group in seconds; 0 without any',
  );
  readonly staleGroups = this.gauge('topicmirror_stale_groups', 'Stale groups by reason', 'reason');
  readonly secondLooks = this.gauge(
    'topicmirror_reconcile_second_looks',
    'Groups scheduled for a second reconciliation',
  );
  readonly reconcileBrake = this.gauge(
    'topicmirror_reconcile_brake_engaged',
    'Whether the hourly limit on deletions is reached: 1 or 0',
  );
  readonly reconcileEnabled = this.gauge(
    'topicmirror_reconcile_enabled',
    "Whether the vendor's REST API is configured: 1 or 0",
  );
  readonly reconcileWithin = this.gauge(
    'topicmirror_reconcile_within_seconds',
    'Maximum age of a verification: RECONCILE_WITHIN_SECONDS',
  );
  readonly restCalls = this.closed(
    'topicmirror_rest_calls_total',
    'REST calls to the vendor, by command and outcome',
    {
      command: ['get_topic', 'get_group_info', 'get_appid_group_list'],
      outcome: ['ok', 'retried', 'throttled', 'failed'],
    },
  );
  readonly restErrors = this.counter(
    'topicmirror_rest_errors_total',
    "Failed REST calls by the vendor's error code",
    'code',
  );
  readonly databaseUp = this.gauge(
    'topicmirror_database_up',
    'Whether PostgreSQL is reachable: 1 or 0',
  );
  readonly databaseConnections = this.gauge(
    'topicmirror_database_connections',
    'Connections to PostgreSQL, by pool and state',
    'pool',
    'state',
  );
  readonly databaseConnectionsMax = this.gauge(
    'topicmirror_database_connections_max',
    'Maximum number of connections, by pool',
    'pool',
  );
  readonly databaseWaiting = this.gauge(
    'topicmirror_database_waiting',
    'Queries waiting for a connection, by pool',
    'pool',
  );
  readonly replicaAway = this.gauge(
    'topicmirror_replica_away',
    'Whether the primary is read in place of a replica: 1 or 0',
  );
  readonly replicaLag = this.gauge(
    'topicmirror_replica_lag_seconds',
    'Replication lag in seconds; 0 if up to date or not in use',
  );
  readonly replicaFallbacks = this.closed(
    'topicmirror_replica_fallbacks_total',
    'Reads moved from the replica to the primary, by reason',
    { reason: ['away', 'conflict'] },
  );
  readonly clockSkew = this.gauge(
    'topicmirror_clock_skew_seconds',
    'Clock offset from PostgreSQL or the vendor in seconds, positive if ahead',
    'of',
  );
  readonly httpRequest = this.histogram(
    'topicmirror_http_request_seconds',
    'Duration of requests to the query API in seconds, without the feed',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    'route',
    'status',
  );

  readonly contentType = this.registry.contentType;
  /** Of this service. */
  readonly version: string = JSON.parse(readFileSync(PACKAGE, 'utf8')).version;

  constructor() {
    super();
    this.lastCallback.setToCurrentTime();
    for (const outcome of ['committed', 'failed']) this.commitSeconds.zero({ outcome });
    for (const kind of ['created', 'updated', 'deleted', 'restored']) {
      this.reconcileRepairs.inc({ kind }, 0);
    }
    this.gauge(
      'topicmirror_build_info',
      'Always 1; version and Node.js version as labels',
      'version',
      'node',
    ).set({ version: this.version, node: process.versions.node }, 1);
    collectDefaultMetrics({ register: this.registry });
  }

  /** Counts a callback. Both texts are of closed sets. */
  countCallback(command: string, outcome: string): void {
    this.callbacks.inc(`${command} ${outcome}`, { command, outcome });
  }

  /** How many callbacks this process has received, by outcome. */
  get callbacksByOutcome(): ReadonlyMap<string, number> {
    return this.callbacks.sumsBy('outcome');
  }

  /** Calls `listener` before every scrape, which waits for it. */
  onScrape(listener: ScrapeListener): void {
    this.listeners.push(listener);
  }

  /** The response to a scrape. */
  override async expose(): Promise<string> {
    await Promise.all(this.listeners.map((listener) => listener()));
    return super.expose();
  }
}
