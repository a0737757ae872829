import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { reasonOf } from '../database/errors.js';
import { Brake } from './brake.store.js';
import { type Arrived, EvidenceStore } from './evidence.store.js';
import { databaseFault, type Finding, OutsideDiagnosis } from './outside-diagnosis.js';

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

const MAX_SKEW_MS = 1_000;
const CONFIRM = 'if the vendor is right, run npm run cli -- reconcile --all --confirm-deletions';

/** Looks at everything a mirror needs, and says in plain words what is wrong. */
@Injectable()
export class Diagnosis {
  constructor(
    private readonly outside: OutsideDiagnosis,
    private readonly evidence: EvidenceStore,
    private readonly database: Database,
    private readonly brake: Brake,
  ) {}

  /** @param arrivalOf reads the time of arrival out of a journal id. */
  async *findings(arrivalOf: (id: string) => Date): AsyncGenerator<Finding> {
    yield* this.outside.settingsFindings();
    yield* this.fromDatabase(() => this.databaseFindings());
    yield* this.outside.restFindings();
    yield* this.fromDatabase(() => this.callbackFindings(arrivalOf));
  }

  /** Goes on with the other findings where PostgreSQL ends in the middle. */
  private async *fromDatabase(findings: () => AsyncGenerator<Finding>): AsyncGenerator<Finding> {
    try {
      yield* findings();
    } catch (error) {
      yield databaseFault(error);
    }
  }

  private async *databaseFindings(): AsyncGenerator<Finding> {
    const { version, skewMs } = await this.evidence.server();
    yield { verdict: 'ok', what: `PostgreSQL ${version}, the schema is current` };
    yield this.outside.clockFinding(skewMs, "PostgreSQL's");
    yield this.epochFinding();
    yield* this.replicaFindings();
    yield* this.clockFindings();
    yield* this.heldFindings();
  }

  private async *clockFindings(): AsyncGenerator<Finding> {
    for (const { process, skewMs } of await this.evidence.clocksOff(MAX_SKEW_MS)) {
      yield {
        verdict: 'warning',
        what: `the clock of the process ${process} is ${(Math.abs(skewMs) / 1000).toFixed(1)} s ${skewMs < 0 ? 'behind' : 'ahead of'} PostgreSQL's`,
        advice: 'let NTP set the clock of its machine',
      };
    }
  }

  private async *heldFindings(): AsyncGenerator<Finding> {
    const { held, secondLooks } = await this.evidence.waiting();
    if (await this.brake.check()) {
      yield {
        verdict: 'fault',
        what: 'answers of the vendor deleted so much within an hour that no more is deleted',
        advice: CONFIRM,
      };
    }
    if (held.length > 0) {
      yield {
        verdict: 'warning',
        what: `deletions are held back in ${held.join(', ')}: the vendor misses topics that no callback deleted`,
        advice: `a second answer decides; ${CONFIRM}`,
      };
    }
    if (secondLooks > 0) {
      yield { verdict: 'ok', what: `${secondLooks} groups are looked at again after a callback` };
    }
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
