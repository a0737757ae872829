import { useEffect, useRef, useState } from 'preact/hooks';
import { isAbort, topicAddress } from '../api/client.js';
import type { Change, Topic } from '../api/types.js';
import { href } from '../app/route.js';
import { useTitle } from '../app/title.js';
import { curlOf } from '../group/ask-the-api.js';
import { CopyButton } from '../parts/copy-button.js';
import { announce } from '../parts/live-region.js';
import { Problem } from '../parts/problem.js';
import { Time } from '../parts/time.js';
import { Value } from '../parts/value.js';
import { TOPIC_FIELDS } from '../parts/words.js';
import { History } from './history.js';
import { type HistoryState, NO_HISTORY, stateAfter, TopicHistory } from './topic-history.js';

interface TopicViewProps {
  readonly groupId: string;
  readonly topicId: string;
  readonly query: URLSearchParams;
}

export function TopicView({ groupId, topicId, query }: TopicViewProps) {
  const { history, readOn } = useHistory(groupId, topicId);
  const { topic, changes, isMore, seen, error } = history;
  const path = ['groups', groupId, 'topics', topicId];
  const asked = query.get('after');
  const seq = asked === null ? null : Number(asked);
  const past = topic && seq !== null ? stateAfter(topic, changes, seq) : null;
  const change = changes.find((one) => one.seq === seq);
  useTitle(topic?.name || topicId);
  useEffect(() => {
    if (topic && seq !== null && past === null && isMore) readOn(seq);
  }, [topic === null, seq]);
  return (
    <>
      <p class="crumbs">
        <a href={href(['groups'])}>Groups</a> / <a href={href(['groups', groupId])}>{groupId}</a>
      </p>
      <h1>{topic?.name || topicId}</h1>
      <Problem error={error} />
      {topic && (
        <div class="columns">
          <section aria-labelledby="fields">
            <h2 id="fields">{seq === null ? 'As it is now' : 'As it was'}</h2>
            {seq !== null && <PastNote change={change} seq={seq} now={href(path)} />}
            {(seq === null || past) && <Fields topic={past ?? topic} />}
            <Api groupId={groupId} topicId={topicId} asOf={change?.at ?? null} />
          </section>
          <History
            changes={changes}
            chosen={seq}
            seen={seen}
            hrefOf={(after) => href(path, new URLSearchParams({ after: String(after) }))}
            onMore={isMore ? () => readOn(null) : null}
          />
        </div>
      )}
      {!topic && !error && <p class="none">Loading…</p>}
    </>
  );
}

function PastNote({ change, seq, now }: { change: Change | undefined; seq: number; now: string }) {
  return (
    <p class="note">
      {change ? (
        <>
          After the change of <Time at={change.at} withMs />.{' '}
        </>
      ) : (
        `No change ${seq} of this topic is known, or it is no longer kept. `
      )}
      <a href={now}>As it is now</a>
    </p>
  );
}

const FIELDS = Object.keys(TOPIC_FIELDS) as (keyof Topic)[];

function Fields({ topic }: { topic: Topic }) {
  return (
    <dl class="fields">
      <div>
        <dt>Id</dt>
        <dd>
          <code>{topic.topicId}</code>
        </dd>
      </div>
      {FIELDS.map((field) => (
        <div key={field}>
          <dt>{TOPIC_FIELDS[field]}</dt>
          <dd>
            <Value field={field} value={topic[field]} />
          </dd>
        </div>
      ))}
      <div>
        <dt>Sequence number</dt>
        <dd>{topic.seq}</dd>
      </div>
    </dl>
  );
}

function Api({
  groupId,
  topicId,
  asOf,
}: {
  groupId: string;
  topicId: string;
  asOf: string | null;
}) {
  const path = topicAddress(groupId, topicId) + (asOf === null ? '' : `?asOf=${asOf}`);
  const url = new URL(path, document.baseURI).href;
  return (
    <p class="buttons">
      <CopyButton text={url}>Copy the API address</CopyButton>
      <CopyButton text={curlOf(url)}>Copy as curl</CopyButton>
    </p>
  );
}

function useHistory(groupId: string, topicId: string) {
  const [history, setHistory] = useState<HistoryState>(NO_HISTORY);
  const current = useRef<{ topic: TopicHistory; stop: AbortController } | null>(null);
  useEffect(() => {
    let seen = 0;
    const publish = (state: HistoryState): void => {
      if (state.seen > seen) announce('This topic has just changed');
      ({ seen } = state);
      setHistory(state);
    };
    const stop = new AbortController();
    const topic = new TopicHistory({ groupId, topicId }, publish);
    current.current = { topic, stop };
    void topic.run(stop.signal);
    return () => {
      stop.abort();
      topic.stop();
    };
  }, [groupId, topicId]);
  const readOn = (until: number | null): void => {
    const { topic, stop } = current.current ?? {};
    if (!topic || !stop) return;
    topic.readOn(until, stop.signal).catch((error: unknown) => {
      if (!isAbort(error)) throw error;
    });
  };
  return { history, readOn };
}
