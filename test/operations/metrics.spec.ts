import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { startSimulator } from '../../tools/simulator/simulator.js';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, postCallback } from '../support/callbacks.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type Scrape, scrape } from '../support/metrics.js';
import { type Proxy, startProxy } from '../support/proxy.js';
import { EventSource } from '../support/sse.js';
import { until } from '../support/until.js';
import { SECRET_KEY } from '../support/vendor.js';

// What a scraper adds to every sample.
const TARGET_LABELS = ['instance', 'job'];

let database: TestDatabase;
let proxy: Proxy;
let mirror: TestApp;
beforeAll(async () => {
  database = await createDatabase();
  proxy = await startProxy(database.url);
  mirror = await startApp({ DATABASE_URL: proxy.url }, database);
});
afterAll(async () => {
  proxy.set('pass');
  await mirror.close();
  await proxy.close();
  await database.drop();
});

const told = () => scrape(mirror.http);

/** How much figures grew while `work` ran. */
async function growthOf(work: () => Promise<unknown>) {
  const before = await told();
  await work();
  const after = await told();
  return (...[name, labels]: Parameters<Scrape['sum']>) =>
    after.sum(name, labels) - before.sum(name, labels);
}

// First: the figures of the mirror as a whole are as old as 15 s from the first scrape on.
it('groups are counted by state, as their own rows tell it', async () => {
  const group = (GroupId: string, command: string, more = {}) =>
    postCallback(mirror.http, {
      CallbackCommand: `Group.Callback${command}`,
      GroupId,
      Type: 'Community',
      Name: 'a',
      ...more,
    }).expect(200);
  for (const id of ['hooked1', 'hooked2', 'stale1', 'gone1', 'gone2', 'gone3']) {
    await postCallback(mirror.http, createTopicBody({ GroupId: id, TopicId: `${id}_t` }));
  }
  await group('stale1', 'AfterTopicInfoChanged');
  for (const id of ['gone1', 'gone2', 'gone3']) await group(id, 'AfterGroupDestroyed');
  const { body } = await mirror.http.get('/groups').expect(200);
  const states: string[] = body.data.map(({ state }: { state: string }) => state);
  const figures = await told();
  for (const state of ['verified', 'hooked', 'stale', 'destroyed']) {
    const count = states.filter((each) => each === state).length;
    expect([state, figures.sum('topicmirror_groups', { state })]).toEqual([state, count]);
  }
  expect(states.toSorted().join()).toBe('destroyed,destroyed,destroyed,hooked,hooked,stale');
  const latest = Math.max(...body.data.map(({ seq }: { seq: number }) => seq));
  expect(figures.sum('topicmirror_seq')).toBeGreaterThanOrEqual(latest);
});

