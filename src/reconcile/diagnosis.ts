import { Inject, Injectable } from '@nestjs/common';
import { openDoors, Settings } from '../config/settings.js';
import { Database } from '../database/database.js';
import { reasonOf } from '../database/errors.js';
import { VendorAlarmError, VendorCallError, VendorUnavailableError } from '../tencent/errors.js';
import { RestClient } from '../tencent/rest-client.js';
import { type Arrived, EvidenceStore } from './evidence.store.js';

/** One thing that was looked at; `advice` says how to mend it. */
export interface Finding {
  readonly verdict: 'ok' | 'warning' | 'fault';
  readonly what: string;
  readonly advice?: string;
}

/** A switch of the console, and what it sends. Source: protocol of the topic callbacks, 1047/34520. */
interface Switch {
  readonly name: string;
  readonly commands: readonly string[];
  /** The kind of repair that shows that its callbacks are missing. */
  readonly repair: string;
}

const SWITCHES: readonly Switch[] = [
  {
    name: 'after group created',
    commands: ['Group.CallbackAfterCreateTopic', 'Group.CallbackAfterCreateGroup'],
    repair: 'created',
  },
  {
    name: 'after group disbanded',
    commands: ['Group.CallbackAfterTopicDestroyed', 'Group.CallbackAfterGroupDestroyed'],
    repair: 'deleted',
  },
  {
    name: 'after group profile changed',
    commands: ['Group.CallbackAfterTopicInfoChanged', 'Group.CallbackAfterGroupInfoChanged'],
    repair: 'updated',
  },
];

const REPAIRED: Readonly<Record<string, string>> = {
  created: 'found topics that no callback told of',
  deleted: 'found topics deleted that no callback told of',
  updated: 'found changes that no callback told of',
};
const MAX_CLOCK_SECONDS = 5;

/** Looks at everything a mirror needs, and says in plain words what is wrong. */
@Injectable()
export class Diagnosis {
  constructor(
    private readonly settings: Settings,
    private readonly evidence: EvidenceStore,
    private readonly database: Database,
    @Inject(RestClient) private readonly client: RestClient | null,
  ) {}

  /** @param arrivalOf reads the time of arrival out of a journal id. */
  async *findings(arrivalOf: (id: string) => Date): AsyncGenerator<Finding> {
    yield* this.settingsFindings();
    const { version } = await this.evidence.server();
    yield { verdict: 'ok', what: `PostgreSQL ${version}, the schema is current` };
    yield this.epochFinding();
    yield* this.replicaFindings();
    yield* this.restFindings();
    yield* this.callbackFindings(arrivalOf);
  }

  private *settingsFindings(): Generator<Finding> {
    const { imSdkAppId } = this.settings;
    yield { verdict: 'ok', what: `settings, for the app ${imSdkAppId}` };
    for (const door of openDoors(this.settings)) yield { verdict: 'warning', what: door };
  }

  private epochFinding(): Finding {
    const { begun, unknown } = this.database.epochs;
    if (begun.identity + begun.behind > 0) {
      return {
        verdict: 'warning',
        what: 'the database is a restored or another one, or its server was promoted: a new epoch began',
        advice:
          'readers of the feed start over; run npm run cli -- reconcile --all for what was lost',
      };
    }
    if (unknown.length > 0) {
      return {
        verdict: 'warning',
        what: `PostgreSQL does not tell its ${unknown.join(' and ')}: not every restore is noticed`,
        advice: 'after a restore or a failover run: npm run cli -- restored',
      };
    }
    return { verdict: 'ok', what: 'the database is the one it was' };
  }

  private async *replicaFindings(): AsyncGenerator<Finding> {
    const { replicaUse } = this.database;
    if (replicaUse === null) return;
    const obstacle = await replicaUse.obstacle();
    if (obstacle === null) yield { verdict: 'ok', what: 'the replica answers' };
    else {
      yield {
        verdict: 'fault',
        what: `the replica is not read: ${reasonOf(obstacle)}`,
        advice: 'mend it, or leave DATABASE_REPLICA_URL out; until then the primary is read',
      };
    }
  }

  private async *restFindings(): AsyncGenerator<Finding> {
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
    if (client.clockSkewMs !== null) yield this.clockFinding(client.clockSkewMs);
  }

  private clockFinding(skewMs: number): Finding {
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    const told = `this clock is ${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} the vendor's`;
    if (seconds <= MAX_CLOCK_SECONDS) return { verdict: 'ok', what: told };
    const isRefused = seconds >= this.settings.imCallbackWindowSeconds;
    return {
      verdict: isRefused ? 'fault' : 'warning',
      what: isRefused ? `${told}: signed callbacks are refused` : told,
      advice: 'let NTP set the clock of this machine',
    };
  }

  private async *callbackFindings(arrivalOf: (id: string) => Date): AsyncGenerator<Finding> {
    const arrived = await this.evidence.arrived();
    if (arrived.length === 0) {
      yield {
        verdict: 'warning',
        what: 'no callback is in the journal',
        advice:
          'set the callback URL in the Chat console and turn on its switches; look for "callback refused" in the log',
      };
    }
    for (const { command, count, lastId } of arrived) {
      const last = arrivalOf(lastId).toISOString();
      yield { verdict: 'ok', what: `${command}: ${count} in the journal, the last at ${last}` };
    }
    const repairs = await this.evidence.repairs();
    for (const one of SWITCHES) {
      const finding = switchFinding(one, arrived, repairs.get(one.repair) ?? 0);
      if (finding) yield finding;
    }
  }
}

function switchFinding(
  { name, commands, repair }: Switch,
  arrived: readonly Arrived[],
  repairs: number,
): Finding | null {
  if (arrived.some(({ command }) => commands.includes(command)) || repairs === 0) return null;
  return {
    verdict: 'fault',
    what: `the reconcile ${REPAIRED[repair]} (${repairs}), and ${commands.join(' or ')} never came: the switch "${name}" is probably off`,
    advice: `turn on "${name}" in the Chat console, under callback configuration`,
  };
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
  throw error;
}
