import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { Database } from '../database/database.js';
import { type Command, RateLimiter, type Rates } from '../tencent/rate-limiter.js';

// Calls are reserved in portions of this length, so that few statements are needed.
const PORTION_MS = 100;
// A busy process is late by some milliseconds. Catching up with that exceeds the rate by no more than a twentieth
// within any second.
const MAX_LATE_MS = 50;
// The vendor allows one list call per second, and 200 of the others.
const LIST_CALLS_PER_SECOND = 0.9;
const INFO_CALLS_PER_SECOND = 50;

/** Moments at which this process may send a call, by `performance.now()`. */
interface Portion {
  nextAt: number;
  left: number;
  readonly intervalMs: number;
}

/** Limits the rate of calls over all processes that share the database. */
@Injectable()
export class CallRateRepository extends RateLimiter {
  private readonly rates: Rates;
  private readonly portions = new Map<Command, Portion>();
  private readonly queues = new Map<Command, Promise<unknown>>();

  constructor(
    private readonly database: Database,
    settings: Settings,
  ) {
    super();
    this.rates = {
      get_topic: settings.imApiCallsPerSecond,
      get_group_info: Math.min(settings.imApiCallsPerSecond, INFO_CALLS_PER_SECOND),
      get_appid_group_list: LIST_CALLS_PER_SECOND,
    };
  }

  /** @throws what the database throws: without it the calls of other processes are unknown. */
  async acquire(command: Command, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    // One after the other, or each waiting caller would reserve a portion.
    const turn = (this.queues.get(command) ?? Promise.resolve()).then(() => this.take(command));
    this.queues.set(
      command,
      turn.catch(() => undefined),
    );
    const at = await turn;
    const waitMs = at - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
  }

  async pushBack(command: Command, ms: number): Promise<void> {
    this.portions.delete(command);
    await this.database.connection.$queryRaw`
      insert into call_rates (command, next_at)
      values (${command}, clock_timestamp() + ${ms} * interval '1 ms')
          on conflict (command) do update
         set next_at = greatest(call_rates.next_at, excluded.next_at)`;
  }

  private async take(command: Command): Promise<number> {
    const portion = await this.currentPortion(command);
    portion.left -= 1;
    const at = portion.nextAt;
    portion.nextAt += portion.intervalMs;
    return at;
  }

  private async currentPortion(command: Command): Promise<Portion> {
    const kept = this.portions.get(command);
    // A moment that has long passed is lost: other processes have sent calls since.
    if (kept && kept.left > 0 && kept.nextAt >= performance.now() - MAX_LATE_MS) return kept;
    const intervalMs = 1000 / this.rates[command];
    const calls = Math.max(1, Math.round(PORTION_MS / intervalMs));
    const rows = await this.database.connection.$queryRaw<{ inMs: number }[]>`
      insert into call_rates as r (command, next_at)
      values (${command}, clock_timestamp() + ${calls * intervalMs} * interval '1 ms')
          on conflict (command) do update
         set next_at = greatest(r.next_at, clock_timestamp())
                       + ${calls * intervalMs} * interval '1 ms'
      returning (extract(epoch from next_at - clock_timestamp()) * 1000)::float8
                - ${calls * intervalMs}::float8 as "inMs"`;
    const nextAt = performance.now() + Math.max(0, rows[0]?.inMs ?? 0);
    const portion = { nextAt, left: calls, intervalMs };
    this.portions.set(command, portion);
    return portion;
  }
}
