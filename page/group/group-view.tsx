import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { groupAddress } from '../api/client.js';
import type { Group } from '../api/types.js';
import { href, replaceQuery, withParameter } from '../app/route.js';
import { useTitle } from '../app/title.js';
import { useAnswer } from '../app/use-answer.js';
import { announce } from '../parts/live-region.js';
import { Problem } from '../parts/problem.js';
import { StateBadge } from '../parts/state-badge.js';
import { Ago, Time } from '../parts/time.js';
import { VirtualTable } from '../parts/virtual-table.js';
import { stateInWords } from '../parts/words.js';
import { AskTheApi } from './ask-the-api.js';
import { ColumnPicker } from './column-picker.js';
import { choices, columnsOf, defaultColumns } from './columns.js';
import { TopicFilters } from './topic-filters.js';
import { questionOf } from './question.js';
import { EMPTY_LIST, type ListState, MAX_TOPICS, TopicList, type TopicRow } from './topic-list.js';

const GROUP_POLL_MS = 5_000;
const COLUMNS = 'columns';

export function GroupView({ groupId, query }: { groupId: string; query: URLSearchParams }) {
  const group = useAnswer<Group>(groupAddress(groupId), GROUP_POLL_MS);
  const name = group.data?.name || groupId;
  useTitle(name);
  return (
    <>
      <p class="crumbs">
        <a href={href(['groups'])}>Groups</a>
      </p>
      <h1>{name}</h1>
      <Problem error={group.error} />
      {group.data && <GroupHead group={group.data} />}
      {group.error?.status !== 404 && <Topics groupId={groupId} query={query} />}
    </>
  );
}

function GroupHead({ group }: { group: Group }) {
  const { groupId, state, topicCount, ownerAccount, lastCallbackAt, verifiedAt, destroyedAt } =
    group;
  return (
    <>
      <p class="state">
        <StateBadge state={state} /> {stateInWords(group)}
      </p>
      <dl class="facts">
        <div>
          <dt>Id</dt>
          <dd>
            <code>{groupId}</code>
          </dd>
        </div>
        <div>
          <dt>Topics</dt>
          <dd>{topicCount}</dd>
        </div>
        <div>
          <dt>Owner</dt>
          <dd>{ownerAccount ?? <span class="none">unknown</span>}</dd>
        </div>
        <div>
          <dt>Last callback</dt>
          <dd>
            <Ago at={lastCallbackAt} />
          </dd>
        </div>
        <div>
          <dt>Verified</dt>
          <dd>
            <Ago at={verifiedAt} />
          </dd>
        </div>
        {destroyedAt !== null && (
          <div>
            <dt>Destroyed</dt>
            <dd>
              <Time at={destroyedAt} />
            </dd>
          </div>
        )}
      </dl>
    </>
  );
}

function Topics({ groupId, query }: { groupId: string; query: URLSearchParams }) {
  const question = questionOf(groupId, query);
  const { list, clearMarks } = useTopicList(question);
  const { rows, marked, isLoading, isCut, error } = list;
  const all = useMemo(() => choices(rows), [rows]);
  const names = all.map(({ id }) => id).join('\n');
  const chosen = query.get(COLUMNS) ?? defaultColumns(all, question.deleted).join(',');
  const columns = useMemo(() => columnsOf(all, new Set(chosen.split(','))), [names, chosen]);
  const set = (parameter: string, value: string | null): void =>
    replaceQuery(withParameter(query, parameter, value));
  return (
    <section>
      <h2>Topics</h2>
      <TopicFilters question={question} query={query} choices={all} />
      <Problem error={error} />
      <div class="bar">
        <p class="count">
          {rows.length} {rows.length === 1 ? 'topic' : 'topics'}
          {isLoading && ', loading…'}
          {isCut && ` of more: the first ${MAX_TOPICS} are shown; filter to see others`}
          {marked > 0 && `, ${marked} changed since you look `}
        </p>
        {marked > 0 && (
          <button type="button" class="small" onClick={clearMarks}>
            Clear the marks
          </button>
        )}
        <span class="spacer" />
        <ColumnPicker
          choices={all}
          chosen={chosen.split(',')}
          onChoose={(ids) => set(COLUMNS, ids.join(','))}
        />
        <AskTheApi question={question} />
      </div>
      <VirtualTable<TopicRow>
        label="Topics"
        rows={rows}
        columns={columns}
        keyOf={({ topic }) => topic.topicId}
        classOf={classOf}
        sort={question.sort}
        onSort={(sort) => set('sort', sort)}
        empty={isLoading ? 'Loading…' : 'No topic is like this.'}
      />
    </section>
  );
}

function classOf({ topic, mark }: TopicRow): string {
  return `${topic.deletedAt === null ? '' : 'deleted'} ${mark === null ? '' : 'marked'}`.trim();
}

function useTopicList(question: ReturnType<typeof questionOf>) {
  const [list, setList] = useState<ListState>(EMPTY_LIST);
  const current = useRef<TopicList | null>(null);
  const key = JSON.stringify(question);
  useEffect(() => {
    let marked = 0;
    const publish = (state: ListState): void => {
      if (state.marked > marked) announce(`${state.marked} topics changed since you look`);
      ({ marked } = state);
      setList(state);
    };
    const stop = new AbortController();
    const topics = new TopicList(question, publish);
    current.current = topics;
    void topics.run(stop.signal);
    return () => {
      stop.abort();
      topics.stop();
    };
  }, [key]);
  return { list, clearMarks: () => current.current?.clearMarks() };
}
