import { Inject, Injectable } from '@nestjs/common';
import { securityFindings, Settings } from '../config/settings.js';
import {
  DatabaseUnavailableError,
  isUnreachable,
  reasonOf,
  SchemaError,
  sqlState,
} from '../database/errors.js';
import { backendFinding } from '../relay/findings.js';
import { VendorAlarmError, VendorCallError, VendorUnavailableError } from '../tencent/errors.js';
import { RestClient } from '../tencent/rest-client.js';

/** Result of one check; `advice` is the remedy. */
export interface Finding {
  readonly verdict: 'ok' | 'warning' | 'fault';
  /** Stable; names the check. */
  readonly code: string;
  readonly what: string;
  readonly advice?: string;
}

export const NO_REST_API: Finding = {
  verdict: 'warning',
  code: 'NO_REST_API',
  what: 'no REST API is set: what callbacks leave out or lose stays unknown',
  advice: 'set IM_API_HOST and IM_SECRET_KEY',
};

const COMPARE_HOST = 'compare IM_API_HOST with the region of the app; is it reachable from here?';

/** What a person waits for, retries included. */
const REST_API_WITHIN_MS = 10_000;

const REST_API_HANGS: Finding = {
  verdict: 'fault',
  code: 'REST_API_FAILS',
  what: `the REST API does not answer within ${REST_API_WITHIN_MS / 1000} s`,
  advice: COMPARE_HOST,
};

/** Tolerance of clocks: dates of HTTP have whole seconds. */
const MAX_SKEW_SECONDS = 1;

/** The checks that need no PostgreSQL. */
@Injectable()
export class OfflineDoctor {
  constructor(
    private readonly settings: Settings,
    @Inject(RestClient) private readonly client: RestClient | null,
  ) {}

  *settingsFindings(): Generator<Finding> {
    const { imSdkAppId } = this.settings;
    yield { verdict: 'ok', code: 'SETTINGS', what: `settings, for the app ${imSdkAppId}` };
    for (const { code, message } of securityFindings(this.settings)) {
      yield { verdict: 'warning', code, what: message };
    }
  }

  async *restFindings(): AsyncGenerator<Finding> {
    const { client } = this;
    if (client === null) {
      yield NO_REST_API;
      return;
    }
    const deadline = AbortSignal.timeout(REST_API_WITHIN_MS);
    try {
      const { total } = await client.listCommunities({ next: 0n, limit: 1 }, deadline);
      const what = `the REST API answers: ${total ?? 'unknown'} communities`;
      yield { verdict: 'ok', code: 'REST_API', what };
    } catch (error) {
      yield deadline.aborted ? REST_API_HANGS : restFault(error);
    }
    if (client.clockSkewMs !== null) yield this.clockFinding(client.clockSkewMs, "the vendor's");
  }

  async *relayFindings(): AsyncGenerator<Finding> {
    if (this.settings.relayUrl !== null) yield await backendFinding(this.settings.relayUrl);
  }

  /** @param skewMs how far this clock is ahead of the other. */
  clockFinding(skewMs: number, whose: string): Finding {
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    const what = `this clock is ${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} ${whose}`;
    if (seconds <= MAX_SKEW_SECONDS) return { verdict: 'ok', code: 'CLOCK', what };
    const isRejected = seconds >= this.settings.imCallbackWindowSeconds;
    return {
      verdict: isRejected ? 'fault' : 'warning',
      code: 'CLOCK_SKEW',
      what: isRejected ? `${what}: signed callbacks are rejected` : what,
      advice: 'let NTP set the clock of this machine',
    };
  }
}

/** Why the database cannot be used, and the remedy. */
export function databaseFault(error: unknown): Finding {
  // Its message names the remedy.
  if (error instanceof SchemaError) {
    return { verdict: 'fault', code: 'SCHEMA', what: error.message };
  }
  return {
    verdict: 'fault',
    code: 'DATABASE_UNAVAILABLE',
    what: `PostgreSQL: ${reasonOf(error)}`,
    advice: databaseAdvice(error),
  };
}

function databaseAdvice(error: unknown): string {
  switch (sqlState(error)) {
    case '28000':
    case '28P01':
      return 'compare user and password in DATABASE_URL with the role of the server';
    case '42501':
      return 'grant it to the role of DATABASE_URL: see deploy/sql/roles.sql';
    case '3D000':
      return 'create the database that DATABASE_URL names, or name another';
    default:
      return isUnreachable(error)
        ? 'start the server, or correct host and port in DATABASE_URL; callbacks are spooled meanwhile'
        : 'correct DATABASE_URL or the server; its log says more';
  }
}

function restFault(error: unknown): Finding {
  if (error instanceof VendorAlarmError) {
    return {
      verdict: 'fault',
      code: 'REST_API_REFUSES',
      what: `the REST API refuses: error ${error.vendorCode}`,
      advice: error.advice,
    };
  }
  if (error instanceof VendorUnavailableError || error instanceof VendorCallError) {
    return {
      verdict: 'fault',
      code: 'REST_API_FAILS',
      what: error.message,
      advice: COMPARE_HOST,
    };
  }
  if (error instanceof DatabaseUnavailableError) {
    return {
      verdict: 'fault',
      code: 'REST_API_NOT_ASKED',
      what: 'the REST API was not called: its rate limit is in PostgreSQL',
    };
  }
  throw error;
}
