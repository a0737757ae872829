import type { Simulator } from '../../tools/simulator/simulator.js';
import type { Group } from '../../tools/simulator/state.js';
import { groupDifferences, type Json, pages } from './world.js';

/** For how long groups were `verified` that differed from the vendor, while nothing changed there. */
export interface Wrong {
  readonly groupId: string;
  readonly ms: number;
  readonly differences: readonly string[];
}

interface Seen {
  readonly sinceMs: number;
  readonly vendor: string | undefined;
}

/** Compares again and again until the signal comes. @returns for each group the longest time it was wrong. */
export async function watchVerified(
  url: string,
  simulator: Simulator,
  signal: AbortSignal,
): Promise<Wrong[]> {
  const seen = new Map<string, Seen>();
  const worst = new Map<string, Wrong>();
  while (!signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const read = await Promise.all([pages(url, '/groups'), pages(url, '/topics')]).catch(
      () => null,
    );
    // What was not answered is no sample.
    if (read === null) continue;
    const [groups, all] = read;
    const topics = byGroup(all);
    const nowMs = performance.now();
    for (const copy of groups) {
      const groupId = String(copy.groupId);
      const group = simulator.vendor.groups.get(groupId);
      const found = verdict(group, copy, topics.get(groupId) ?? []);
      const before = seen.get(groupId);
      const vendor = textOf(group);
      if (copy.state !== 'verified' || found.length === 0) seen.delete(groupId);
      else if (!before || before.vendor !== vendor) seen.set(groupId, { sinceMs: nowMs, vendor });
      else {
        const ms = nowMs - before.sinceMs;
        if (ms > (worst.get(groupId)?.ms ?? 0)) {
          worst.set(groupId, { groupId, ms, differences: found });
        }
      }
    }
  }
  return [...worst.values()].toSorted((one, other) => other.ms - one.ms);
}

function byGroup(topics: readonly Json[]): ReadonlyMap<string, Json[]> {
  const groups = new Map<string, Json[]>();
  for (const topic of topics) {
    const groupId = String(topic.groupId);
    const others = groups.get(groupId);
    if (others) others.push(topic);
    else groups.set(groupId, [topic]);
  }
  return groups;
}

function verdict(group: Group | undefined, copy: Json, topics: readonly Json[]): string[] {
  return group ? groupDifferences(group, copy, topics) : ['does not exist'];
}

/** All that can change of a group. */
function textOf(group: Group | undefined): string {
  return JSON.stringify(group && { ...group, topics: [...group.topics] });
}