describe('the figures', () => {
  it('tell of a callback: its outcome, its answer, its commit, its age', async () => {
    const EventTime = Date.now() - 100_000;
    const grown = await growthOf(() =>
      postCallback(mirror.http, createTopicBody({ GroupId: 'one', EventTime })).expect(200),
    );
    const command = 'Group.CallbackAfterCreateTopic';
    expect(grown('topicmirror_callbacks_total', { command, outcome: 'applied' })).toBe(1);
    expect(grown('topicmirror_callback_answer_seconds_count', { status: '2xx' })).toBe(1);
    expect(grown('topicmirror_callback_answer_seconds_count')).toBe(1);
    expect(grown('topicmirror_callback_answer_seconds_bucket', { le: '2' })).toBe(1);
    expect(grown('topicmirror_commit_seconds_count', { outcome: 'committed' })).toBe(1);
    expect(grown('topicmirror_commit_batch_size_sum')).toBe(1);
    expect(grown('topicmirror_event_lag_seconds_bucket', { le: '60' })).toBe(0);
    expect(grown('topicmirror_event_lag_seconds_bucket', { le: '300' })).toBe(1);
    expect(grown('topicmirror_event_lag_seconds_sum')).toBeGreaterThan(99);
    expect(grown('topicmirror_seq')).toBeGreaterThan(0);
    expect(grown('topicmirror_last_callback_timestamp_seconds')).toBeGreaterThan(0);
  });

  it('tell of a refused callback and its answer', async () => {
    const grown = await growthOf(() =>
      postCallback(mirror.http, createTopicBody(), { SdkAppid: '1' }).expect(403),
    );
    expect(grown('topicmirror_callbacks_rejected_total', { reason: 'wrong SdkAppid' })).toBe(1);
    expect(grown('topicmirror_callback_answer_seconds_count', { status: '4xx' })).toBe(1);
    expect(grown('topicmirror_last_callback_timestamp_seconds')).toBe(0);
  });

  it('tell of queries by their route', async () => {
    const grown = await growthOf(async () => {
      await mirror.http.get('/groups/one').expect(200);
      await mirror.http.get('/groups/two').expect(404);
      await mirror.http.get('/nowhere/at/all').expect(404);
    });
    const route = '/groups/:groupId';
    expect(grown('topicmirror_http_request_seconds_count', { route, status: '2xx' })).toBe(1);
    expect(grown('topicmirror_http_request_seconds_count', { route, status: '4xx' })).toBe(1);
    expect(grown('topicmirror_http_request_seconds_count', { route: 'none' })).toBe(1);
  });

  it('tell of a reader of the feed, as long as it reads', async () => {
    const before = await told();
    const reader = await EventSource.open(`${mirror.url}/changes?after=0`);
    const during = await told();
    expect(during.sum('topicmirror_feed_streams')).toBe(1);
    expect(during.sum('topicmirror_feed_readers')).toBe(1);
    reader.close();
    const after = await until(async () => {
      const now = await told();
      return now.sum('topicmirror_feed_readers') === 0 && now;
    });
    const ended = (figures: Scrape) =>
      figures.sum('topicmirror_feed_streams_ended_total', { reason: 'client' });
    expect(ended(after) - ended(before)).toBe(1);
  });

  it('tell of an outage, and of its end', async () => {
    const before = await told();
    expect(before.sum('topicmirror_database_up')).toBe(1);
    expect(before.sum('topicmirror_spool_records')).toBe(0);
    proxy.set('refuse');
    await Promise.all(
      ['a', 'b', 'c'].map((TopicId) =>
        postCallback(mirror.http, createTopicBody({ GroupId: 'away', TopicId })).expect(200),
      ),
    );
    const during = await told();
    expect(during.sum('topicmirror_database_up')).toBe(0);
    expect(during.sum('topicmirror_spool_records')).toBe(3);
    expect(during.sum('topicmirror_spool_bytes')).toBeGreaterThan(300);
    expect(during.sum('topicmirror_callbacks_total', { outcome: 'spooled' })).toBe(3);
    expect(during.sum('topicmirror_commit_seconds_count', { outcome: 'failed' })).toBeGreaterThan(
      before.sum('topicmirror_commit_seconds_count', { outcome: 'failed' }),
    );
    proxy.set('pass');
    await until(async () => {
      const now = await told();
      return now.sum('topicmirror_database_up') === 1 && now.sum('topicmirror_spool_records') === 0;
    });
  });

  it('tell of connections no more than there may be', async () => {
    await mirror.http.get('/groups').expect(200);
    const figures = await told();
    for (const [pool, max] of Object.entries({ write: 5, read: 5 })) {
      const most = figures.sum('topicmirror_database_connections_max', { pool });
      const open = figures.sum('topicmirror_database_connections', { pool });
      expect(most).toBe(max);
      expect(open).toBeLessThanOrEqual(most);
    }
    for (const pool of ['write', 'read']) {
      expect(figures.sum('topicmirror_database_connections', { pool })).toBeGreaterThan(0);
    }
  });

  it('tell the error code of the vendor', async () => {
    const simulator = await startSimulator({ seed: 1, secretKey: SECRET_KEY });
    const asking = await startApp({ IM_API_HOST: simulator.url, IM_SECRET_KEY: 'another' });
    try {
      await postCallback(asking.http, {
        ...createTopicBody(),
        CallbackCommand: 'Group.CallbackAfterTopicInfoChanged',
        TopicId: undefined,
      }).expect(200);
      const errors = await until(async () => {
        const { samples } = await scrape(asking.http);
        const found = samples.filter(({ name }) => name === 'topicmirror_rest_errors_total');
        return found.length > 0 && found;
      });
      expect(errors[0]?.labels.code).toMatch(/^7\d{4}$/);
      const { sum } = await scrape(asking.http);
      expect(sum('topicmirror_rest_calls_total', { outcome: 'failed' })).toBeGreaterThan(0);
    } finally {
      await asking.close();
      await simulator.close();
    }
  });

  it('have no labels that a sender can make up', async () => {
    const before = await told();
    const post = (command: string) =>
      postCallback(mirror.http, { CallbackCommand: command, GroupId: 'made up' });
    for (let index = 0; index < 5; index += 1) {
      await post(`Made.Up${index}`);
      await post(`Sns.MadeUp${index}`);
      await mirror.http.get(`/made/up/${index}`);
      await mirror.http.get(`/groups/made-up-${index}/topics?madeUp${index}=1`);
    }
    const { samples } = await told();
    expect(JSON.stringify(samples)).not.toMatch(/made.?up/i);
    const commands = samples
      .filter(({ name }) => name === 'topicmirror_callbacks_total')
      .map(({ labels }) => labels.command);
    expect(commands).toEqual(expect.arrayContaining(['other', 'Sns.*']));
    // Two commands, and the routes of the lists with one status class each.
    expect(samples.length - before.samples.length).toBeLessThan(60);
  });
});

