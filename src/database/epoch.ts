// An epoch is the time in which one database gives out seqs. A database that was restored, copied or promoted goes on
// from an earlier state, and would give out numbers a second time, for something else.
import { Logger } from '@nestjs/common';
import type pg from 'pg';
import { LOCK_COUNTER } from './counter-lock.js';
import { sqlState } from './errors.js';

/** What tells a server's database from all others; `null` where the server does not say. */
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

/**
 * Why an epoch began: another database or timeline, a counter below what this process has seen, or the command
 * `restored`.
 */
export type EpochReason = 'identity' | 'behind' | 'command';

/** Statements of one connection. */
export type Client = Pick<pg.ClientBase, 'query'>;

type Look = Counter & {
  readonly epoch: string;
  readonly kept: Identity | null;
  readonly found: Identity;
  readonly isStandby: boolean;
};

/** The counter is lower than this process has seen it: the database is in an earlier state. */
export class CounterBehindError extends Error {
  readonly code = 'COUNTER_BEHIND';

  constructor() {
    super('the database has forgotten what it had committed');
    this.name = 'CounterBehindError';
  }
}

/** A connection of the writer leads to a standby. It is not kept: once promoted, that is another timeline. */
class StandbyError extends Error {
  // As PostgreSQL says it of a statement that writes.
  readonly code = '25006';
  readonly severity = 'ERROR';
}

// What a managed service may keep to itself.
const PARTS = {
  system: '(select system_identifier::text from pg_control_system())',
  timeline: 'left(pg_walfile_name(pg_current_wal_lsn()), 8)',
} as const satisfies Partial<Record<keyof Identity, string>>;
type Part = keyof typeof PARTS;
const WITHHELD = new Set(['42501', '42883', '0A000']);

// More than a lost timeline can have given out before anybody looked; the clock is ahead of it, and differs for
// two restores of one dump.
const JUMP = 1_000_000_000;

/** Watches over the identity of the database for one process. */
export class Epochs {
  /** Epochs that this process began. */
  readonly begun: Record<EpochReason, number> = { identity: 0, behind: 0, command: 0 };
  private readonly logger = new Logger('Database');
  private readonly withheld = new Set<Part>();
  private seen: Counter = { seq: 0, batch: 0 };
  private epoch: string | null = null;

  /** The name of the epoch when a connection was made last; `null` before the first. */
  get current(): string | null {
    return this.epoch;
  }

  /** What the server does not say of itself: a restored database may be taken for what it was. */
  get unknown(): readonly Part[] {
    return [...this.withheld];
  }

  /** The highest counter that was seen. What is asked of the primary from now on must not be lower. */
  get known(): Counter {
    return this.seen;
  }

  see({ seq, batch }: Counter): void {
    this.seen = { seq: Math.max(seq, this.seen.seq), batch: Math.max(batch, this.seen.batch) };
  }

  /**
   * Compares what was read with what was known before it was asked for.
   * @throws CounterBehindError
   */
  requireAhead(counter: Counter, known: Counter): void {
    if (isBehind(counter, known)) throw new CounterBehindError();
    this.see(counter);
  }

  /**
   * Makes sure that the seqs go on where this connection leads, before it is used; begins another epoch if not.
   * @throws StandbyError
   */
  async check(client: Client): Promise<void> {
    const known = this.known;
    const look = await this.look(client);
    if (look.isStandby) throw new StandbyError('the server is a standby');
    if (isIdentified(look) && reasonFor(look, known) === null) this.take(look);
    else await this.settle(client, (locked) => reasonFor(locked, known));
  }

  /** Begins another epoch since the counter is behind, unless another process has. */
  async recover(client: Client): Promise<void> {
    const known = this.known;
    await this.look(client);
    await this.settle(client, (locked) => reasonFor(locked, known));
  }

  /** Begins another epoch. @returns the `seq` at which it begins. */
  async begin(client: Client): Promise<number> {
    await this.look(client);
    return (await this.settle(client, () => 'command')) ?? 0;
  }

  private take(look: Look): void {
    this.epoch = look.epoch;
    this.see(look);
  }

  /** One transaction under the lock of the counter. @returns where an epoch began, or `null`. */
  private async settle(
    client: Client,
    judge: (look: Look) => EpochReason | null,
  ): Promise<number | null> {
    await client.query('begin isolation level read committed');
    try {
      await client.query(LOCK_COUNTER);
      const before = await this.look(client);
      const reason = judge(before);
      if (reason !== null) await client.query(BEGIN);
      const isFirst = before.kept === null && reason === null;
      await client.query(IDENTIFY, [JSON.stringify(merged(before)), reason !== null || isFirst]);
      const after = await this.look(client);
      await client.query('commit');
      if (reason !== null) this.announce(reason, before, after);
      this.take(after);
      return reason === null ? null : after.seq;
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw error;
    }
  }

