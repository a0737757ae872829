export const COMMANDS = ['get_topic', 'get_group_info', 'get_appid_group_list'] as const;

/** A call of the REST API that this service makes. */
export type Command = (typeof COMMANDS)[number];

/** Most calls per second, by command; may be below one. */
export type Rates = Readonly<Record<Command, number>>;

/** Holds back calls so that the vendor's limits are kept; made where the replicas meet. */
export abstract class RateLimiter {
  /** Resolves when a call may be sent; rejects with the signal's reason. */
  abstract acquire(command: Command, signal?: AbortSignal): Promise<void>;
  /** After "too many requests" from the vendor: no process sends this command for so long. */
  abstract pushBack(command: Command, ms: number): Promise<void>;
}
