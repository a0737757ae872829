// What identifies a database and its timeline, as the server reports it and as the table `epoch` stores it.
import type pg from 'pg';
import { sqlState } from './errors.js';

/** What distinguishes a database from all others; `null` where the server does not tell. */
export interface Identity {
  /** Of the cluster, made at random by initdb. */
  readonly system: string | null;
  /** The oid of the database: its name may change. */
  readonly database: string;
  /** The oid of a table: `pg_restore --clean` makes it anew. */
  readonly table: string;
  /** Rises with each promotion and each recovery to a point in time. */
  readonly timeline: string | null;
}

/** How far a database has come: neither number ever falls within an epoch, nor from one to the next. */
export interface Counter {
  readonly seq: number;
  readonly batch: number;
}

export interface DatabaseState extends Counter {
  readonly epoch: string;
  readonly stored: Identity | null;
  readonly current: Identity;
  readonly isStandby: boolean;
}

/** Statements of one connection. */
export type Client = Pick<pg.ClientBase, 'query'>;

// A managed service may withhold these.
const PARTS = {
  system: '(select system_identifier::text from pg_control_system())',
  timeline: 'left(pg_walfile_name(pg_current_wal_lsn()), 8)',
} as const satisfies Partial<Record<keyof Identity, string>>;
const PART_NAMES = ['system', 'timeline'] as const satisfies (keyof typeof PARTS)[];
const IDENTITY = ['system', 'database', 'table', 'timeline'] as const satisfies (keyof Identity)[];
const WITHHELD = new Set(['42501', '42883', '0A000']);

export type WithholdablePart = keyof typeof PARTS;

/** Reads the state of a database, without the parts that its server withholds. */
export class DatabaseStateReader {
  private readonly withheldParts = new Set<WithholdablePart>();

  get withheld(): readonly WithholdablePart[] {
    return [...this.withheldParts];
  }

  async read(client: Client): Promise<DatabaseState> {
    try {
      return await this.query(client);
    } catch (error) {
      if (!isWithheld(error)) throw error;
    }
    for (const part of PART_NAMES) {
      try {
        await client.query(`select ${valueOf(part)}`);
      } catch (error) {
        if (!isWithheld(error)) throw error;
        this.withheldParts.add(part);
      }
    }
    return this.query(client);
  }

  private async query(client: Client): Promise<DatabaseState> {
    const value = (part: WithholdablePart) =>
      this.withheldParts.has(part) ? 'null::text' : valueOf(part);
    const { rows } = await client.query<DatabaseState>(`
      select e.epoch::text as epoch,
             e.identity as stored,
             s.seq::float8 as seq,
             s.batch::float8 as batch,
             pg_is_in_recovery() as "isStandby",
             json_build_object(
               'system', ${value('system')},
               'database', (select oid::text from pg_database where datname = current_database()),
               'table', s.tableoid::text,
               'timeline', ${value('timeline')}) as current
        from epoch e join sequencer s on s.id = e.id
       where e.id = 1`);
    const [state] = rows;
    if (!state) throw new Error('the table epoch or sequencer has lost its row');
    return state;
  }
}

/** Whether the stored identity is complete and current. */
export function isIdentified(state: DatabaseState): boolean {
  const { stored } = state;
  const known = merged(state);
  return stored !== null && IDENTITY.every((part) => stored[part] === known[part]);
}

/** Whether no part differs that both know. */
export function isSame(stored: Identity, current: Identity): boolean {
  return IDENTITY.every(
    (part) => stored[part] === null || current[part] === null || stored[part] === current[part],
  );
}

/** The current identity; of the same database, with stored parts that the server withholds now. */
export function merged({ stored, current }: DatabaseState): Identity {
  if (stored === null || !isSame(stored, current)) return current;
  return {
    ...current,
    system: current.system ?? stored.system,
    timeline: current.timeline ?? stored.timeline,
  };
}

function valueOf(part: WithholdablePart): string {
  return `case when not pg_is_in_recovery() then ${PARTS[part]} end`;
}

function isWithheld(error: unknown): boolean {
  return WITHHELD.has(sqlState(error) ?? '');
}
