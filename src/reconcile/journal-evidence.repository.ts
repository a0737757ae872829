import { Injectable } from '@nestjs/common';
import { clockSkewMs } from '../database/clock.js';
import { timestamp } from '../database/dates.js';
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

/** Evidence of the journal and the history about the callbacks of the vendor. */
@Injectable()
export class JournalEvidenceRepository {
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

  /** Topics that the reconcile repaired since an instant, by kind of change; of very many a part. */
  async repairsSince(instant: Date): Promise<ReadonlyMap<string, number>> {
    const rows = await this.database.connection.$queryRaw<{ kind: string; count: number }[]>`
      select kind, count(*)::int as "count"
        from (select kind
                from changes
               where origin = 'reconcile' and at >= ${timestamp(instant)}
               order by at desc
               limit ${RECENT}) latest
       group by kind`;
    return new Map(rows.map((row) => [row.kind, row.count]));
  }

  async hasCallbacks(): Promise<boolean> {
    const [row] = await this.database.connection.$queryRaw<{ any: boolean }[]>`
      select exists (select from callbacks) as any`;
    return row?.any ?? false;
  }

  /** Those of some commands that are in the journal. */
  async arrivedOf(commands: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.database.connection.$queryRaw<{ command: string }[]>`
      select requested.command
        from unnest(${[...commands]}::text[]) requested (command)
       where exists (select from callbacks c where left(c.command, 128) collate "C" = requested.command)`;
    return new Set(rows.map(({ command }) => command));
  }

  /** Processes of the last minutes whose clock is off by more than `ms`. */
  async clocksOff(ms: number): Promise<{ readonly process: string; readonly skewMs: number }[]> {
    return this.database.connection.$queryRaw`
      select process, skew_ms as "skewMs"
        from clocks
       where seen_at > now() - interval '5 minutes' and abs(skew_ms) > ${ms}::float8
       order by process`;
  }

  /** Groups whose deletions are held back, and the number of groups that wait for a second look. */
  async waiting(): Promise<{ readonly held: string[]; readonly secondLooks: number }> {
    const [row] = await this.database.connection.$queryRaw<
      { held: string[] | null; secondLooks: number }[]
    >`
      select (select array_agg(h.group_id)
                from (select group_id
                        from groups
                       where stale_since is not null and registers ->> 'r' = 'deletions_held'
                       order by group_id
                       limit ${MOST_NAMED}) h) as "held",
             (select count(*)::int from reconcile_queue where stale_since > now()) as "secondLooks"`;
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
