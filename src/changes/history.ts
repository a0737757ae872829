// The state of a topic at an earlier instant. Pure.
import type { TopicPast } from './history.repository.js';

/** A topic at an instant: its fields, that it was not known then, or that the log does not reach back so far. */
export type Past =
  | { readonly kind: 'known'; readonly topic: Readonly<Record<string, unknown>> }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'forgotten' };

/** @param topic as it is now */
export function asOf(
  topic: Readonly<Record<string, unknown>> & { readonly updatedAt: string },
  { last, before, isComplete }: TopicPast,
  instant: Date,
): Past {
  if (last) {
    return { kind: 'known', topic: { ...topic, ...before, seq: last.seq, updatedAt: last.at } };
  }
  if (isComplete === null && topic.updatedAt <= instant.toISOString()) {
    return { kind: 'known', topic };
  }
  // Nothing was known before a creation, nor before the deletion of an unknown topic.
  return { kind: isComplete ? 'unknown' : 'forgotten' };
}