describe('docs/operations.md', () => {
  it('has a row for every metric of the mirror, in the words of the service', async () => {
    const { families, samples } = await told();
    const rows = [
      ...readFileSync('docs/operations.md', 'utf8').matchAll(/^\| `(topicmirror_\w+)` .*$/gm),
    ];
    const documented = rows.map(([row]) => row.split('|').map((cell) => cell.trim()));
    const own = families.filter(({ name }) => name.startsWith('topicmirror_'));
    expect(documented.map(([, name, type, , help]) => [name, type, help]).toSorted()).toEqual(
      own.map(({ name, type, help }) => [`\`${name}\``, type, help]).toSorted(),
    );
    // This service has no vendor, so it has had no errors of it.
    const labelled = documented.filter(([, name]) => name !== '`topicmirror_rest_errors_total`');
    for (const [, name = '', type, labels] of labelled) {
      const family = name.replaceAll('`', '');
      const seen = samples
        .filter((sample) => familyOf(sample.name, type) === family)
        .flatMap((sample) => Object.keys(sample.labels))
        .filter((label) => label !== 'le');
      const known = [...(labels ?? '').matchAll(/`(\w+)`/g)].map(([, label]) => label);
      expect([family, [...new Set(seen)].toSorted()]).toEqual([family, known.toSorted()]);
    }
  });
});

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly labels: { readonly severity: string };
      readonly annotations: Readonly<Record<string, string>>;
    }[];
  }[];
}

describe.each([
  ['the dashboard', () => dashboardExpressions()],
  ['the alert rules', () => rules().map(({ expr }) => expr)],
])('%s', (_name, expressions) => {
  it('names only metrics, labels and values that the service has', async () => {
    const { families, samples } = await told();
    const used = expressions().flatMap(selectorsOf);
    expect(used.length).toBeGreaterThan(10);
    const wrong = used.filter(({ metric, matchers }) => {
      const family = families.find(({ name, type }) => familyOf(metric, type) === name);
      const ofMetric = samples.filter(({ name }) => name === metric);
      if (!family) return true;
      return !matchers.every(([label, isPattern, value]) => {
        if (TARGET_LABELS.includes(label)) return true;
        const known = ofMetric.map(({ labels }) => labels[label]);
        return (isPattern ? value.split('|') : [value]).every((each) => known.includes(each));
      });
    });
    expect(wrong).toEqual([]);
  });

  it('groups only by labels that the service has', async () => {
    const { samples } = await told();
    const known = new Set([...samples.flatMap(({ labels }) => Object.keys(labels)), 'code']);
    const used = expressions().flatMap((expression) =>
      [...expression.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, names = '']) =>
        names.split(',').map((name) => name.trim()),
      ),
    );
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((name) => !known.has(name) && !TARGET_LABELS.includes(name))).toEqual([]);
  });
});

it('every alert says how urgent it is, what happened and what to do', () => {
  const names = rules().map(({ alert }) => alert);
  expect(new Set(names).size).toBe(names.length);
  for (const { alert, labels, annotations } of rules()) {
    expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(page|ticket)$/)]);
    expect(Object.keys(annotations).toSorted()).toEqual(['description', 'summary']);
  }
});

function rules() {
  const file: Rules = parse(readFileSync('deploy/alerts.yml', 'utf8'), { uniqueKeys: true });
  return file.groups.flatMap((group) => group.rules);
}

function dashboardExpressions(): string[] {
  const found: string[] = [];
  JSON.parse(readFileSync('deploy/grafana-dashboard.json', 'utf8'), (key, value: unknown) => {
    if ((key === 'expr' || key === 'query') && typeof value === 'string') found.push(value);
    return value;
  });
  return found;
}

/** The metrics that a PromQL expression names, with the values it wants of their labels. */
function selectorsOf(expression: string) {
  const selectors = expression.matchAll(
    /\b((?:topicmirror|process|nodejs)_[a-z0-9_]+)(?:\{([^}]*)\})?/g,
  );
  return [...selectors].map(([, metric = '', matchers = '']) => ({
    metric,
    matchers: [...matchers.matchAll(/(\w+)=(~?)"([^"]*)"/g)].map(
      ([, label = '', tilde, value = '']) => [label, tilde === '~', value] as const,
    ),
  }));
}

function familyOf(sample: string, type: string | undefined): string {
  return type === 'histogram' ? sample.replace(/_(bucket|sum|count)$/, '') : sample;
}