  private announce(reason: EpochReason, before: Look, after: Look): void {
    this.begun[reason] += 1;
    this.logger.error({
      msg: `a new epoch began: ${WHY[reason]}. Readers of the feed start over`,
      reason,
      was: before.kept,
      is: after.found,
      seqFound: before.seq,
      seqSeen: this.seen.seq,
      seq: after.seq,
    });
  }

  private async look(client: Client): Promise<Look> {
    try {
      return await this.ask(client);
    } catch (error) {
      if (!WITHHELD.has(sqlState(error) ?? '')) throw error;
    }
    for (const part of partNames()) {
      try {
        await client.query(`select case when not pg_is_in_recovery() then ${PARTS[part]} end`);
      } catch (error) {
        if (!WITHHELD.has(sqlState(error) ?? '')) throw error;
        this.withheld.add(part);
      }
    }
    return this.ask(client);
  }

  private async ask(client: Client): Promise<Look> {
    const part = (name: Part) => (this.withheld.has(name) ? 'null::text' : PARTS[name]);
    const { rows } = await client.query<Look>(`
      select e.epoch::text as epoch,
             e.identity as kept,
             s.seq::float8 as seq,
             s.batch::float8 as batch,
             pg_is_in_recovery() as "isStandby",
             json_build_object(
               'system', case when not pg_is_in_recovery() then ${part('system')} end,
               'database', (select oid::text from pg_database where datname = current_database()),
               'table', s.tableoid::text,
               'timeline', case when not pg_is_in_recovery() then ${part('timeline')} end) as found
        from epoch e join sequencer s on s.id = e.id
       where e.id = 1`);
    const [look] = rows;
    if (!look) throw new Error('the table epoch or sequencer has lost its row');
    return look;
  }
}

const WHY: Readonly<Record<EpochReason, string>> = {
  identity: 'the database is a restored or another one, or its server was promoted',
  behind: 'the database is in an earlier state than this process has seen',
  command: 'so it was commanded',
};

const BEGIN = `
  with jump as (
    select s.seq as after,
           greatest(s.seq + ${JUMP}, f.seq + ${JUMP},
                    (select max(c.seq) from changes c) + ${JUMP},
                    (extract(epoch from clock_timestamp()) * 1000000)::bigint) as start
      from sequencer s join feed_floor f on f.id = s.id
     where s.id = 1
  ), counter as (
    update sequencer s
       set seq = jump.start, batch = greatest(s.batch + ${JUMP}, jump.start), mark = null
      from jump where s.id = 1
  ), floor as (
    update feed_floor f set seq = jump.start from jump where f.id = 1
  ), told as (
    select pg_notify('topic_mirror', jump.start::text) from jump
  )
  update epoch e
     set lost = e.lost + int8multirange(int8range(jump.after, jump.start, '()')), began_at = clock_timestamp()
    from jump, told
   where e.id = 1`;

const IDENTIFY = `
  update epoch
     set identity = $1, epoch = case when $2::boolean then gen_random_uuid() else epoch end
   where id = 1`;

/** Whether all that is known of the database is kept. */
function isIdentified(look: Look): boolean {
  const { kept } = look;
  const known = merged(look);
  return kept !== null && IDENTITY.every((part) => kept[part] === known[part]);
}

function reasonFor(look: Look, known: Counter): EpochReason | null {
  if (look.kept !== null && !isSame(look.kept, look.found)) return 'identity';
  return isBehind(look, known) ? 'behind' : null;
}

function isBehind(counter: Counter, known: Counter): boolean {
  return counter.seq < known.seq || counter.batch < known.batch;
}

/** Whether nothing differs that both know. */
function isSame(kept: Identity, found: Identity): boolean {
  return IDENTITY.every(
    (part) => kept[part] === null || found[part] === null || kept[part] === found[part],
  );
}

/** What is found, and beyond that what was known of the same database. */
function merged({ kept, found }: Look): Identity {
  if (kept === null || !isSame(kept, found)) return found;
  return {
    ...found,
    system: found.system ?? kept.system,
    timeline: found.timeline ?? kept.timeline,
  };
}

const IDENTITY = ['system', 'database', 'table', 'timeline'] as const satisfies (keyof Identity)[];

function partNames(): Part[] {
  return ['system', 'timeline'];
}
