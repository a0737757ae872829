import type { Body } from './callbacks.js';

interface Community {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly topics: readonly (readonly [name: string, introduction: string])[];
}

const PEOPLE = ['ada', 'grace', 'linus', 'barbara', 'edsger', 'margaret'];
const REGIONS = ['EU', 'US', 'APAC'];
const LANGUAGES = ['en', 'de', 'ja', 'pt-BR'];

const COMMUNITIES: readonly Community[] = [
  {
    id: '@TGS#_@TGS#cQVLVHIM62CJ',
    name: 'Starlight Online',
    owner: 'grace',
    topics: [
      ['Announcements', 'News of the team, read only'],
      ['Patch notes', 'What each version changes'],
      ['New players', 'Questions are welcome'],
      ['Guild recruiting', 'Guilds look for members'],
      ['Raid planning', 'Dates and line-ups'],
      ['Trading post', 'Buy, sell and swap'],
      ['Fan art', 'Show what you drew'],
      ['Bug reports', 'With steps, please'],
      ['Balance talk', 'Numbers and opinions'],
      ['Events', 'What happens this month'],
      ['Lore', 'Stories of the world'],
      ['Screenshots', 'Nice places'],
      ['Soundtrack', 'Music and covers'],
      ['Speedruns', 'Records and routes'],
      ['Crafting', 'Recipes and where to find them'],
      ['Housing', 'Gardens, towers, ships'],
      ['PvP arena', 'Season 7'],
      ['Off topic', 'Everything else'],
      ['Wiki editors', 'Who writes what'],
      ['Beta testers', 'Under embargo'],
    ],
  },
  {
    id: '@TGS#_@TGS#cTR4XHIM62CM',
    name: 'Trail runners',
    owner: 'margaret',
    topics: [
      ['Routes', 'Maps and tracks'],
      ['Races', 'Who starts where'],
      ['Shoes', 'Reviews'],
    ],
  },
  {
    id: '@TGS#_@TGS#cBK7QHIM62CP',
    name: 'Book club',
    owner: 'ada',
    topics: [
      ['This month', 'The book we read'],
      ['Suggestions', 'What to read next'],
    ],
  },
  {
    id: '@TGS#_@TGS#cMX2PHIM62CA',
    name: 'Home cooks',
    owner: 'barbara',
    topics: [
      ['Bread', 'Sourdough and others'],
      ['Quick dinners', 'Under half an hour'],
    ],
  },
];

export const MAIN_GROUP = '@TGS#_@TGS#cQVLVHIM62CJ';
export const MAIN_TOPIC = topicIdOf(MAIN_GROUP, 4);

/** Callbacks of a few communities as an operator of a real app may see them, in order. */
export function sampleCallbacks(): Body[] {
  return dated([...COMMUNITIES.flatMap(creations), ...laterLife()]);
}

function creations({ id, name, owner, topics }: Community): Body[] {
  return [
    {
      CallbackCommand: 'Group.CallbackAfterCreateGroup',
      GroupId: id,
      Operator_Account: owner,
      Owner_Account: owner,
      Type: 'Community',
      Name: name,
      MemberList: [],
    },
    ...topics.map(([title, introduction], index) => ({
      CallbackCommand: 'Group.CallbackAfterCreateTopic',
      GroupId: id,
      TopicId: topicIdOf(id, index),
      Operator_Account: pick(PEOPLE, index),
      Owner_Account: owner,
      Type: 'Community',
      Name: title,
      Introduction: introduction,
      UserDefinedDataList: [
        { Key: 'region', Value: pick(REGIONS, index) },
        { Key: 'language', Value: pick(LANGUAGES, index * 3) },
        ...(index % 4 === 0 ? [{ Key: 'pinned', Value: 'yes' }] : []),
      ],
    })),
  ];
}

function laterLife(): Body[] {
  const change = (fields: Body): Body => ({
    CallbackCommand: 'Group.CallbackAfterTopicInfoChanged',
    GroupId: MAIN_GROUP,
    TopicId: MAIN_TOPIC,
    Operator_Account: 'grace',
    ...fields,
  });
  return [
    change({ Name: 'Raids and dungeons', Operator_Account: 'edsger' }),
    change({ Notification: 'Sign up by Thursday, 20:00 CET', Operator_Account: 'edsger' }),
    change({ Name: 'Raids', Introduction: 'Dates, line-ups and loot rules' }),
    {
      CallbackCommand: 'Group.CallbackAfterTopicDestroyed',
      GroupId: MAIN_GROUP,
      TopicIdList: [topicIdOf(MAIN_GROUP, 19)],
      Operator_Account: 'grace',
    },
    // Tells no topic: the group is stale until it is compared with the vendor.
    {
      CallbackCommand: 'Group.CallbackAfterTopicInfoChanged',
      GroupId: '@TGS#_@TGS#cBK7QHIM62CP',
      Operator_Account: 'ada',
      Name: 'This month: Solaris',
    },
    {
      CallbackCommand: 'Group.CallbackAfterGroupDestroyed',
      GroupId: '@TGS#_@TGS#cMX2PHIM62CA',
      Type: 'Community',
      Name: 'Home cooks',
    },
  ];
}

/** What happens while somebody looks. */
export function sampleNews(): Body[] {
  const topic = { GroupId: MAIN_GROUP, Operator_Account: 'edsger' };
  return dated([
    {
      ...topic,
      CallbackCommand: 'Group.CallbackAfterCreateTopic',
      TopicId: topicIdOf(MAIN_GROUP, 20),
      Owner_Account: 'grace',
      Type: 'Community',
      Name: 'Halloween event',
      UserDefinedDataList: [
        { Key: 'region', Value: 'EU' },
        { Key: 'language', Value: 'en' },
      ],
    },
    {
      ...topic,
      CallbackCommand: 'Group.CallbackAfterTopicInfoChanged',
      TopicId: topicIdOf(MAIN_GROUP, 8),
      Name: 'Balance and classes',
    },
    {
      ...topic,
      CallbackCommand: 'Group.CallbackAfterTopicDestroyed',
      TopicIdList: [topicIdOf(MAIN_GROUP, 13)],
    },
  ]);
}

/** A second after the other, the last one now: so their order is beyond doubt. */
function dated(bodies: readonly Body[]): Body[] {
  const first = Date.now() - bodies.length * 1000;
  return bodies.map((body, index) => ({ ...body, EventTime: first + index * 1000 }));
}

function topicIdOf(groupId: string, index: number): string {
  return `${groupId}@TOPIC#_@TOPIC#c${(index + 0x5a2f1).toString(36).toUpperCase()}HIM62C`;
}

function pick(list: readonly string[], index: number): string {
  return list[index % list.length] ?? '';
}
