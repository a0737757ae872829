import { Injectable, Logger } from '@nestjs/common';
import { Feed } from '../changes/feed.js';
import { Settings } from '../config/settings.js';
import { Database } from '../database/database.js';
import { GaugesRepository, type MirrorGauges } from '../health/gauges.repository.js';
import { Lifecycle } from '../health/lifecycle.js';
import { arrivalOf } from '../journal/callback-id.js';
import { JournalRepository } from '../journal/journal.repository.js';
import { Metrics } from '../metrics/metrics.js';
import { Rejections } from '../metrics/rejections.js';
import { Doctor } from '../reconcile/doctor.js';
import type { Finding } from '../reconcile/offline-doctor.js';
import { RestCalls } from '../reconcile/rest-calls.js';
import { RelayRepository, type RelayState } from '../relay/relay.repository.js';
import { Spool } from '../spool/spool.js';
import type { FindingResponse, RelayStatus, RepairCount, StatusResponse } from './responses.js';

// Several pages may be open.
const MAX_AGE_MS = 2_000;
const STARTED_AT = new Date(performance.timeOrigin).toISOString();
const REPAIR_KINDS = ['created', 'updated', 'deleted', 'restored'] as const;

/** What only PostgreSQL knows. */
interface Stored {
  readonly version: string;
  readonly lastCallbackAt: string | null;
  readonly gauges: MirrorGauges;
  readonly lagSeconds: number;
  readonly repairs: ReadonlyMap<string, number>;
  /** `null` before the first start with RELAY_URL, and without it. */
  readonly relay: RelayState | null;
}

/** The state of this process and of the mirror, at a glance; also while PostgreSQL is away. */
@Injectable()
export class StatusService {
  private readonly logger = new Logger('Status');
  private latest: { readonly expiresAt: number; readonly status: StatusResponse } | null = null;
  private reading: Promise<StatusResponse> | null = null;

  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly lifecycle: Lifecycle,
    private readonly gauges: GaugesRepository,
    private readonly journal: JournalRepository,
    private readonly doctor: Doctor,
    private readonly restCalls: RestCalls,
    private readonly spool: Spool,
    private readonly feed: Feed,
    private readonly metrics: Metrics,
    private readonly rejections: Rejections,
    private readonly relay: RelayRepository,
  ) {}

  /** One read at a time, however long it takes. */
  async status(): Promise<StatusResponse> {
    if (this.latest && performance.now() < this.latest.expiresAt) return this.latest.status;
    this.reading ??= this.read().finally(() => (this.reading = null));
    const status = await this.reading;
    this.latest = { expiresAt: performance.now() + MAX_AGE_MS, status };
    return status;
  }

  private async read(): Promise<StatusResponse> {
    const isUp = await this.database.isUp();
    const stored = isUp ? await this.readStored() : null;
    const { spool, rejections } = this;
    return {
      ...this.process(),
      database: {
        up: isUp,
        version: stored?.version ?? null,
        replica: this.replica(stored?.lagSeconds ?? null),
      },
      callbacks: {
        signed: this.settings.imCallbackAuth === 'token',
        lastAt: stored?.lastCallbackAt ?? null,
        any: stored && stored.lastCallbackAt !== null,
        received: this.received(),
      },
      restApi: this.restCalls.state,
      spool: {
        records: spool.length,
        bytes: spool.bytes,
        maxBytes: spool.maxBytes,
        damaged: spool.damaged,
        setAsideFiles: spool.setAsideFiles,
      },
      relay: relayStatus(this.isRelayed, stored?.relay ?? null),
      groups: stored && groupCounts(stored.gauges),
      oldestVerifiedAt: stored && verifiedAt(stored.gauges),
      repairsToday: stored && repairCounts(stored.repairs),
      feed: { subscribers: this.feed.readers },
      rejections: { byReason: rejections.byReason, latest: rejections.latest },
      findings: await this.findings(isUp),
    };
  }

  private get isRelayed(): boolean {
    return this.settings.relayUrl !== null;
  }

  private process() {
    const { production, imSdkAppId: sdkAppId } = this.settings;
    const open = this.database.isOpen ? 'ready' : 'starting';
    const status = this.lifecycle.isDraining ? 'draining' : open;
    return {
      version: this.metrics.version,
      startedAt: STARTED_AT,
      now: new Date().toISOString(),
      status,
      ready: status === 'ready',
      production,
      sdkAppId,
    } as const;
  }

  private replica(lagSeconds: number | null): StatusResponse['database']['replica'] {
    const { replicaUse } = this.database;
    return replicaUse && { up: replicaUse.isUp, lagSeconds: replicaUse.isUp ? lagSeconds : null };
  }

  private received(): StatusResponse['callbacks']['received'] {
    const byOutcome = [...this.metrics.callbacksByOutcome].map(([outcome, count]) => ({
      outcome,
      count,
    }));
    return { total: byOutcome.reduce((sum, { count }) => sum + count, 0), byOutcome };
  }

  /** `null` where PostgreSQL goes away meanwhile. */
  private async readStored(): Promise<Stored | null> {
    try {
      const [{ version, lastId }, gauges, lagSeconds, repairs, relay] = await Promise.all([
        this.journal.position(),
        this.gauges.read(),
        this.gauges.replicaLag(),
        this.doctor.repairsSince(startOfDay()),
        this.isRelayed ? this.relay.state() : null,
      ]);
      const lastCallbackAt = lastId && new Date(arrivalOf(lastId) / 1000).toISOString();
      return { version, lastCallbackAt, gauges, lagSeconds, repairs, relay };
    } catch (error) {
      this.logger.warn({ msg: 'the status of the mirror cannot be read', err: error });
      return null;
    }
  }

  private async findings(isUp: boolean): Promise<FindingResponse[]> {
    const found: FindingResponse[] = [];
    const state = { isUp, spoolFreeBytes: await this.spool.freeBytes() };
    for await (const finding of this.doctor.standingFindings(this.restCalls.state, state)) {
      if (finding.verdict !== 'ok') found.push(findingResponse(finding));
    }
    // PostgreSQL may be named by several checks.
    return found.filter(
      (one, index) => found.findIndex(({ message }) => message === one.message) === index,
    );
  }
}

function startOfDay(): Date {
  const now = new Date();
  now.setUTCHours(0, 0, 0, 0);
  return now;
}

function groupCounts({ groups }: MirrorGauges): StatusResponse['groups'] {
  const { hooked = 0, verified = 0, stale = 0, destroyed = 0 } = groups;
  return { hooked, verified, stale, destroyed };
}

function relayStatus(configured: boolean, state: RelayState | null): RelayStatus {
  const { isRunning: running, lag: waiting, asideLanes: setAside, oldestArrival } = state ?? {};
  return {
    configured,
    running: running ?? null,
    waiting: waiting ?? null,
    oldestAt: oldestArrival ? new Date(oldestArrival / 1000).toISOString() : null,
    setAside: setAside ?? null,
  };
}

function verifiedAt({ oldestVerificationAge: age }: MirrorGauges): string | null {
  return age === null ? null : new Date(Date.now() - age * 1000).toISOString();
}

function repairCounts(repairs: ReadonlyMap<string, number>): RepairCount[] {
  return REPAIR_KINDS.map((kind) => ({ kind, count: repairs.get(kind) ?? 0 }));
}

function findingResponse({ verdict, code, what, advice }: Finding): FindingResponse {
  const level = verdict === 'fault' ? 'error' : 'warning';
  return { level, code, message: what, advice: advice ?? null };
}
