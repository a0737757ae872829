import type { CallbackDetail } from '../api/types.js';
import { href } from '../app/route.js';
import { useTitle } from '../app/title.js';
import { useAnswer } from '../app/use-answer.js';
import { CopyButton } from '../parts/copy-button.js';
import { Diff } from '../parts/diff.js';
import { Problem } from '../parts/problem.js';
import { Time } from '../parts/time.js';
import { commandInWords, KINDS, outcomeInWords } from '../parts/words.js';
import { prettyJson } from './pretty-json.js';

export function CallbackView({ id }: { id: string }) {
  const { data, error } = useAnswer<CallbackDetail>(`callbacks/${encodeURIComponent(id)}`);
  useTitle('Callback');
  return (
    <>
      <p class="crumbs">
        <a href={href(['activity', 'callbacks'])}>Callbacks</a>
      </p>
      <h1>{data ? commandInWords(data.command) : 'Callback'}</h1>
      <Problem error={error} />
      {data && <Callback callback={data} />}
      {!data && !error && <p class="none">Loading…</p>}
    </>
  );
}

function Callback({ callback }: { callback: CallbackDetail }) {
  const { at, command, groupId, outcome, platform, query, answer } = callback;
  const body = callback.body === null ? callback.bodyBase64 : prettyJson(callback.body);
  return (
    <>
      <dl class="facts">
        <div>
          <dt>Outcome</dt>
          <dd>
            <span class={`badge ${outcome}`}>{outcomeInWords(outcome, command)}</span>
          </dd>
        </div>
        <div>
          <dt>Arrived</dt>
          <dd>
            <Time at={at} withMs />
          </dd>
        </div>
        <div>
          <dt>Command</dt>
          <dd>{command ?? '–'}</dd>
        </div>
        <div>
          <dt>Group</dt>
          <dd>{groupId === null ? '–' : <a href={href(['groups', groupId])}>{groupId}</a>}</dd>
        </div>
        <div>
          <dt>From</dt>
          <dd>{platform ?? '–'}</dd>
        </div>
        <div>
          <dt>Bytes</dt>
          <dd>{callback.bodyBytes.toLocaleString('en')}</dd>
        </div>
      </dl>
      <div class="columns">
        <section aria-labelledby="body">
          <h2 id="body">Body{callback.bodyBase64 !== null && ', not UTF-8: in base64'}</h2>
          <pre tabIndex={0}>{body || 'no body'}</pre>
          {body && (
            <p class="buttons">
              <CopyButton text={callback.body ?? body}>Copy as it came</CopyButton>
            </p>
          )}
          <h2>Query, without its signature</h2>
          <Query query={query} />
          <h2>Answer</h2>
          <p>HTTP status {answer.status}</p>
          <pre tabIndex={0}>{answer.body}</pre>
        </section>
        <Changes changes={callback.changes} />
      </div>
    </>
  );
}

function Query({ query }: { query: string }) {
  return (
    <dl class="fields">
      {[...new URLSearchParams(query)].map(([name, value], index) => (
        <div key={`${index} ${name}`}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Changes({ changes }: Pick<CallbackDetail, 'changes'>) {
  return (
    <section aria-labelledby="changes">
      <h2 id="changes">Changes it made</h2>
      {changes.length === 0 && <p class="none">None.</p>}
      <ol class="history">
        {changes.map((change) => (
          <li key={change.seq}>
            <p class="head">
              <span class={`badge ${change.kind}`}>{KINDS[change.kind]}</span>
              <a href={href(['groups', change.groupId, 'topics', change.topicId])}>
                {String(change.after.name ?? change.topicId)}
              </a>
            </p>
            <Diff change={change} />
          </li>
        ))}
      </ol>
    </section>
  );
}
