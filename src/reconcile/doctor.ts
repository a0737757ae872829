import { printable } from '../journal/printable.js';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { reasonOf } from '../database/errors.js';
import { Settings } from '../config/settings.js';
import { relayFinding } from '../relay/findings.js';
import { RelayRepository } from '../relay/relay.repository.js';
import { DeletionBrakeRepository } from './deletion-brake.repository.js';
import { JournalEvidenceRepository } from './journal-evidence.repository.js';
import type { RestApiState } from './rest-calls.js';
import { databaseFault, type Finding, NO_REST_API, OfflineDoctor } from './offline-doctor.js';

/** A switch of the console, and the callbacks that it sends. Source: protocol of the topic callbacks, 1047/34520. */
interface Switch {
  readonly name: string;
  readonly commands: readonly string[];
  /** The kind of repair that shows missing callbacks. */
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
  created: 'found topics created without a callback',
  deleted: 'found topics deleted without a callback',
  updated: 'found topics changed without a callback',
};

const DATABASE_AWAY: Finding = {
  verdict: 'fault',
  code: 'DATABASE_UNAVAILABLE',
  what: 'PostgreSQL does not answer; callbacks are spooled meanwhile',
  advice: 'run npm run cli -- doctor for the reason',
};

const SPOOL_WITHOUT_ROOM: Finding = {
  verdict: 'fault',
  code: 'SPOOL_FULL',
  what: 'PostgreSQL does not answer and the spool has no room: callbacks are answered 503 and are lost',
  advice: 'make room on the disk of DATA_DIR, or raise SPOOL_MAX_BYTES and restart',
};
// A callback has some hundred bytes, and at most a mebibyte.
const SPOOL_ROOM = 1024 * 1024;

const NO_CALLBACK: Finding = {
  verdict: 'warning',
  code: 'NO_CALLBACK',
  what: 'no callback is in the journal',
  advice:
    'set the callback URL in the Chat console and turn on its switches; look for "callback refused" in the log',
};

const DAY_MS = 86_400_000;
const RECENT_REPAIRS_MS = 7 * DAY_MS;
const MAX_SKEW_MS = 1_000;
const CONFIRM = 'if the vendor is right, run npm run cli -- reconcile --all --confirm-deletions';

/** Checks everything a mirror needs, and names each fault with its remedy. */
@Injectable()
export class Doctor {
  constructor(
    private readonly offline: OfflineDoctor,
    private readonly evidence: JournalEvidenceRepository,
    private readonly database: Database,
    private readonly brake: DeletionBrakeRepository,
    private readonly relay: RelayRepository,
    private readonly settings: Settings,
  ) {}

  /** @param arrivalOf the time of arrival in a journal id. */
  async *findings(arrivalOf: (id: string) => Date): AsyncGenerator<Finding> {
    yield* this.offline.settingsFindings();
    yield* this.fromDatabase(() => this.databaseFindings());
    yield* this.offline.restFindings();
    yield* this.offline.relayFindings();
    yield* this.fromDatabase(() => this.callbackFindings(arrivalOf));
  }

  /** Checks that are cheap and need no call to the vendor: no answer grows with the journal. */
  async *standingFindings(
    restCalls: RestApiState,
    { isUp, spoolFreeBytes }: { readonly isUp: boolean; readonly spoolFreeBytes: number },
  ): AsyncGenerator<Finding> {
    yield* this.offline.settingsFindings();
    if (!restCalls.configured) yield NO_REST_API;
    else if (restCalls.reachable === false) {
      yield {
        verdict: 'fault',
        code: 'REST_API_FAILS',
        what: `the last call of the REST API failed: ${restCalls.lastError}`,
        advice: 'run npm run cli -- doctor; compare IM_API_HOST with the region of the app',
      };
    }
    if (!isUp) return yield spoolFreeBytes < SPOOL_ROOM ? SPOOL_WITHOUT_ROOM : DATABASE_AWAY;
    yield* this.fromDatabase(() => this.databaseFindings());
    yield* this.fromDatabase(() => this.standingCallbackFindings());
  }

  /** Topics that the reconcile repaired since an instant, by kind of change. */
  repairsSince(instant: Date): Promise<ReadonlyMap<string, number>> {
    return this.evidence.repairsSince(instant);
  }

  private async *standingCallbackFindings(): AsyncGenerator<Finding> {
    if (!(await this.evidence.hasCallbacks())) return yield NO_CALLBACK;
    const since = new Date(Date.now() - RECENT_REPAIRS_MS);
    const repairs = await this.evidence.repairsSince(since);
    const commands = SWITCHES.flatMap((one) => one.commands);
    yield* switchFindings(await this.evidence.arrivedOf(commands), repairs);
  }

