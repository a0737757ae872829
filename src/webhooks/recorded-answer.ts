// The answer of a callback, which follows from its content and its outcome. Pure.
import { Problem } from '../http/problem.js';
import type { Outcome } from '../journal/journal-entry.js';
import { CALLBACK_OK, callbackFailure } from './callback-answer.js';
import { ContradictionError, type Reading } from './callback-reader.js';

/** Why a callback that was stored is not answered OK, or `null`. */
export function problemOf({ problem }: Reading, outcome: Outcome | 'spooled'): Problem | null {
  if (problem) {
    const status = problem instanceof ContradictionError ? 403 : 400;
    return new Problem(status, problem.code, problem.message, { cause: problem });
  }
  if (outcome !== 'invalid') return null;
  return new Problem(400, 'INVALID_CALLBACK', 'the callback holds what cannot be stored');
}

/** The answer as the vendor gets it. */
export function answerOf(
  reading: Reading,
  outcome: Outcome,
): { readonly status: number; readonly body: string } {
  const problem = problemOf(reading, outcome);
  if (problem === null) return { status: 200, body: CALLBACK_OK };
  const status = problem.getStatus();
  return { status, body: callbackFailure(status, problem.detail) };
}
