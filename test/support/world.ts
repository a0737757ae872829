import type { Environment } from '../../src/config/environment.js';
import type { Group, Topic } from '../../tools/simulator/state.js';
import {
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../../tools/simulator/simulator.js';
import { startApp, type TestApp } from './app.js';
import { groupPath } from './callbacks.js';
import { NO_LIMITS, SECRET_KEY } from './vendor.js';

export interface World {
  readonly simulator: Simulator;
  readonly app: TestApp;
  close(): Promise<void>;
}

/** The settings with which an app asks a simulator. */
export function settingsFor(simulator: Simulator): Environment {
  return {
    IM_API_HOST: simulator.url,
    IM_SECRET_KEY: SECRET_KEY,
    IM_API_CALLS_PER_SECOND: '190',
    // Answers are believed at once where nothing else is said: test/reconcile/evidence.spec.ts is about the rest.
    RECONCILE_SECOND_LOOK_SECONDS: '0',
    RECONCILE_DELETIONS_WAIT_SECONDS: '0',
  };
}

/** A simulated vendor and an app that mirrors it; `before` is done before the app starts. */
export async function startWorld(
  options: SimulatorOptions = {},
  env: Environment = {},
  before: (simulator: Simulator) => void = () => undefined,
): Promise<World> {
  const simulator = await startSimulator({
    seed: 1,
    secretKey: SECRET_KEY,
    limits: NO_LIMITS,
    ...options,
  });
  before(simulator);
  const app = await startApp({ ...settingsFor(simulator), ...env });
  simulator.sendTo(app.url);
  return {
    simulator,
    app,
    close: async () => {
      await app.close();
      await simulator.close();
    },
  };
}

/** A vendor, and somebody who answers questions to its mirror. */
interface Compared {
  readonly simulator: Simulator;
  readonly app: Pick<TestApp, 'http'>;
}

/** Everything in which the mirror differs from the vendor, or some groups of it do, one line each. */
export async function differences(
  { simulator, app }: Compared,
  only?: ReadonlySet<string>,
): Promise<string[]> {
  const found: string[] = [];
  const mirrored = new Map((await all(app, '/groups')).map((group) => [group.groupId, group]));
  for (const [groupId, group] of simulator.vendor.groups) {
    const copy = mirrored.get(groupId);
    mirrored.delete(groupId);
    if (only && !only.has(groupId)) continue;
    if (!copy) found.push(`${groupId}: not mirrored`);
    else {
      const topics = await all(app, `${groupPath(groupId)}/topics`);
      found.push(...groupDifferences(group, copy, topics));
    }
  }
  for (const copy of mirrored.values()) {
    const isAsked = only?.has(String(copy.groupId)) ?? true;
    if (isAsked && copy.destroyedAt === null) found.push(`${String(copy.groupId)}: does not exist`);
  }
  return found;
}

/** Differences, asked for until there are none or the time is over. */
export async function differencesAfter(
  ms: number,
  world: Compared,
  only?: ReadonlySet<string>,
): Promise<{ differences: string[]; afterMs: number }> {
  const startedAt = performance.now();
  for (;;) {
    const left = await differences(world, only).catch((error: unknown) => {
      if (error instanceof UnreadError) return [error.message];
      throw error;
    });
    const afterMs = performance.now() - startedAt;
    if (left.length === 0 || afterMs > ms) return { differences: left, afterMs };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export type Json = Readonly<Record<string, unknown>>;

/** In what a group and its living topics differ from the vendor's. */
export function groupDifferences(group: Group, copy: Json, topics: readonly Json[]): string[] {
  const { groupId, name, type, ownerAccount } = group;
  const told = { name, type, ownerAccount, destroyedAt: null };
  const found = compare(groupId, told, copy);
  const mirrored = new Map(topics.map((topic) => [topic.topicId, topic]));
  for (const topic of group.topics.values()) {
    const topicCopy = mirrored.get(topic.topicId);
    mirrored.delete(topic.topicId);
    if (!topicCopy) found.push(`${topic.topicId}: not mirrored`);
    else found.push(...compare(topic.topicId, toldOf(topic, group), topicCopy));
  }
  return [...found, ...[...mirrored.keys()].map((topicId) => `${String(topicId)}: does not exist`)];
}

/** All that the vendor's REST API tells of a topic. */
function toldOf(topic: Topic, group: Group): Json {
  const { name, introduction, notification, faceUrl, customString, muteAllMember } = topic;
  return {
    name,
    introduction,
    notification,
    faceUrl,
    customString,
    muteAllMember,
    type: group.type,
    ownerAccount: group.ownerAccount,
    createdAt: new Date(topic.createTime * 1000).toISOString(),
  };
}

function compare(id: string, told: Json, copy: Json): string[] {
  return Object.entries(told)
    .filter(([field, value]) => copy[field] !== value)
    .map(([field, value]) => `${id}: ${field} is ${String(copy[field])}, not ${String(value)}`);
}

function all(app: Compared['app'], path: string): Promise<Json[]> {
  return allPages(async (query) => (await app.http.get(path).query(query)).body);
}

/** All items of a list of a service. */
export function pages(
  url: string,
  path: string,
  filters: Record<string, string> = {},
): Promise<Json[]> {
  return allPages(async (query) => {
    const response = await fetch(`${url}${path}?${new URLSearchParams({ ...filters, ...query })}`);
    return (await response.json()) as Page;
  });
}

class UnreadError extends Error {}

interface Page {
  readonly data: readonly Json[];
  readonly nextCursor: string | null;
}

async function allPages(read: (query: Record<string, string>) => Promise<Page>): Promise<Json[]> {
  const items: Json[] = [];
  let cursor: string | null = null;
  do {
    const page: Page = await read({ limit: '500', ...(cursor === null ? {} : { cursor }) });
    // On a busy machine a read may take too long: what it tells then is a problem.
    if (!Array.isArray(page.data)) throw new UnreadError(JSON.stringify(page));
    items.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}