  /** A failure of PostgreSQL is a finding; the other checks continue. */
  private async *fromDatabase(findings: () => AsyncGenerator<Finding>): AsyncGenerator<Finding> {
    try {
      yield* findings();
    } catch (error) {
      yield databaseFault(error);
    }
  }

  private async *databaseFindings(): AsyncGenerator<Finding> {
    const { version, skewMs } = await this.evidence.server();
    const what = `PostgreSQL ${version}, the schema is current`;
    yield { verdict: 'ok', code: 'DATABASE', what };
    yield this.offline.clockFinding(skewMs, "PostgreSQL's");
    yield this.epochFinding();
    yield* this.replicaFindings();
    yield* this.clockFindings();
    yield* this.heldFindings();
    if (this.settings.relayUrl === null) return;
    yield relayFinding(await this.relay.state(), this.settings.relayMaxAgeHours);
  }

  private async *clockFindings(): AsyncGenerator<Finding> {
    for (const { process, skewMs } of await this.evidence.clocksOff(MAX_SKEW_MS)) {
      yield {
        verdict: 'warning',
        code: 'CLOCK_SKEW',
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
        code: 'DELETION_BRAKE',
        what: 'answers of the vendor deleted so much within an hour that no more is deleted',
        advice: CONFIRM,
      };
    }
    if (held.length > 0) {
      yield {
        verdict: 'warning',
        code: 'DELETIONS_HELD',
        what: `deletions are held back in ${held.join(', ')}: the vendor misses topics that no callback deleted`,
        advice: `a second answer decides; ${CONFIRM}`,
      };
    }
    if (secondLooks > 0) {
      const what = `${secondLooks} groups are looked at again after a callback`;
      yield { verdict: 'ok', code: 'SECOND_LOOKS', what };
    }
  }

  private epochFinding(): Finding {
    const { begun, unknown } = this.database.epochs;
    if (begun.identity + begun.behind > 0) {
      return {
        verdict: 'warning',
        code: 'NEW_EPOCH',
        what: 'the database is a restored or another one, or its server was promoted: a new epoch began',
        advice:
          'readers of the feed start over; run npm run cli -- reconcile --all for what was lost',
      };
    }
    if (unknown.length > 0) {
      return {
        verdict: 'warning',
        code: 'UNKNOWN_IDENTITY',
        what: `PostgreSQL does not tell its ${unknown.join(' and ')}: not every restore is noticed`,
        advice: 'after a restore or a failover run: npm run cli -- restored',
      };
    }
    return { verdict: 'ok', code: 'EPOCH', what: 'the database is the one it was' };
  }

  private async *replicaFindings(): AsyncGenerator<Finding> {
    const { replicaUse } = this.database;
    if (replicaUse === null) return;
    const obstacle = await replicaUse.obstacle();
    if (obstacle === null) yield { verdict: 'ok', code: 'REPLICA', what: 'the replica answers' };
    else {
      yield {
        verdict: 'fault',
        code: 'REPLICA_UNUSED',
        what: `the replica is not read: ${reasonOf(obstacle)}`,
        advice: 'repair it, or leave DATABASE_REPLICA_URL out; until then the primary is read',
      };
    }
  }

  private async *callbackFindings(arrivalOf: (id: string) => Date): AsyncGenerator<Finding> {
    const arrived = await this.evidence.arrived();
    if (arrived.length === 0) {
      yield NO_CALLBACK;
    }
    for (const { command, count, lastId } of arrived) {
      const last = arrivalOf(lastId).toISOString();
      yield {
        verdict: 'ok',
        code: 'CALLBACKS',
        what: `${printable(command)}: ${count} in the journal, the last at ${last}`,
      };
    }
    const repairs = await this.evidence.repairs();
    yield* switchFindings(new Set(arrived.map(({ command }) => command)), repairs);
  }
}

function* switchFindings(
  arrived: ReadonlySet<string>,
  repairs: ReadonlyMap<string, number>,
): Generator<Finding> {
  for (const one of SWITCHES) {
    const finding = switchFinding(one, arrived, repairs.get(one.repair) ?? 0);
    if (finding) yield finding;
  }
}

function switchFinding(
  { name, commands, repair }: Switch,
  arrived: ReadonlySet<string>,
  repairs: number,
): Finding | null {
  if (commands.some((command) => arrived.has(command)) || repairs === 0) return null;
  return {
    verdict: 'fault',
    code: 'CALLBACK_SWITCH_OFF',
    what: `the reconcile ${REPAIRED[repair]} (${repairs}), and ${commands.join(' or ')} never came: the switch "${name}" is probably off`,
    advice: `turn on "${name}" in the Chat console, under callback configuration`,
  };
}
