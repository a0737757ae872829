import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { atMost } from '../database/at-most.js';
import { Database } from '../database/database.js';
import { Reconciler } from './reconciler.js';

// At the end of the process.
const STOP_MS = 1_000;

/** Reconciles as long as the service runs. */
@Injectable()
export class ReconcileRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stop = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly reconciler: Reconciler,
    private readonly database: Database,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.reconciler.isPossible) {
      new Logger('Reconcile').warn(
        'no REST API is set: what callbacks leave out or lose stays unknown (set IM_API_HOST and IM_SECRET_KEY)',
      );
      return;
    }
    this.database.whenOpen(() => {
      this.running = this.reconciler.run({ signal: this.stop.signal });
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await atMost(STOP_MS, this.running);
  }
}
