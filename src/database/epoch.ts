// An epoch is the time in which one database gives out seqs. A restored, copied or promoted database continues from an
// earlier state, and would give out the same seqs again for other changes.
import { Logger } from '@nestjs/common';
import { LOCK_COUNTER } from './counter-lock.js';
import {
  type Client,
  type Counter,
  type DatabaseState,
  DatabaseStateReader,
  isIdentified,
  isSame,
  merged,
  type WithholdablePart,
} from './identity.js';

/**
 * Why an epoch began: another database or timeline, a counter below what this process has seen, or the command
 * `restored`.
 */
export type EpochReason = 'identity' | 'behind' | 'command';

/** The counter is lower than this process has seen it: the database is in an earlier state. */
export class CounterBehindError extends Error {
  readonly code = 'COUNTER_BEHIND';

  constructor() {
    super('the database has forgotten what it had committed');
    this.name = 'CounterBehindError';
  }
}

/** A connection of the writer leads to a standby. It is closed: once promoted, that is another timeline. */
class StandbyError extends Error {
  // As PostgreSQL itself rejects a statement that writes.
  readonly code = '25006';
  readonly severity = 'ERROR';
}

// More than a lost timeline can have given out before it was noticed. The clock is ahead of that, and differs for two
// restores of one dump.
const JUMP = 1_000_000_000;

/** Watches the identity and the counter of the database for one process. */
export class Epochs {
  /** Epochs that this process began. */
  readonly begun: Record<EpochReason, number> = { identity: 0, behind: 0, command: 0 };
  private readonly logger = new Logger('Database');
  private readonly reader = new DatabaseStateReader();
  private seen: Counter = { seq: 0, batch: 0 };
  private epoch: string | null = null;

  /** The name of the epoch when a connection was made last; `null` before the first. */
  get current(): string | null {
    return this.epoch;
  }

  /** Parts of the identity that the server withholds: not every restore is noticed. */
  get unknown(): readonly WithholdablePart[] {
    return this.reader.withheld;
  }

  /** The highest counter seen. No later answer of the primary may be lower. */
  get known(): Counter {
    return this.seen;
  }

  see({ seq, batch }: Counter): void {
    this.seen = { seq: Math.max(seq, this.seen.seq), batch: Math.max(batch, this.seen.batch) };
  }

  /**
   * Compares a counter that was read with the one known before the read.
   * @throws CounterBehindError
   */
  requireAhead(counter: Counter, known: Counter): void {
    if (isBehind(counter, known)) throw new CounterBehindError();
    this.see(counter);
  }

  /**
   * Checks the database of a new connection before its first use, and begins another epoch unless its seqs continue.
   * @throws StandbyError
   */
  async check(client: Client): Promise<void> {
    const known = this.known;
    const state = await this.reader.read(client);
    if (state.isStandby) throw new StandbyError('the server is a standby');
    if (isIdentified(state) && reasonFor(state, known) === null) this.adopt(state);
    else await this.settle(client, (locked) => reasonFor(locked, known));
  }

  /** Begins another epoch since the counter is behind, unless another process has. */
  async recover(client: Client): Promise<void> {
    const known = this.known;
    await this.reader.read(client);
    await this.settle(client, (locked) => reasonFor(locked, known));
  }

  /** Begins another epoch. @returns the `seq` at which it begins. */
  async begin(client: Client): Promise<number> {
    await this.reader.read(client);
    return (await this.settle(client, () => 'command')) ?? 0;
  }

  private adopt(state: DatabaseState): void {
    this.epoch = state.epoch;
    this.see(state);
  }

  /** One transaction under the lock of the counter. @returns where an epoch began, or `null`. */
  private async settle(
    client: Client,
    judge: (state: DatabaseState) => EpochReason | null,
  ): Promise<number | null> {
    await client.query('begin isolation level read committed');
    try {
      await client.query(LOCK_COUNTER);
      const before = await this.reader.read(client);
      const reason = judge(before);
      if (reason !== null) await client.query(BEGIN);
      const isFirst = before.stored === null && reason === null;
      await client.query(IDENTIFY, [JSON.stringify(merged(before)), reason !== null || isFirst]);
      const after = await this.reader.read(client);
      await client.query('commit');
      if (reason !== null) this.announce(reason, before, after);
      this.adopt(after);
      return reason === null ? null : after.seq;
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw error;
    }
  }

  private announce(reason: EpochReason, before: DatabaseState, after: DatabaseState): void {
    this.begun[reason] += 1;
    this.logger.error({
      msg: `a new epoch began: ${WHY[reason]}. Subscribers of the feed start over`,
      reason,
      was: before.stored,
      is: after.current,
      seqFound: before.seq,
      seqSeen: this.seen.seq,
      seq: after.seq,
    });
  }
}

const WHY: Readonly<Record<EpochReason, string>> = {
  identity: 'the database is a restored or another one, or its server was promoted',
  behind: 'the database is in an earlier state than this process has seen',
  command: '`npm run cli -- restored` was run',
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
       set seq = jump.start, batch = greatest(s.batch + ${JUMP}, jump.start)
      from jump where s.id = 1
  ), floor as (
    update feed_floor f set seq = jump.start from jump where f.id = 1
  ), notified as (
    select pg_notify('topic_mirror', jump.start::text) from jump
  )
  update epoch e
     set lost = e.lost + int8multirange(int8range(jump.after, jump.start, '()')), began_at = clock_timestamp()
    from jump, notified
   where e.id = 1`;

const IDENTIFY = `
  update epoch
     set identity = $1, epoch = case when $2::boolean then gen_random_uuid() else epoch end
   where id = 1`;

function reasonFor(state: DatabaseState, known: Counter): EpochReason | null {
  if (state.stored !== null && !isSame(state.stored, state.current)) return 'identity';
  return isBehind(state, known) ? 'behind' : null;
}

function isBehind(counter: Counter, known: Counter): boolean {
  return counter.seq < known.seq || counter.batch < known.batch;
}
