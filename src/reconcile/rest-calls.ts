import { Inject, Injectable } from '@nestjs/common';
import { Metrics } from '../metrics/metrics.js';
import { isKnownCode } from '../tencent/error-codes.js';
import { RestClient } from '../tencent/rest-client.js';

/** Counts the requests that this process sends to the vendor. */
@Injectable()
export class RestCalls {
  private sent = 0;

  constructor(@Inject(RestClient) client: RestClient | null, metrics: Metrics) {
    metrics.reconcileEnabled.set(client ? 1 : 0);
    if (!client) return;
    metrics.onScrape(() => {
      const { clockSkewMs } = client;
      if (clockSkewMs !== null) metrics.clockSkew.set({ of: 'vendor' }, clockSkewMs / 1000);
    });
    client.observe((command, outcome, code) => {
      this.sent += 1;
      metrics.restCalls.inc({ command, outcome });
      if (outcome !== 'ok') metrics.restErrors.inc({ code: labelOf(code) });
    });
  }

  get total(): number {
    return this.sent;
  }
}

function labelOf(code: number | null): string {
  if (code === null) return 'none';
  return isKnownCode(code) ? String(code) : 'other';
}
