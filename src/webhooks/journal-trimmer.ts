import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { JournalStore } from './journal.store.js';

const DAY_MICROS = 86_400_000_000;
const ROUND_MS = 600_000;
// Small steps with pauses between them, so that writers never wait long.
const STEP = 1_000;
const PAUSE_MS = 100;

/** Forgets journal entries that are older than JOURNAL_RETENTION_DAYS. */
@Injectable()
export class JournalTrimmer implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Journal');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly journal: JournalStore,
    private readonly settings: Settings,
  ) {}

  onModuleInit(): void {
    if (this.settings.journalRetentionDays > 0) this.later(PAUSE_MS);
  }

  async onApplicationShutdown(): Promise<void> {
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
    const before = Date.now() * 1000 - this.settings.journalRetentionDays * DAY_MICROS;
    try {
      const count = await this.journal.trim(before, STEP);
      this.later(count < STEP ? ROUND_MS : PAUSE_MS);
    } catch (error) {
      this.logger.warn({ msg: 'the journal could not be trimmed', err: error });
      this.later(ROUND_MS);
    }
  }
}
