import { address, read } from '../api/client.js';
import type { Group, Page, SyncState } from '../api/types.js';
import { href, replaceQuery, withParameter } from '../app/route.js';
import { useTitle } from '../app/title.js';
import { type Source, useSource } from '../app/use-answer.js';
import { Problem } from '../parts/problem.js';
import { StateBadge } from '../parts/state-badge.js';
import { Ago } from '../parts/time.js';
import { type Column, VirtualTable } from '../parts/virtual-table.js';
import { STATES } from '../parts/words.js';

const POLL_MS = 3_000;
// A search looks through a part of the groups at a time, and may take many requests.
const SEARCH_POLL_MS = 15_000;
const MAX_REQUESTS = 20;
const MAX_GROUPS = 300;
const DEFAULT_SORT = '-seq';
const SORTS = {
  '-seq': 'latest change first',
  '-lastCallbackAt': 'latest callback first',
  lastCallbackAt: 'oldest callback first',
  name: 'name',
  groupId: 'id',
} as const;

export function GroupsView({ query }: { query: URLSearchParams }) {
  useTitle('Groups');
  const source = groupsBy(query);
  const { data, error, isLoading } = useSource(source, query.has('q') ? SEARCH_POLL_MS : POLL_MS);
  const sort = query.get('sort') ?? DEFAULT_SORT;
  const set = (name: string, value: string): void =>
    replaceQuery(withParameter(query, name, value === DEFAULT_SORT ? null : value));
  return (
    <>
      <h1>Groups</h1>
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label>
          Id or name
          <input
            type="search"
            value={query.get('q') ?? ''}
            onInput={(event) => set('q', event.currentTarget.value)}
          />
        </label>
        <label>
          State
          <select
            value={query.get('state') ?? ''}
            onChange={(event) => set('state', event.currentTarget.value)}
          >
            <option value="">any</option>
            {Object.entries(STATES).map(([state, words]) => (
              <option key={state} value={state}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <label>
          Order
          <select value={sort} onChange={(event) => set('sort', event.currentTarget.value)}>
            {Object.entries(SORTS).map(([name, words]) => (
              <option key={name} value={name}>
                {words}
              </option>
            ))}
          </select>
        </label>
      </form>
      <Problem error={error} />
      {data && (
        <>
          <p class="count">
            {data.isAll
              ? `${data.groups.length} ${data.groups.length === 1 ? 'group' : 'groups'}`
              : `The first ${data.groups.length} groups; search to see others`}
          </p>
          <VirtualTable
            label="Groups"
            rows={data.groups}
            columns={COLUMNS}
            keyOf={({ groupId }) => groupId}
            empty={
              isLoading ? 'Searching…' : <Empty isFiltered={query.has('q') || query.has('state')} />
            }
          />
        </>
      )}
      {!data && !error && <p class="none">Loading…</p>}
    </>
  );
}

function Empty({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <>No group is like this.</>;
  return (
    <>
      No group is known yet: a group appears with its first callback. The{' '}
      <a href={href(['status'])}>status</a> says how to send one.
    </>
  );
}

const COLUMNS: readonly Column<Group>[] = [
  {
    id: 'name',
    title: 'Group',
    widthPx: 260,
    cell: ({ groupId, name }) => <a href={href(['groups', groupId])}>{name || groupId}</a>,
  },
  { id: 'state', title: 'State', widthPx: 130, cell: ({ state }) => <StateBadge state={state} /> },
  {
    id: 'topics',
    title: 'Topics',
    widthPx: 80,
    isNumber: true,
    cell: ({ topicCount }) => topicCount,
  },
  {
    id: 'lastCallbackAt',
    title: 'Last callback',
    widthPx: 140,
    cell: ({ lastCallbackAt }) => <Ago at={lastCallbackAt} />,
  },
  {
    id: 'verifiedAt',
    title: 'Verified',
    widthPx: 140,
    cell: ({ verifiedAt }) => <Ago at={verifiedAt} />,
  },
  {
    id: 'ownerAccount',
    title: 'Owner',
    widthPx: 140,
    cell: ({ ownerAccount }) => ownerAccount ?? <span class="none">unknown</span>,
  },
  { id: 'groupId', title: 'Id', widthPx: 240, cell: ({ groupId }) => <code>{groupId}</code> },
];

interface Groups {
  readonly groups: readonly Group[];
  readonly isAll: boolean;
}

function groupsBy(query: URLSearchParams): Source<Groups> {
  const parameters = {
    q: query.get('q'),
    state: query.get('state') as SyncState | null,
    sort: query.get('sort') ?? DEFAULT_SORT,
    limit: MAX_GROUPS,
  };
  return {
    key: JSON.stringify(parameters),
    read: async (signal) => {
      const groups: Group[] = [];
      let cursor: string | null = null;
      for (let requests = 0; requests < MAX_REQUESTS; requests += 1) {
        const asked = cursor === null ? parameters : { cursor, limit: MAX_GROUPS };
        const page: Page<Group> = await read(address('groups', asked), signal);
        groups.push(...page.data);
        cursor = page.nextCursor;
        if (cursor === null || groups.length >= MAX_GROUPS) break;
      }
      return { groups: groups.slice(0, MAX_GROUPS), isAll: cursor === null };
    },
  };
}
