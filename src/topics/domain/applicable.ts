import type { ChangeSet } from './change.js';
import { reduce } from './reducer.js';
import type { Reduced, Snapshot } from './rows.js';

/** Reduces the sets without those that cannot be applied, which have no effect when they are written either. */
export function reduceApplicable(
  sets: readonly ChangeSet[],
  snapshot: Snapshot,
  now: Date,
): Reduced {
  try {
    return reduce(sets, snapshot, now);
  } catch (error) {
    const left = applicable(sets, snapshot, now);
    // Only together do they fail.
    if (left.length === sets.length) throw error;
    return reduceApplicable(left, snapshot, now);
  }
}

/** Halves what fails until those at fault stand alone. */
function applicable(
  sets: readonly ChangeSet[],
  snapshot: Snapshot,
  now: Date,
): readonly ChangeSet[] {
  try {
    reduce(sets, snapshot, now);
    return sets;
  } catch {
    if (sets.length <= 1) return [];
    const middle = sets.length >> 1;
    return [
      ...applicable(sets.slice(0, middle), snapshot, now),
      ...applicable(sets.slice(middle), snapshot, now),
    ];
  }
}
