import { Injectable, Logger } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { Database } from '../database/database.js';
import { arrivalOf } from '../journal/callback-id.js';
import { Metrics } from '../metrics/metrics.js';
import { Backend, type BackendAnswer, type RelayedCallback } from './backend.js';
import { Circuit, type Failure } from './circuit.js';
import { GivenUpLog } from './given-up.js';
import { Pace } from './pace.js';

// The vendor would have waited two seconds; a backend that has to work is given more.
const LIMITS = { timeoutMs: 5_000, maxBytes: 64 * 1024, isRepeatable: true };
const HOUR_MS = 3_600_000;

export type Outcome = 'delivered' | 'given up' | Failure;

/** Sends *after* callbacks: counts attempts, gives up what is too old, and notices when the backend is away. */
@Injectable()
export class Sender {
  readonly circuit = new Circuit();
  readonly pace: Pace;
  private readonly logger = new Logger('Relay');
  private readonly backend: Backend | null;
  private readonly givenUp: GivenUpLog;
  private isAway = false;
  private reason = '';
  private timeOriginMs = performance.timeOrigin;

  constructor(
    private readonly settings: Settings,
    private readonly metrics: Metrics,
    { epochs }: Database,
  ) {
    const { relayUrl, relayConcurrency, relayMaxPerSecond, relayMaxAgeHours } = settings;
    const to = { url: relayUrl ?? '', connections: relayConcurrency };
    this.backend = relayUrl === null ? null : new Backend(settings, epochs, to);
    this.pace = new Pace(relayMaxPerSecond, performance.now());
    this.givenUp = new GivenUpLog(relayMaxAgeHours);
  }

  get isOn(): boolean {
    return this.backend !== null;
  }

  /** @param nowMs by PostgreSQL's clock, which goes on by the monotonic one of this process. */
  setClock(nowMs: number): void {
    this.timeOriginMs = nowMs - performance.now();
  }

  /** Whether a callback is too old to be sent. */
  isTooOld({ id }: RelayedCallback): boolean {
    const nowMs = this.timeOriginMs + performance.now();
    return nowMs - arrivalOf(id) / 1000 > this.settings.relayMaxAgeHours * HOUR_MS;
  }

  giveUp({ id }: RelayedCallback): void {
    this.metrics.relayGivenUp.inc();
    this.givenUp.note(id);
  }

  /** Sends a callback once. Any status 2xx accepts it. */
  async send(callback: RelayedCallback): Promise<'delivered' | Failure> {
    if (!this.backend) throw new Error('RELAY_URL is not set');
    const answer = await this.backend.send(callback, LIMITS);
    const outcome = outcomeOf(answer);
    this.reason = answer.status === null ? answer.reason : `status ${answer.status}`;
    this.metrics.relayAttempts.inc({ outcome });
    if (outcome === 'delivered') {
      const seconds = Date.now() / 1000 - arrivalOf(callback.id) / 1e6;
      this.metrics.relayDelay.observe(Math.max(0, seconds));
    }
    return outcome;
  }

  /** Records the outcome for the circuit of the whole backend. */
  record(outcome: 'delivered' | Failure): void {
    const { circuit } = this;
    if (outcome === 'delivered') circuit.succeed();
    else circuit.fail(performance.now(), outcome);
    if (circuit.isOpen === this.isAway) return;
    this.isAway = circuit.isOpen;
    if (outcome === 'delivered') {
      this.logger.log('the backend of RELAY_URL accepts callbacks again');
    } else {
      const msg = 'the backend of RELAY_URL accepts no callback';
      this.logger.error({ msg, last: this.last(outcome) });
    }
  }

  /** An outcome with its reason, for the log. @param outcome of the attempt that ended last. */
  last(outcome: Failure): string {
    return `${outcome}: ${this.reason}`;
  }

  close(): void {
    this.givenUp.end();
    this.backend?.close();
  }
}

function outcomeOf(answer: BackendAnswer): 'delivered' | Failure {
  if (answer.status === null) return answer.failure;
  return answer.status >= 200 && answer.status < 300 ? 'delivered' : 'rejected';
}
