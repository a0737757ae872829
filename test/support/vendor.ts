import { setTimeout as sleep } from 'node:timers/promises';
import type { CallObserver, CallOutcome, RetryPolicy } from '../../src/tencent/rest-call.js';
import { RestClient } from '../../src/tencent/rest-client.js';
import { type Command, RateLimiter, type Rates } from '../../src/tencent/rate-limiter.js';
import {
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../../tools/simulator/simulator.js';

export const SECRET_KEY = 'k3y-of-the-simulated-console';

/** Limits of the vendor that a test does not want to wait for. */
export const NO_LIMITS = {
  get_topic: 1e6,
  get_group_info: 1e6,
  get_appid_group_list: 1e6,
};

export interface TestVendor {
  readonly simulator: Simulator;
  readonly client: RestClient;
  /** What became of every request of the client. */
  readonly outcomes: readonly (readonly [Command, CallOutcome])[];
}

export interface ClientOptions {
  readonly rates?: Partial<Rates>;
  readonly retry?: Partial<RetryPolicy>;
  readonly secretKey?: string;
}

/** A simulated vendor and a client that asks it. */
export async function startVendor(
  options: SimulatorOptions = {},
  clientOptions: ClientOptions = {},
): Promise<TestVendor> {
  const simulator = await startSimulator({
    seed: 1,
    secretKey: SECRET_KEY,
    limits: NO_LIMITS,
    ...options,
  });
  const outcomes: (readonly [Command, CallOutcome])[] = [];
  const client = createClient(simulator.url, clientOptions, (command, outcome) =>
    outcomes.push([command, outcome]),
  );
  return { simulator, client, outcomes };
}

export function createClient(
  origin: string,
  { rates, retry, secretKey = SECRET_KEY }: ClientOptions = {},
  onCall: CallObserver = () => undefined,
): RestClient {
  const client = new RestClient({
    origin,
    account: { sdkAppId: '1400000000', userId: 'administrator', secretKey },
    limiter: new LocalRateLimiter({ ...NO_LIMITS, ...rates }),
    retry: { waitMs: 5, throttledMs: 50, ...retry },
  });
  client.observe(onCall);
  return client;
}

/** Spaces the calls of one process evenly, without a database. */
class LocalRateLimiter extends RateLimiter {
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
