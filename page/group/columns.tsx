import type { Topic } from '../api/types.js';
import { href } from '../app/route.js';
import { Time } from '../parts/time.js';
import { Value, isCustomFields } from '../parts/value.js';
import type { Column } from '../parts/virtual-table.js';
import { KINDS, TOPIC_FIELDS } from '../parts/words.js';
import type { TopicRow } from './topic-list.js';

const CUSTOM = 'custom.';
const MAX_DEFAULT_CUSTOM = 6;
const WIDTHS: Readonly<Record<string, number>> = {
  createdAt: 160,
  updatedAt: 160,
  deletedAt: 160,
  muteAllMember: 140,
  introduction: 220,
  notification: 220,
  faceUrl: 220,
};
const SORTABLE = new Set(['createdAt', 'updatedAt']);
const FIXED = [
  'ownerAccount',
  'operatorAccount',
  'createdAt',
  'updatedAt',
  'deletedAt',
  'muteAllMember',
  'introduction',
  'notification',
  'customString',
  'faceUrl',
  'type',
] as const satisfies readonly (keyof Topic)[];

/** What a column can be chosen by, and called. */
export interface Choice {
  readonly id: string;
  readonly title: string;
}

/** All columns besides the name, custom fields that occur first. */
export function choices(rows: readonly TopicRow[]): readonly Choice[] {
  return [
    ...customKeys(rows).map((key) => ({ id: CUSTOM + key, title: key })),
    ...FIXED.map((id) => ({ id, title: TOPIC_FIELDS[id] ?? id })),
    { id: 'topicId', title: 'Id' },
  ];
}

/** The columns that are shown until others are chosen. */
export function defaultColumns(all: readonly Choice[], deleted: string): readonly string[] {
  const custom = all.filter(({ id }) => id.startsWith(CUSTOM)).slice(0, MAX_DEFAULT_CUSTOM);
  return [
    ...custom.map(({ id }) => id),
    'operatorAccount',
    'updatedAt',
    ...(deleted === 'exclude' ? [] : ['deletedAt']),
  ];
}

/** The name with its mark, and what was chosen. */
export function columnsOf(
  all: readonly Choice[],
  chosen: ReadonlySet<string>,
): readonly Column<TopicRow>[] {
  return [NAME, ...all.filter(({ id }) => chosen.has(id)).map(columnOf)];
}

const NAME: Column<TopicRow> = {
  id: 'name',
  title: 'Name',
  widthPx: 320,
  sort: 'name',
  cell: (row) => {
    const {
      topic: { groupId, topicId, name },
      mark,
    } = row;
    const before = was(row, 'name');
    return (
      <>
        {mark && (
          <span class={`badge ${mark.kind}`}>
            {mark.kind === 'created' ? 'new' : KINDS[mark.kind]}
          </span>
        )}
        <a href={href(['groups', groupId, 'topics', topicId])} title={name ?? topicId}>
          {name || topicId}
        </a>
        {before !== null && <span class="was">{before}</span>}
      </>
    );
  },
  mark: (row) => was(row, 'name'),
};

function columnOf({ id, title }: Choice): Column<TopicRow> {
  if (id.startsWith(CUSTOM)) return customColumn(id.slice(CUSTOM.length));
  const field = id as keyof Topic;
  return {
    id,
    title,
    widthPx: WIDTHS[id] ?? 150,
    ...(SORTABLE.has(id) && { sort: id }),
    cell: ({ topic }) => {
      const value = topic[field];
      if (id === 'topicId') return <code>{String(value)}</code>;
      if (id.endsWith('At') && typeof value === 'string') return <Time at={value} />;
      return <Value field={id} value={value} />;
    },
    mark: (row) => was(row, field),
  };
}

function customColumn(key: string): Column<TopicRow> {
  return {
    id: CUSTOM + key,
    title: key,
    widthPx: 140,
    cell: ({ topic }) => {
      const value = customValue(topic.userDefinedDataList, key);
      return value === undefined ? null : <Value field={CUSTOM} value={value} />;
    },
    mark: ({ topic, mark }) => {
      const list = mark?.before.get('userDefinedDataList');
      if (!isCustomFields(list)) return null;
      const before = list.find((field) => field.key === key)?.value;
      const now = customValue(topic.userDefinedDataList, key);
      return before === now ? null : `was: ${before ?? 'not there'}`;
    },
  };
}

function was({ topic, mark }: TopicRow, field: keyof Topic): string | null {
  if (!mark?.before.has(field)) return null;
  const before = mark.before.get(field);
  return before === topic[field] ? null : `was: ${String(before ?? 'unknown')}`;
}

function customValue(list: unknown, key: string): string | undefined {
  return isCustomFields(list) ? list.find((field) => field.key === key)?.value : undefined;
}

/** Of all topics, the most frequent first. */
function customKeys(rows: readonly TopicRow[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { topic } of rows) {
    for (const { key } of topic.userDefinedDataList ?? []) {
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return [...counts]
    .toSorted(
      ([one, oneCount], [other, otherCount]) => otherCount - oneCount || (one < other ? -1 : 1),
    )
    .map(([key]) => key);
}
