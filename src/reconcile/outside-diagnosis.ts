import { Inject, Injectable } from '@nestjs/common';
import { openDoors, Settings } from '../config/settings.js';
import {
  DatabaseUnavailableError,
  isUnreachable,
  reasonOf,
  SchemaError,
  sqlState,
} from '../database/errors.js';
import { VendorAlarmError, VendorCallError, VendorUnavailableError } from '../tencent/errors.js';
import { RestClient } from '../tencent/rest-client.js';

/** One thing that was looked at; `advice` says how to mend it. */
export interface Finding {
  readonly verdict: 'ok' | 'warning' | 'fault';
  readonly what: string;
  readonly advice?: string;
}

/** From this on a clock is said to be off: dates of HTTP have whole seconds. */
const MAX_SKEW_SECONDS = 1;

/** What can be looked at without PostgreSQL. */
@Injectable()
export class OutsideDiagnosis {
  constructor(
    private readonly settings: Settings,
    @Inject(RestClient) private readonly client: RestClient | null,
  ) {}

  *settingsFindings(): Generator<Finding> {
    const { imSdkAppId } = this.settings;
    yield { verdict: 'ok', what: `settings, for the app ${imSdkAppId}` };
    for (const door of openDoors(this.settings)) yield { verdict: 'warning', what: door };
  }

  async *restFindings(): AsyncGenerator<Finding> {
    const { client } = this;
    if (client === null) {
      yield {
        verdict: 'warning',
        what: 'no REST API is set: what callbacks leave out or lose stays unknown',
        advice: 'set IM_API_HOST and IM_SECRET_KEY',
      };
      return;
    }
    try {
      const { total } = await client.listCommunities({ next: 0n, limit: 1 });
      yield { verdict: 'ok', what: `the REST API answers: ${total ?? 'unknown'} communities` };
    } catch (error) {
      yield restFault(error);
    }
    if (client.clockSkewMs !== null) yield this.clockFinding(client.clockSkewMs, "the vendor's");
  }

  /** @param skewMs how far this clock is ahead of the other. */
  clockFinding(skewMs: number, whose: string): Finding {
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    const what = `this clock is ${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} ${whose}`;
    if (seconds <= MAX_SKEW_SECONDS) return { verdict: 'ok', what };
    const isRejected = seconds >= this.settings.imCallbackWindowSeconds;
    return {
      verdict: isRejected ? 'fault' : 'warning',
      what: isRejected ? `${what}: signed callbacks are rejected` : what,
      advice: 'let NTP set the clock of this machine',
    };
  }
}

/** Why the database cannot be used, and what to do about it. */
export function databaseFault(error: unknown): Finding {
  // Its message says what to run or to set.
  if (error instanceof SchemaError) return { verdict: 'fault', what: error.message };
  return {
    verdict: 'fault',
    what: `PostgreSQL: ${reasonOf(error)}`,
    advice: databaseAdvice(error),
  };
}

function databaseAdvice(error: unknown): string {
  switch (sqlState(error)) {
    case '28000':
    case '28P01':
      return 'compare user and password in DATABASE_URL with the role of the server';
    case '3D000':
      return 'create the database that DATABASE_URL names, or name another';
    default:
      return isUnreachable(error)
        ? 'start the server, or mend host and port in DATABASE_URL; callbacks are spooled meanwhile'
        : 'mend DATABASE_URL or the server; its log says more';
  }
}

function restFault(error: unknown): Finding {
  if (error instanceof VendorAlarmError) {
    return {
      verdict: 'fault',
      what: `the REST API refuses: error ${error.vendorCode}`,
      advice: error.advice,
    };
  }
  if (error instanceof VendorUnavailableError || error instanceof VendorCallError) {
    return {
      verdict: 'fault',
      what: error.message,
      advice: 'compare IM_API_HOST with the region of the app; is it reachable from here?',
    };
  }
  if (error instanceof DatabaseUnavailableError) {
    return { verdict: 'fault', what: 'the REST API was not asked: its rate is in PostgreSQL' };
  }
  throw error;
}
