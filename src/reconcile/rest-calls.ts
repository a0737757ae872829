import { Inject, Injectable } from '@nestjs/common';
import { Metrics } from '../metrics/metrics.js';
import { adviceOn, isKnownCode } from '../tencent/error-codes.js';
import { RestClient } from '../tencent/rest-client.js';

/** The latest calls of this process. */
export interface RestApiState {
  readonly configured: boolean;
  /** Whether the last request was answered well; `null` before the first. */
  readonly reachable: boolean | null;
  readonly lastOkAt: string | null;
  readonly lastErrorAt: string | null;
  readonly lastError: string | null;
}

/** Counts the requests that this process sends to the vendor. */
@Injectable()
export class RestCalls {
  private sent = 0;
  private latest: RestApiState;

  constructor(@Inject(RestClient) client: RestClient | null, metrics: Metrics) {
    metrics.reconcileEnabled.set(client ? 1 : 0);
    this.latest = {
      configured: client !== null,
      reachable: null,
      lastOkAt: null,
      lastErrorAt: null,
      lastError: null,
    };
    if (!client) return;
    metrics.onScrape(() => {
      const { clockSkewMs } = client;
      if (clockSkewMs !== null) metrics.clockSkew.set({ of: 'vendor' }, clockSkewMs / 1000);
    });
    client.observe((command, outcome, code) => {
      this.sent += 1;
      metrics.restCalls.inc({ command, outcome });
      this.note(outcome === 'ok', code);
      if (outcome !== 'ok') metrics.restErrors.inc({ code: labelOf(code) });
    });
  }

  get total(): number {
    return this.sent;
  }

  get state(): RestApiState {
    return this.latest;
  }

  private note(isOk: boolean, code: number | null): void {
    const now = new Date().toISOString();
    this.latest = isOk
      ? { ...this.latest, reachable: true, lastOkAt: now }
      : { ...this.latest, reachable: false, lastErrorAt: now, lastError: errorText(code) };
  }
}

function labelOf(code: number | null): string {
  if (code === null) return 'none';
  return isKnownCode(code) ? String(code) : 'other';
}

function errorText(code: number | null): string {
  return code === null ? 'no usable answer' : `error ${code}: ${adviceOn(code)}`;
}
