// Answers that are old or empty, clocks that differ, dates of whole seconds, callbacks that are lost: whatever comes
// first, the mirror equals the vendor in the end, and says so only when it is true.
import { expect, it, jest } from '@jest/globals';
import supertest from 'supertest';
import { startSimulator } from '../../tools/simulator/simulator.js';
import { createDatabase } from '../support/database.js';
import { clockOffBy } from '../support/faketime.js';
import { live } from '../support/history.js';
import { startService } from '../support/process.js';
import { NO_LIMITS, SECRET_KEY } from '../support/vendor.js';
import { watchVerified } from '../support/verified.js';
import { differencesAfter, pages, settingsFor } from '../support/world.js';

// EVIDENCE_HISTORIES=10000 makes a long run of it, a history for each group; SEED repeats one.
const { EVIDENCE_HISTORIES, SEED } = process.env;
const seed = SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(SEED);
const isLong = EVIDENCE_HISTORIES !== undefined;
const GROUPS = isLong ? Number(EVIDENCE_HISTORIES) : 40;
const SECONDS = isLong ? GROUPS / 20 : 6;
const LAG_MS = isLong ? 5_000 : 1_500;
const SECOND_LOOK_SECONDS = isLong ? 6 : 2;
// Two glitches of one topic in a row are no glitch any more, for anybody.
const DELETIONS_WAIT_SECONDS = isLong ? 20 : 3;
const WALK_SECONDS = isLong ? 60 : 2;
// A walk, the time until a second look, and one that may have to be repeated for a glitch.
const WRONG_MS = (WALK_SECONDS + 3 * SECOND_LOOK_SECONDS) * 1000 + LAG_MS;
const EQUAL_WITHIN_MS = 2 * (WRONG_MS + DELETIONS_WAIT_SECONDS * 1000) + 10_000;
const TOKEN = 'token';

jest.setTimeout(SECONDS * 1000 + EQUAL_WITHIN_MS + 120_000);

it(`is verified only where it is true, and equals the vendor in the end (seed ${seed})`, async () => {
  /** Groups and topics that the vendor deleted at some time; all others it always had. */
  const deletions = new Set<unknown>();
  const simulator = await startSimulator({
    seed,
    secretKey: SECRET_KEY,
    limits: NO_LIMITS,
    callbackForm: { namesTopic: 'by TopicId' },
    callbackConcurrency: 4,
    callbackToken: TOKEN,
    onSent: ({ body }) => {
      if (body.CallbackCommand === 'Group.CallbackAfterGroupDestroyed') deletions.add(body.GroupId);
      if (Array.isArray(body.TopicIdList)) for (const id of body.TopicIdList) deletions.add(id);
    },
  });
  const database = await createDatabase();
  const env = {
    ...settingsFor(simulator),
    DATABASE_URL: database.url,
    IM_CALLBACK_TOKENS: TOKEN,
    RECONCILE_WITHIN_SECONDS: String(WALK_SECONDS),
    RECONCILE_SECOND_LOOK_SECONDS: String(SECOND_LOOK_SECONDS),
    RECONCILE_DELETIONS_WAIT_SECONDS: String(DELETIONS_WAIT_SECONDS),
    RECONCILE_DELETIONS_HOUR_PERCENT: '100',
  };
  // Ten seconds apart.
  const services = ['+5s', '-5s'].map((offset) => startService({ ...env, ...clockOffBy(offset) }));
  const watching = new AbortController();
  try {
    const urls = await Promise.all(services.map((service) => service.url));
    const [url = ''] = urls;
    simulator.sendTo(...urls);
    simulator.misbehave({
      callbacks: { drop: 0.05, repeat: 0.1, delayMs: 500 },
      rest: { glitch: isLong ? 0.01 : 0.05, lagMs: LAG_MS, error: 0.01, partial: 0.01, cut: 0.005 },
    });
    const watched = watchVerified(url, simulator, watching.signal);
    await live(simulator, {
      groups: GROUPS,
      seconds: SECONDS,
      deedsPerSecond: isLong ? 300 : 60,
    });
    await simulator.settled();
    simulator.misbehave({ rest: { glitch: 0, lagMs: 0 } });
    const left = await equal(url, simulator);
    watching.abort();
    expect(left).toEqual([]);
    expect((await watched).filter(({ ms }) => ms > WRONG_MS)).toEqual([]);
    expect(simulator.callbacks.delivered).toBeGreaterThan(30);
    const deleted = await database.query<{ group_id: string; topic_id: string }>(
      "select group_id, topic_id from changes where kind = 'deleted'",
    );
    expect(
      deleted.filter((row) => !deletions.has(row.group_id) && !deletions.has(row.topic_id)),
    ).toEqual([]);
  } finally {
    watching.abort();
    for (const { child } of services) child.kill('SIGKILL');
    await Promise.all(services.map(({ ended }) => ended));
    await simulator.close();
    await database.drop();
  }
});

/** Differences that are left when the time is over, and groups that are still not verified. */
async function equal(
  url: string,
  simulator: Awaited<ReturnType<typeof startSimulator>>,
): Promise<string[]> {
  const startedAt = performance.now();
  for (;;) {
    const left = [
      ...(await differencesAfter(0, { simulator, app: { http: supertest.agent(url) } }))
        .differences,
      ...(await unverified(url).catch((error: unknown) => [String(error)])),
    ];
    if (left.length === 0 || performance.now() - startedAt > EQUAL_WITHIN_MS) return left;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function unverified(url: string): Promise<string[]> {
  return (await pages(url, '/groups'))
    .filter(({ state }) => state !== 'verified' && state !== 'destroyed')
    .map(({ groupId, state, staleReason }) =>
      [groupId, 'is', state, staleReason].map(String).join(' '),
    );
}
