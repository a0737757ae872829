import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { ChangesStore } from './changes.store.js';

const DAY_MS = 86_400_000;
const ROUND_MS = 600_000;
// Small steps with pauses between them, so that nobody waits long.
const STEP = 1_000;
const PAUSE_MS = 100;

/** Forgets changes that are older than CHANGES_RETENTION_DAYS. */
@Injectable()
export class ChangesTrimmer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Feed');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly store: ChangesStore,
    private readonly settings: Settings,
  ) {}

  onApplicationBootstrap(): void {
    if (this.settings.changesRetentionDays > 0) this.later(PAUSE_MS);
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private later(delayMs: number): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.running = this.step();
    }, delayMs);
  }

  private async step(): Promise<void> {
    const before = new Date(Date.now() - this.settings.changesRetentionDays * DAY_MS);
    try {
      const count = await this.store.trim(before, STEP);
      this.later(count < STEP ? ROUND_MS : PAUSE_MS);
    } catch (error) {
      this.logger.warn({ msg: 'old changes could not be removed', err: error });
      this.later(ROUND_MS);
    }
  }
}
