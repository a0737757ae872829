import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../tools/simulator/random.js';
import type { Group } from '../../tools/simulator/state.js';
import type { Simulator } from '../../tools/simulator/simulator.js';

export interface HistoryOptions {
  readonly groups: number;
  readonly seconds: number;
  readonly deedsPerSecond: number;
}

type Deed = (group: Group, random: Random, simulator: Simulator) => void;

const TEXTS = ['', 'a', 'Neuigkeiten', '新闻', '🐈', "it's", '100 %', '"x"\n', 'null'];
const PEOPLE = ['ada', 'grace', 'linus', ''];

/** A random history of communities and topics, the same for the same seed. */
export async function live(
  simulator: Simulator,
  { groups, seconds, deedsPerSecond }: HistoryOptions,
): Promise<void> {
  const random = new Random(simulator.seed);
  const { vendor } = simulator;
  for (let group = 0; group < groups; group += 1) {
    const groupId = random.chance(0.5) ? `@TGS#_custom${group}` : undefined;
    const ownerAccount = random.pick(PEOPLE);
    vendor.createGroup({ name: `Group ${group}`, ownerAccount, ...(groupId ? { groupId } : {}) });
  }
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    const deed = random.pick(DEEDS);
    const group = random.pick([...vendor.groups.values()]);
    if (deed && group) deed(group, random, simulator);
    await sleep(1000 / deedsPerSecond);
  }
}

const create: Deed = ({ groupId, topics }, random, { vendor }) => {
  const topicId = random.chance(0.5) ? `${groupId}@TOPIC#_${random.below(5)}` : undefined;
  if (topicId && topics.has(topicId)) return;
  const userDefinedDataList = random.chance(0.3) ? [{ Key: 'k', Value: 'v' }] : [];
  const made = { name: textOf(random), introduction: textOf(random), userDefinedDataList };
  const by = random.pick(PEOPLE);
  const id = topicId ? { topicId } : {};
  if (random.chance(0.2)) vendor.importTopic(groupId, { ...made, ...id });
  else vendor.createTopic(groupId, { ...made, ...id }, by);
};

const change: Deed = (group, random, { vendor }) => {
  const topicId = random.pick([...group.topics.keys()]);
  if (!topicId) return;
  const field = random.pick(['name', 'introduction', 'notification', 'faceUrl', 'customString']);
  const patch = random.chance(0.15)
    ? { muteAllMember: random.chance(0.5) }
    : { [field ?? 'name']: textOf(random) };
  vendor.changeTopic(group.groupId, topicId, patch, random.pick(PEOPLE));
};

const destroy: Deed = (group, random, { vendor }) => {
  const [first, second] = [...group.topics.keys()].toSorted(() => random.next() - 0.5);
  const ids = [first, random.chance(0.3) ? second : undefined].filter((id) => id !== undefined);
  if (ids.length > 0) vendor.destroyTopics(group.groupId, ids);
};

const handOver: Deed = ({ groupId }, random, { vendor }) => {
  vendor.changeOwner(groupId, random.pick(PEOPLE) ?? '', 'administrator');
};

const rename: Deed = ({ groupId }, random, { vendor }) => {
  vendor.renameGroup(groupId, textOf(random));
};

/** Ends a group; one with an id of the app's own choice may come back at once, or later. */
const end: Deed = ({ groupId }, random, { vendor }) => {
  if (!random.chance(0.2)) return;
  vendor.destroyGroup(groupId);
  if (groupId.startsWith('@TGS#_custom') && random.chance(0.7)) {
    vendor.createGroup({ groupId, name: 'again', ownerAccount: 'ada' });
  }
};

const DEEDS: readonly Deed[] = [
  create,
  create,
  create,
  create,
  change,
  change,
  change,
  change,
  destroy,
  handOver,
  rename,
  end,
];

function textOf(random: Random): string {
  return random.pick(TEXTS) ?? '';
}
