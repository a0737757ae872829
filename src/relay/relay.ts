// The bookkeeping of the relay. The journal has an order without holes, (position, id): that of commits and, within one, of
// arrival. The one row of `relay` holds a position in it: everything up to there was delivered, given up, or stands in
// `relay_backlog`. One process at a time has the lease of that row, by the database's clock; it reads pages after the
// position into a bounded window, sends the callbacks of each group one by one and those of different groups at the same
// time, and moves the position up to the first callback that is not settled. A group that fails while others succeed, or
// that takes too much of the window, is set aside: its callbacks, and all that follow, are recorded in `relay_backlog` in
// the statement that moves the position over them, and delivered from there in their order, until none is left. When the
// whole backend is away nothing is set aside: the position stands, and one callback at a time is tried. A delivery is
// recorded after it, with the lease as a condition: so a process that dies, or loses its lease, repeats what it had
// delivered since, skips nothing, and keeps the order of each group.
import { randomUUID } from 'node:crypto';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { atMost } from '../database/at-most.js';
import { databaseNowMs } from '../database/clock.js';
import { Database } from '../database/database.js';
import { pause } from '../database/pause.js';
import { earliestId } from '../journal/callback-id.js';
import { Metrics } from '../metrics/metrics.js';
import { RelayRepository } from './relay.repository.js';
import { Sender } from './sender.js';
import { Session } from './session.js';

const CLAIM_MS = 1_000;
// At the end of the process.
const STOP_MS = 7_000;

/** Relays *after* callbacks from the journal to the backend, as long as the service runs. */
@Injectable()
export class Relay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Relay');
  private readonly stop = new AbortController();
  private readonly holder = randomUUID();
  private readonly startedAt = Date.now() * 1000;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly repository: RelayRepository,
    private readonly sender: Sender,
    private readonly settings: Settings,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.sender.isOn) return;
    this.database.whenOpen(() => {
      this.running = this.run();
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await atMost(STOP_MS, this.running);
    this.sender.close();
  }

  private async run(): Promise<void> {
    const { signal } = this.stop;
    let hasBegun = false;
    while (!signal.aborted) {
      try {
        if (!hasBegun) await this.repository.begin(earliestId(this.startedAt));
        hasBegun = true;
        await this.relayWhileLeased(signal);
      } catch (error) {
        this.logger.warn({ msg: 'the relay is interrupted', err: error });
      }
      await pause(CLAIM_MS, signal);
    }
  }

  private async relayWhileLeased(signal: AbortSignal): Promise<void> {
    const leasedAt = performance.now();
    const start = await this.repository.lease(this.holder);
    if (start === null) return;
    const { repository, sender, holder, settings } = this;
    sender.setClock(await databaseNowMs(this.database.connection));
    const session = new Session(
      {
        holder,
        repository,
        sender,
        concurrency: settings.relayConcurrency,
        dropsIgnored: settings.journalIgnored === 'drop',
      },
      leasedAt,
    );
    this.metrics.relayActive.set(1);
    try {
      await session.run(start, signal);
    } finally {
      this.metrics.relayActive.set(0);
    }
  }
}
