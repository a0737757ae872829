import { setTimeout as sleep } from 'node:timers/promises';

export const COMMANDS = ['get_topic', 'get_group_info', 'get_appid_group_list'] as const;

/** A call of the REST API that this service makes. */
export type Command = (typeof COMMANDS)[number];

/** Most calls per second, by command; may be below one. */
export type Rates = Readonly<Record<Command, number>>;

/**
 * Holds back calls so that the vendor's limits are kept. A class, so that a limiter held over all
 * replicas can be injected in its place.
 */
export abstract class RateLimiter {
  /** Resolves when a call may be sent; rejects with the signal's reason. */
  abstract acquire(command: Command, signal?: AbortSignal): Promise<void>;
  /** The vendor said "too many": nobody sends this command for so long. */
  abstract pushBack(command: Command, ms: number): Promise<void>;
}

/** Spaces the calls of this process evenly: no burst, however long nothing was sent. */
export class LocalRateLimiter extends RateLimiter {
  private readonly nextAt = new Map<Command, number>();

  constructor(private readonly rates: Rates) {
    super();
  }

  async acquire(command: Command, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const now = performance.now();
    const at = Math.max(now, this.nextAt.get(command) ?? 0);
    this.nextAt.set(command, at + 1000 / this.rates[command]);
    if (at > now) await sleep(at - now, undefined, { signal });
  }

  async pushBack(command: Command, ms: number): Promise<void> {
    const at = performance.now() + ms;
    this.nextAt.set(command, Math.max(at, this.nextAt.get(command) ?? 0));
  }
}
