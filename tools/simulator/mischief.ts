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
  /** All is well, says the answer, and there is nothing. */
  | { readonly kind: 'empty' }
  /** Lists are left out, or are null. */
  | { readonly kind: 'no list'; readonly asNull?: boolean }
  /** The group, or every group, does not exist. */
  | { readonly kind: 'gone' }
  /** `FAIL`, without an error and without data. */
  | { readonly kind: 'fail' }
  /** The list of groups does not say where it goes on. */
  | { readonly kind: 'no next' }
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
  /** Probability of an empty response where there is something, in one of several ways. */
  readonly glitch: number;
  /** Answers are up to so much older than their question, each by its own draw. */
  readonly lagMs: number;
  /** And at least so much older. */
  readonly leastLagMs: number;
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
  glitch: 0,
  lagMs: 0,
  leastLagMs: 0,
};

/** What a glitch may be. */
export const GLITCHES: readonly RestFault[] = [
  { kind: 'empty' },
  { kind: 'no list' },
  { kind: 'no list', asNull: true },
  { kind: 'gone' },
  { kind: 'fail' },
  { kind: 'omitted' },
];

export const RANDOM_REST_FAULTS = {
  error: { kind: 'error', code: 10002, info: 'server internal error, try again' },
  overFrequency: { kind: 'error', code: 10006, info: 'over frequency' },
  partial: { kind: 'partial', code: 10002 },
  truncated: { kind: 'truncated' },
  cut: { kind: 'cut' },
  status502: { kind: 'status', status: 502 },
} as const satisfies Record<
  Exclude<keyof RestMischief, 'glitch' | 'lagMs' | 'leastLagMs'>,
  RestFault
>;
