import type { Caution } from '../../src/topics/domain/change.js';

/** Every answer is believed at once. */
export const NO_CAUTION: Caution = {
  secondLookUs: 0,
  deletionsWaitUs: 0,
  groupShare: 1,
  deletions: 'judged',
};
