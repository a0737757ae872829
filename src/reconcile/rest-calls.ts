import { Inject, Injectable } from '@nestjs/common';
import { Metrics } from '../metrics/metrics.js';
import { RestClient } from '../tencent/rest-client.js';

/** Counts the requests that this process sends to the vendor. */
@Injectable()
export class RestCalls {
  private sent = 0;

  constructor(@Inject(RestClient) client: RestClient | null, metrics: Metrics) {
    client?.observe((command, outcome) => {
      this.sent += 1;
      metrics.restCalls.inc({ command, outcome });
    });
  }

  get total(): number {
    return this.sent;
  }
}
