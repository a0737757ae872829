import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ChangesRepository } from '../changes/changes.repository.js';
import { Settings } from '../config/settings.js';
import { atMost } from '../database/at-most.js';
import { databaseNowMs } from '../database/clock.js';
import { Database } from '../database/database.js';
import { JournalRepository } from '../journal/journal.repository.js';
import { Trimmer } from './trimmer.js';

// At the end of the process.
const STOP_MS = 1_000;

/** Deletes changes after CHANGES_RETENTION_DAYS and journal entries after JOURNAL_RETENTION_DAYS. */
@Injectable()
export class Retention implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly trimmers: readonly Trimmer[];

  constructor(
    private readonly database: Database,
    settings: Settings,
    changes: ChangesRepository,
    journal: JournalRepository,
  ) {
    const now = () => databaseNowMs(database.connection);
    this.trimmers = [
      new Trimmer({
        what: 'changes',
        days: settings.changesRetentionDays,
        now,
        trim: (before, count) => changes.trim(before, count),
      }),
      new Trimmer({
        what: 'journal entries',
        days: settings.journalRetentionDays,
        now,
        trim: (before, count) => journal.trim(before, count, settings.relayUrl !== null),
      }),
    ];
  }

  onApplicationBootstrap(): void {
    this.database.whenOpen(() => {
      for (const trimmer of this.trimmers) trimmer.start();
    });
  }

  async onModuleDestroy(): Promise<void> {
    await atMost(STOP_MS, Promise.all(this.trimmers.map((trimmer) => trimmer.stop())));
  }
}
