import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { Database } from '../database/database.js';
import { Metrics } from '../metrics/metrics.js';
import { Backend, type BackendAnswer, type RelayedCallback } from './backend.js';

// The vendor waits two seconds, also for what lies between it and this process.
const DEADLINE_MS = 1_500;
const MAX_BYTES = 256 * 1024;
const MAX_IN_FLIGHT = 256;

/** Passes *before* callbacks on to the backend while the vendor waits for the verdict. */
@Injectable()
export class BlockingRelay implements OnApplicationShutdown {
  private readonly backend: Backend | null;
  private inFlight = 0;

  constructor(
    private readonly settings: Settings,
    private readonly metrics: Metrics,
    { epochs }: Database,
  ) {
    const { relayUrl } = settings;
    // Apart from the connections of other callbacks, for which nobody waits.
    const to = { url: relayUrl ?? '', connections: MAX_IN_FLIGHT };
    this.backend = relayUrl === null ? null : new Backend(settings, epochs, to);
  }

  get isOn(): boolean {
    return this.backend !== null;
  }

  // Not onModuleDestroy: Nest calls that while requests are still being answered.
  onApplicationShutdown(): void {
    this.backend?.close();
  }

  /**
   * @param arrivedAt when the request came, by `performance.now()`.
   * @returns the backend's answer, byte for byte; without one, what the settings say.
   */
  async verdict(
    callback: RelayedCallback,
    arrivedAt: number,
  ): Promise<Buffer | 'refused' | 'allowed'> {
    const answer = await this.ask(callback, arrivedAt);
    if (answer) return answer;
    return this.settings.relayBefore === 'refuse' && this.isOn ? 'refused' : 'allowed';
  }

  private async ask(callback: RelayedCallback, arrivedAt: number): Promise<Buffer | null> {
    if (!this.backend) return null;
    if (this.inFlight >= MAX_IN_FLIGHT) {
      this.metrics.relayBefore.inc({ outcome: 'too many' });
      return null;
    }
    this.inFlight += 1;
    const timeoutMs = DEADLINE_MS - (performance.now() - arrivedAt);
    const limits = { timeoutMs, maxBytes: MAX_BYTES, isRepeatable: false };
    const answer = await this.backend.send(callback, limits);
    this.inFlight -= 1;
    const isVerdict = answer.status === 200 && answer.isWhole && isJsonObject(answer.body);
    this.metrics.relayBefore.inc({ outcome: isVerdict ? 'answered' : failureOf(answer) });
    return isVerdict ? answer.body : null;
  }
}

function failureOf(answer: BackendAnswer): 'timeout' | 'unreachable' | 'rejected' {
  return answer.status === null ? answer.failure : 'rejected';
}

/** What is no JSON the vendor would take for no answer, and allow. */
function isJsonObject(body: Buffer): boolean {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  } catch {
    return false;
  }
}
