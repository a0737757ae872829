import { useMemo, useState } from 'preact/hooks';
import type { Change } from '../api/types.js';
import { href } from '../app/route.js';
import { announce } from '../parts/live-region.js';
import { Problem } from '../parts/problem.js';
import { Time } from '../parts/time.js';
import { type Column, VirtualTable } from '../parts/virtual-table.js';
import { KINDS, ORIGINS, TOPIC_FIELDS } from '../parts/words.js';
import { ChangeFeed, type ChangesState, NO_CHANGES } from './change-feed.js';
import { PauseButton } from './pause-button.js';
import { usePausable, usePause } from './use-pausable.js';

export function ChangesTab() {
  const [state, setState] = useState<ChangesState>(NO_CHANGES);
  const pausing = usePause();
  const feed = useMemo(
    () =>
      new ChangeFeed((next) => {
        if (next.rows.length > 0) announce('New changes');
        setState(next);
      }),
    [],
  );
  usePausable(feed, pausing.isPaused);
  return (
    <>
      <Problem error={state.error} />
      <div class="bar">
        <p class="count">The latest changes of all groups, newest first.</p>
        <span class="spacer" />
        <PauseButton {...pausing} />
      </div>
      <VirtualTable
        label="Changes"
        rows={state.rows}
        columns={COLUMNS}
        keyOf={({ seq }) => seq}
        empty={state.isLoading ? 'Loading…' : 'Nothing has changed yet.'}
      />
    </>
  );
}

const COLUMNS: readonly Column<Change>[] = [
  { id: 'at', title: 'When', widthPx: 180, cell: ({ at }) => <Time at={at} withMs /> },
  {
    id: 'kind',
    title: 'Topic was',
    widthPx: 100,
    cell: ({ kind }) => <span class={`badge ${kind}`}>{KINDS[kind]}</span>,
  },
  {
    id: 'topic',
    title: 'Topic',
    widthPx: 220,
    cell: ({ groupId, topicId, before, after }) => (
      <a href={href(['groups', groupId, 'topics', topicId])} title={topicId}>
        {String(after.name ?? before.name ?? topicId)}
      </a>
    ),
  },
  {
    id: 'fields',
    title: 'What changed',
    widthPx: 280,
    cell: (change) => {
      const text = summary(change);
      return <span title={text}>{text}</span>;
    },
  },
  {
    id: 'group',
    title: 'Group',
    widthPx: 200,
    cell: ({ groupId }) => <a href={href(['groups', groupId])}>{groupId}</a>,
  },
  { id: 'by', title: 'By', widthPx: 120, cell: ({ operatorAccount }) => operatorAccount ?? '–' },
  { id: 'origin', title: 'Known from', widthPx: 120, cell: ({ origin }) => ORIGINS[origin] },
];

function summary({ kind, before, after }: Change): string {
  if (kind === 'created') return Object.keys(after).map(label).join(', ');
  return Object.entries(after)
    .map(([field, value]) =>
      typeof value === 'object' && value !== null
        ? label(field)
        : `${label(field)}: ${String(before[field] ?? 'unknown')} → ${String(value ?? 'unknown')}`,
    )
    .join(', ');
}

function label(field: string): string {
  return TOPIC_FIELDS[field] ?? field;
}
