import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { isAbort } from '../api/client.js';
import type { Callback } from '../api/types.js';
import { href, replaceQuery, withParameter } from '../app/route.js';
import { announce } from '../parts/live-region.js';
import { Problem } from '../parts/problem.js';
import { Time } from '../parts/time.js';
import { type Column, VirtualTable } from '../parts/virtual-table.js';
import { commandInWords, MIRRORED_COMMANDS, OUTCOMES, outcomeInWords } from '../parts/words.js';
import { CallbackFeed, type CallbacksState, NO_CALLBACKS } from './callback-feed.js';
import { PauseButton } from './pause-button.js';
import { usePausable, usePause } from './use-pausable.js';

const STORED = ['applied', 'unchanged', 'stale', 'ignored', 'unknown', 'invalid'] as const;
const FILTERS = ['command', 'outcome', 'groupId', 'since', 'until'] as const;

export function CallbacksTab({ query }: { query: URLSearchParams }) {
  const { state, readOlder, pausing } = useCallbacks(query);
  const { rows, isLoading, isMore, error } = state;
  return (
    <>
      <Filters query={query} />
      <Problem error={error} />
      {error?.code !== 'MISSING_SCOPE' && (
        <>
          <div class="bar">
            <p class="count">{isLoading ? 'Loading…' : 'Newest first.'}</p>
            <span class="spacer" />
            <PauseButton {...pausing} />
          </div>
          <VirtualTable
            label="Callbacks"
            rows={rows}
            columns={COLUMNS}
            keyOf={({ id }) => id}
            empty={isLoading ? 'Loading…' : <Empty isFiltered={query.size > 0} />}
          />
          {isMore && (
            <button type="button" onClick={readOlder}>
              Show older callbacks
            </button>
          )}
        </>
      )}
    </>
  );
}

function Empty({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <>No callback is like this.</>;
  return (
    <>
      No callback has arrived yet. The <a href={href(['status'])}>status</a> says how to send one.
    </>
  );
}

function useCallbacks(query: URLSearchParams) {
  const [state, setState] = useState<CallbacksState>(NO_CALLBACKS);
  const pausing = usePause();
  const key = query.toString();
  const feed = useMemo(() => {
    let newest: string | undefined;
    const filters = Object.fromEntries(FILTERS.map((name) => [name, instantOf(query.get(name))]));
    return new CallbackFeed(filters, (next) => {
      const first = next.rows[0]?.id;
      if (newest !== undefined && first !== newest) announce('New callbacks');
      newest = first;
      setState(next);
    });
  }, [key]);
  usePausable(feed, pausing.isPaused);
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);
  const readOlder = (): void => {
    feed.readOlder(stop.current.signal).catch((error: unknown) => {
      if (!isAbort(error)) throw error;
    });
  };
  return { state, readOlder, pausing };
}

/** Of a field for local time, in UTC. */
function instantOf(text: string | null): string | null {
  if (text === null || !/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) || text.endsWith('Z')) return text;
  return new Date(text).toISOString();
}

function Filters({ query }: { query: URLSearchParams }) {
  const set = (name: string, value: string): void =>
    replaceQuery(withParameter(query, name, value));
  const value = (name: (typeof FILTERS)[number]): string => query.get(name) ?? '';
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label>
        Command
        <input
          list="commands"
          value={value('command')}
          onChange={(event) => set('command', event.currentTarget.value)}
        />
      </label>
      <datalist id="commands">
        {MIRRORED_COMMANDS.map((command) => (
          <option key={command} value={command}>
            {commandInWords(command)}
          </option>
        ))}
      </datalist>
      <label>
        Outcome
        <select
          value={value('outcome')}
          onChange={(event) => set('outcome', event.currentTarget.value)}
        >
          <option value="">any</option>
          {STORED.map((outcome) => (
            <option key={outcome} value={outcome}>
              {OUTCOMES[outcome]}
            </option>
          ))}
        </select>
      </label>
      <label>
        Group id
        <input
          value={value('groupId')}
          onChange={(event) => set('groupId', event.currentTarget.value)}
        />
      </label>
      <label>
        From
        <input
          type="datetime-local"
          value={value('since')}
          onChange={(event) => set('since', event.currentTarget.value)}
        />
      </label>
      <label>
        Until
        <input
          type="datetime-local"
          value={value('until')}
          onChange={(event) => set('until', event.currentTarget.value)}
        />
      </label>
    </form>
  );
}

const COLUMNS: readonly Column<Callback>[] = [
  {
    id: 'at',
    title: 'Arrived',
    widthPx: 180,
    cell: ({ id, at }) => (
      <a href={href(['activity', 'callbacks', id])}>
        <Time at={at} withMs />
      </a>
    ),
  },
  {
    id: 'command',
    title: 'Command',
    widthPx: 170,
    cell: ({ command }) => <span title={command ?? undefined}>{commandInWords(command)}</span>,
  },
  {
    id: 'outcome',
    title: 'Outcome',
    widthPx: 190,
    cell: ({ outcome, command }) => (
      <span class={`badge ${outcome}`}>{outcomeInWords(outcome, command)}</span>
    ),
  },
  {
    id: 'group',
    title: 'Group',
    widthPx: 240,
    cell: ({ groupId }) => groupId && <a href={href(['groups', groupId])}>{groupId}</a>,
  },
  { id: 'platform', title: 'From', widthPx: 100, cell: ({ platform }) => platform ?? '–' },
  {
    id: 'bytes',
    title: 'Bytes',
    widthPx: 80,
    isNumber: true,
    cell: ({ bodyBytes }) => bodyBytes.toLocaleString('en'),
  },
];
