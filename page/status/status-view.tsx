import type { ComponentChildren } from 'preact';
import type { Finding, Status, SyncState } from '../api/types.js';
import { href } from '../app/route.js';
import { useTitle } from '../app/title.js';
import { useAnswer } from '../app/use-answer.js';
import { Problem } from '../parts/problem.js';
import { Ago, Time } from '../parts/time.js';
import { KINDS, OUTCOMES, STATES } from '../parts/words.js';
import { FirstCallback } from './first-callback.js';

const POLL_MS = 3_000;
const KIB = 1024;

export function StatusView() {
  const { data, error } = useAnswer<Status>('status', POLL_MS);
  useTitle('Status');
  return (
    <>
      <h1>Status</h1>
      <Problem error={error} />
      {data && (
        <>
          {data.callbacks.any === false && <FirstCallback status={data} />}
          <Findings findings={data.findings} />
          <div class="cards">
            <Service status={data} />
            <Callbacks status={data} />
            <Groups status={data} />
            <Vendor status={data} />
            <Database status={data} />
            <Relay status={data} />
          </div>
        </>
      )}
      {!data && !error && <p class="none">Loading…</p>}
    </>
  );
}

function Findings({ findings }: { findings: readonly Finding[] }) {
  if (findings.length === 0) return <p class="good">Nothing needs attention.</p>;
  return (
    <section aria-labelledby="findings">
      <h2 id="findings">Needs attention</h2>
      <ul class="findings">
        {findings.map(({ level, code, message, advice }) => (
          <li key={code} class={level}>
            <span class={`badge ${level}`}>{level}</span>
            <div>
              <p>{message}</p>
              {advice !== null && <p class="advice">{advice}</p>}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

const READINESS = {
  ready: 'ready',
  starting: 'starting: PostgreSQL has not answered yet',
  draining: 'stopping',
} as const;

function Service({ status }: { status: Status }) {
  return (
    <Card title="Service">
      <Fact name="State">{READINESS[status.status]}</Fact>
      <Fact name="Version">{status.version}</Fact>
      <Fact name="Running since">
        <Time at={status.startedAt} />
      </Fact>
      <Fact name="Mode">{status.production ? 'production' : 'development'}</Fact>
      <Fact name="App id">{status.sdkAppId}</Fact>
      <Fact name="Subscribers of the feed">{status.feed.subscribers}</Fact>
    </Card>
  );
}

function Callbacks({ status: { callbacks, rejections } }: { status: Status }) {
  const refused = rejections.byReason.reduce((sum, { count }) => sum + count, 0);
  return (
    <Card title="Callbacks">
      <Fact name="Last one">
        <Ago at={callbacks.lastAt} />
      </Fact>
      <Fact name="Signature">{callbacks.signed ? 'required' : 'not checked'}</Fact>
      <Fact name="Received since the start">{callbacks.received.total.toLocaleString('en')}</Fact>
      {callbacks.received.byOutcome
        .filter(({ count }) => count > 0)
        .map(({ outcome, count }) => (
          <Fact key={outcome} name={`… ${OUTCOMES[outcome]}`}>
            {count.toLocaleString('en')}
          </Fact>
        ))}
      <Fact name="Refused since the start">
        <a href={href(['activity', 'refused'])}>{refused.toLocaleString('en')}</a>
      </Fact>
    </Card>
  );
}

function Groups({ status: { groups, oldestVerifiedAt } }: { status: Status }) {
  if (groups === null) return <Unavailable title="Groups" />;
  return (
    <Card title="Groups">
      {(Object.keys(STATES) as SyncState[]).map((state) => (
        <Fact key={state} name={<span class={`badge ${state}`}>{STATES[state]}</span>}>
          <a href={href(['groups'], new URLSearchParams({ state }))}>
            {groups[state].toLocaleString('en')}
          </a>
        </Fact>
      ))}
      <Fact name="Oldest verification">
        <Ago at={oldestVerifiedAt} />
      </Fact>
    </Card>
  );
}

function Vendor({ status: { restApi, repairsToday } }: { status: Status }) {
  const { configured, reachable, lastOkAt, lastErrorAt, lastError } = restApi;
  return (
    <Card title="Reconciliation">
      <Fact name="REST API of Tencent Cloud Chat">
        {configured
          ? reachable === null
            ? 'not asked yet'
            : reachable
              ? 'answers'
              : 'fails'
          : 'not set'}
      </Fact>
      {configured && (
        <Fact name="Last answer">
          <Ago at={lastOkAt} />
        </Fact>
      )}
      {lastErrorAt !== null && (
        <Fact name="Last failure">
          <Ago at={lastErrorAt} />
          {lastError !== null && <span class="text">: {lastError}</span>}
        </Fact>
      )}
      {repairsToday?.map(({ kind, count }) => (
        <Fact key={kind} name={`Repaired today: ${KINDS[kind]}`}>
          {count.toLocaleString('en')}
        </Fact>
      ))}
    </Card>
  );
}

function Database({ status: { database, spool } }: { status: Status }) {
  const { up, version, replica } = database;
  return (
    <Card title="Database">
      <Fact name="PostgreSQL">
        {up ? `${version ?? ''} up`.trim() : 'away: callbacks go to disk'}
      </Fact>
      {replica && (
        <Fact name="Replica">
          {replica.up ? `up, ${replica.lagSeconds ?? 0} s behind` : 'away: the primary is read'}
        </Fact>
      )}
      <Fact name="Callbacks waiting on disk">
        {spool.records.toLocaleString('en')} ({bytes(spool.bytes)} of {bytes(spool.maxBytes)})
      </Fact>
      {spool.damaged > 0 && <Fact name="Damaged records">{spool.damaged}</Fact>}
      {spool.setAsideFiles > 0 && <Fact name="Files set aside">{spool.setAsideFiles}</Fact>}
    </Card>
  );
}

function Relay({ status: { relay } }: { status: Status }) {
  if (!relay.configured) return null;
  if (relay.waiting === null) return <Unavailable title="Relay" />;
  return (
    <Card title="Relay">
      <Fact name="State">{relay.running === true ? 'relays callbacks' : 'no process relays'}</Fact>
      <Fact name="Callbacks waiting for the backend">{relay.waiting.toLocaleString('en')}</Fact>
      {relay.oldestAt !== null && (
        <Fact name="Oldest of them">
          <Ago at={relay.oldestAt} />
        </Fact>
      )}
      {relay.setAside !== null && relay.setAside > 0 && (
        <Fact name="Groups set aside">{relay.setAside.toLocaleString('en')}</Fact>
      )}
    </Card>
  );
}

function Card({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="card">
      <h2>{title}</h2>
      <dl>{children}</dl>
    </section>
  );
}

function Unavailable({ title }: { title: string }) {
  return (
    <section class="card">
      <h2>{title}</h2>
      <p class="none">Not known while the database is away.</p>
    </section>
  );
}

function Fact({ name, children }: { name: ComponentChildren; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  const power = Math.min(count < 1 ? 0 : Math.floor(Math.log2(count) / 10), units.length - 1);
  return `${Number((count / KIB ** power).toPrecision(3))} ${units[power]}`;
}
