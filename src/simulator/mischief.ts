// How the vendor misbehaves: at random, by probabilities and a seed, or on command, call by call.

/** What is wrong with the answer to a REST call. */
export type RestFault =
  /** An error instead of an answer. */
  | { readonly kind: 'error'; readonly code: number; readonly info?: string }
  /** An HTTP status of a proxy, without JSON. */
  | { readonly kind: 'status'; readonly status: number }
  /** Half of the JSON, well delivered. */
  | { readonly kind: 'truncated' }
  /** The connection breaks in the middle of the answer. */
  | { readonly kind: 'cut' }
  /** No answer at all; the connection stays open. */
  | { readonly kind: 'silent' }
  /** Every second item carries an error of its own. */
  | { readonly kind: 'partial'; readonly code: number }
  /** Every second item is missing, and nothing says so. */
  | { readonly kind: 'omitted' }
  /** `ShutUpAllFlag` instead of `MuteAllMember`. */
  | { readonly kind: 'old form' };

export interface CallbackMischief {
  /** Probability that a callback is never sent. */
  readonly drop: number;
  /** Probability that a callback is sent once more. */
  readonly repeat: number;
  /** Callbacks leave up to so much later, each by its own draw: they overtake one another. */
  readonly delayMs: number;
  /** Probability that the vendor does not wait for the answer and sends the callback again. */
  readonly abandon: number;
}

export interface RestMischief {
  readonly error: number;
  readonly overFrequency: number;
  readonly partial: number;
  readonly truncated: number;
  readonly cut: number;
  readonly status502: number;
}

export interface Mischief {
  readonly callbacks: CallbackMischief;
  readonly rest: RestMischief;
}

export const GOOD_CALLBACKS: CallbackMischief = { drop: 0, repeat: 0, delayMs: 0, abandon: 0 };
export const GOOD_REST: RestMischief = {
  error: 0,
  overFrequency: 0,
  partial: 0,
  truncated: 0,
  cut: 0,
  status502: 0,
};

export const RANDOM_REST_FAULTS = {
  error: { kind: 'error', code: 10002, info: 'server internal error, try again' },
  overFrequency: { kind: 'error', code: 10006, info: 'over frequency' },
  partial: { kind: 'partial', code: 10002 },
  truncated: { kind: 'truncated' },
  cut: { kind: 'cut' },
  status502: { kind: 'status', status: 502 },
} as const satisfies Record<keyof RestMischief, RestFault>;
