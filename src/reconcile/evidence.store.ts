import { Injectable } from '@nestjs/common';
import { clockSkewMs } from '../database/clock.js';
import { Database } from '../database/database.js';

/** Callbacks of one command. */
export interface Arrived {
  readonly command: string;
  readonly count: number;
  /** The last of them in the journal: its id begins with the time of arrival. */
  readonly lastId: string;
}

// Enough to tell what arrives, few enough to be read in a second.
const RECENT = 200_000;
const MOST_NAMED = 10;

/** What the journal and the history prove about the callbacks. */
@Injectable()
export class EvidenceStore {
  constructor(private readonly database: Database) {}

  /** The commands among the latest entries of the journal. */
  async arrived(): Promise<Arrived[]> {
    return this.database.connection.$queryRaw<Arrived[]>`
      select command, count(*)::int as "count", max(id::text) as "lastId"
        from (select id, command from callbacks order by id desc limit ${RECENT}) latest
       where command is not null
       group by command
       order by command`;
  }

  /** How often the reconcile had to repair, by kind of change, among the latest changes. */
  async repairs(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.database.connection.$queryRaw<{ kind: string; count: number }[]>`
      select kind, count(*)::int as "count"
        from (select kind, origin from changes order by seq desc limit ${RECENT}) latest
       where origin = 'reconcile'
       group by kind`;
    return new Map(rows.map((row) => [row.kind, row.count]));
  }

  /** Processes of the last minutes whose clock is off by more than `ms`. */
  async clocksOff(ms: number): Promise<{ readonly process: string; readonly skewMs: number }[]> {
    return this.database.connection.$queryRaw`
      select process, skew_ms as "skewMs"
        from clocks
       where seen_at > now() - interval '5 minutes' and abs(skew_ms) > ${ms}::float8
       order by process`;
  }

  /** What waits for a second look: groups of which deletions are held back, and all. */
  async waiting(): Promise<{ readonly held: string[]; readonly secondLooks: number }> {
    const [row] = await this.database.connection.$queryRaw<
      { held: string[] | null; secondLooks: number }[]
    >`
      select (select array_agg(h.group_id)
                from (select group_id
                        from groups
                       where doubted_at is not null and registers ->> 'r' = 'deletions_held'
                       order by group_id
                       limit ${MOST_NAMED}) h) as "held",
             (select count(*)::int from visits where hot_since > now()) as "secondLooks"`;
    return { held: row?.held ?? [], secondLooks: row?.secondLooks ?? 0 };
  }

  /** Version of PostgreSQL, and how far this machine's clock is ahead of its clock. */
  async server(): Promise<{ readonly version: string; readonly skewMs: number }> {
    const [row] = await this.database.connection.$queryRaw<{ version: string }[]>`
      select current_setting('server_version') as version`;
    const skewMs = await clockSkewMs(this.database.connection);
    return { version: row?.version ?? 'unknown', skewMs };
  }
}
