import { Injectable } from '@nestjs/common';
import { Metrics } from './metrics.js';
import { REJECTION_REASONS, type RejectionReason } from './rejection-reasons.js';

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
      message: REJECTION_REASONS[reason],
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
