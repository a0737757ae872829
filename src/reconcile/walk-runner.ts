import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { atMost } from '../database/at-most.js';
import { Database } from '../database/database.js';
import { Walk } from './walk.js';

// At the end of the process.
const STOP_MS = 1_000;

/** Walks as long as the service runs. */
@Injectable()
export class WalkRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stop = new AbortController();
  private walking: Promise<void> = Promise.resolve();

  constructor(
    private readonly walk: Walk,
    private readonly database: Database,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.walk.isPossible) {
      new Logger('Reconcile').warn(
        'no REST API is set: what callbacks leave out or lose stays unknown (set IM_API_HOST and IM_SECRET_KEY)',
      );
      return;
    }
    this.database.whenOpen(() => {
      this.walking = this.walk.run({ signal: this.stop.signal });
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await atMost(STOP_MS, this.walking);
  }
}
