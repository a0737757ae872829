import type { SyncState } from '../api/types.js';
import { STATES } from './words.js';

export function StateBadge({ state }: { state: SyncState }) {
  return <span class={`badge ${state}`}>{STATES[state]}</span>;
}
