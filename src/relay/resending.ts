import { Injectable } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import type { JournalledRequest } from '../journal/journal-entry.js';
import { type JournalFilter, JournalRepository } from '../journal/journal.repository.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { jittered } from './circuit.js';
import { isRelayed } from './relayed.js';
import { Sender } from './sender.js';

export interface Resent {
  delivered: number;
  /** Also those behind one of their group that failed. */
  failed: number;
  /** The arrival of the last that was read, in microseconds since 1970. */
  upTo: number | null;
}

/** The backend accepts nothing: what follows was not tried. */
export class BackendAwayError extends Error {
  readonly code = 'BACKEND_AWAY';

  constructor(upTo: number | null) {
    const at = upTo === null ? '' : ` --from ${new Date(upTo / 1000).toISOString()}`;
    super(`the backend of RELAY_URL accepts no callback; go on later with${at || ' the same'}`);
  }
}

const ATTEMPTS = 3;
const RETRY_MS = 500;

/** Sends entries of the journal once more, whether they were delivered or not. */
@Injectable()
export class Resending {
  constructor(
    private readonly journal: JournalRepository,
    private readonly sender: Sender,
    private readonly settings: Settings,
  ) {}

  get isPossible(): boolean {
    return this.sender.isOn;
  }

  /**
   * Sends in the order of arrival, those of a group one by one.
   * @param onPage is called with the counts so far.
   * @throws BackendAwayError after many failures in a row.
   */
  async run(filter: JournalFilter, onPage: (resent: Readonly<Resent>) => void): Promise<Resent> {
    const resent: Resent = { delivered: 0, failed: 0, upTo: null };
    const failedGroups = new Set<string>();
    try {
      for await (const page of this.journal.pages(filter)) {
        await this.sendPage(page, { resent, failedGroups });
        resent.upTo = page.at(-1)?.arrivedAt ?? resent.upTo;
        onPage(resent);
      }
    } finally {
      this.sender.close();
    }
    return resent;
  }

  private async sendPage(
    page: readonly JournalledRequest[],
    run: { readonly resent: Resent; readonly failedGroups: Set<string> },
  ): Promise<void> {
    const lanes = [...byLane(page.filter(isRelayed))];
    const worker = async (): Promise<void> => {
      for (let lane = lanes.shift(); lane; lane = lanes.shift()) {
        const [name, requests] = lane;
        const delivered = run.failedGroups.has(name) ? 0 : await this.sendLane(requests);
        run.resent.delivered += delivered;
        run.resent.failed += requests.length - delivered;
        if (delivered < requests.length && requests[0]?.groupId) run.failedGroups.add(name);
        if (this.sender.circuit.isOpen) throw new BackendAwayError(run.resent.upTo);
      }
    };
    const workers = Array.from({ length: this.settings.relayConcurrency }, worker);
    const ends = await Promise.allSettled(workers);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** @returns how many of a group were delivered; those behind a failure are not sent. */
  private async sendLane(requests: readonly JournalledRequest[]): Promise<number> {
    for (const [index, request] of requests.entries()) {
      if (!(await this.sendOne(request))) return index;
    }
    return requests.length;
  }

  private async sendOne(request: JournalledRequest): Promise<boolean> {
    for (let attempt = 1; attempt <= ATTEMPTS && !this.sender.circuit.isOpen; attempt += 1) {
      if (attempt > 1) await sleep(jittered(RETRY_MS * attempt));
      for (;;) {
        const waitMs = this.sender.pace.take(performance.now());
        if (waitMs === 0) break;
        await sleep(waitMs);
      }
      const outcome = await this.sender.send(request);
      this.sender.record(outcome);
      if (outcome === 'delivered') return true;
    }
    return false;
  }
}

function byLane(requests: readonly JournalledRequest[]): Map<string, JournalledRequest[]> {
  const lanes = new Map<string, JournalledRequest[]>();
  for (const request of requests) {
    const name = request.groupId ?? request.id;
    const lane = lanes.get(name);
    if (lane) lane.push(request);
    else lanes.set(name, [request]);
  }
  return lanes;
}
