import { Injectable } from '@nestjs/common';
import { Metrics } from './metrics.js';

const REASONS = {
  'wrong SdkAppid': 'The callback is of another app: compare SdkAppid with IM_SDK_APP_ID.',
  'missing SdkAppid': 'The query names no SdkAppid, so the sender is not the Chat console.',
  'missing Sign or RequestTime':
    'The callback is not signed: turn on authentication of callbacks in the Chat console.',
  'RequestTime is outside the window':
    "The signature is too old, or the clock of this machine is wrong: compare it with the vendor's.",
  'wrong Sign': 'The callback is signed with another token: compare IM_CALLBACK_TOKENS with it.',
  'relayed by this mirror': 'RELAY_URL leads back to this mirror: set it to the backend.',
  'query and body name different commands': 'Query and body must name the same CallbackCommand.',
  'no room for the body': 'Too many request bodies at once: see BODIES_MAX_BYTES.',
} as const;
export type RejectionReason = keyof typeof REASONS;

/** A rejected callback: no signature, no query, no body. */
export interface Rejection {
  readonly at: string;
  readonly reason: RejectionReason;
  /** What it means. */
  readonly message: string;
  /** As the query names it, if it does. */
  readonly command: string | null;
  /** Address of the sender. */
  readonly from: string;
}

const MAX_LATEST = 20;
// The command is the text of an unknown sender.
const MAX_COMMAND_LENGTH = 128;

/** Counts rejected callbacks by reason, and holds the latest of this process. */
@Injectable()
export class Rejections {
  private readonly counts = new Map<RejectionReason, number>();
  private readonly recent: Rejection[] = [];

  constructor(private readonly metrics: Metrics) {}

  add(reason: RejectionReason, from: string, query: unknown): void {
    this.metrics.callbacksRejected.inc({ reason });
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
    this.recent.unshift({
      at: new Date().toISOString(),
      reason,
      message: REASONS[reason],
      command: commandIn(query),
      from,
    });
    if (this.recent.length > MAX_LATEST) this.recent.pop();
  }

  /** Since the start of the process; reasons without a rejection are left out. */
  get byReason(): readonly { readonly reason: RejectionReason; readonly count: number }[] {
    return [...this.counts].map(([reason, count]) => ({ reason, count }));
  }

  /** Newest first. */
  get latest(): readonly Rejection[] {
    return [...this.recent];
  }
}

function commandIn(query: unknown): string | null {
  if (typeof query !== 'object' || query === null || !('CallbackCommand' in query)) return null;
  const { CallbackCommand: command } = query;
  return typeof command === 'string' ? command.slice(0, MAX_COMMAND_LENGTH).toWellFormed() : null;
}
