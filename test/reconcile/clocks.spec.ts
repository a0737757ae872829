// Processes whose clocks differ: what came before a question is told by the database.
import { describe, expect, it, jest } from '@jest/globals';
import { startSimulator } from '../../tools/simulator/simulator.js';
import { callbackId } from '../../src/journal/callback-id.js';
import { startApp, type TestApp } from '../support/app.js';
import { Backend } from '../support/backend.js';
import { createTopicBody, OK, postCallback } from '../support/callbacks.js';
import { createDatabase } from '../support/database.js';
import { clockOffBy, faketime } from '../support/faketime.js';
import { startService } from '../support/process.js';
import { until } from '../support/until.js';
import { NO_LIMITS, SECRET_KEY } from '../support/vendor.js';
import { differencesAfter, settingsFor } from '../support/world.js';

const GROUPS = 20;
const DAY_MS = 86_400_000;
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const PATIENCE_MS = 20_000;

jest.setTimeout(90_000);

const unless = faketime === undefined ? describe.skip : describe;

unless('with a second process whose clock is (needs libfaketime)', () => {
  it.each([
    ['three seconds behind', '-3s'],
    ['ten seconds ahead', '+10s'],
  ])('%s, every rename is shown', async (_clock, offset) => {
    const simulator = await startSimulator({
      seed: 1,
      secretKey: SECRET_KEY,
      limits: NO_LIMITS,
      callbackForm: { namesTopic: 'by TopicId' },
    });
    const env = settingsFor(simulator);
    const database = await createDatabase();
    const app = await startApp(env, database);
    const second = startService({
      ...env,
      DATABASE_URL: database.url,
      ...clockOffBy(offset),
    });
    try {
      const { vendor } = simulator;
      const other = await second.url;
      simulator.sendTo(app.url);
      const topics = Array.from({ length: GROUPS }, (_, index) => {
        const { groupId } = vendor.createGroup({ name: `Club ${index}` });
        const { topicId } = vendor.createTopic(groupId, { name: 'News' });
        return { groupId, topicId };
      });
      // Each is asked for, and right afterwards the other process is told of a rename.
      await until(async () => (await states(app)).every((state) => state === 'verified'));
      await simulator.settled();
      simulator.sendTo(other);
      for (const { groupId, topicId } of topics) {
        vendor.changeTopic(groupId, topicId, { name: 'Old news' });
      }
      await simulator.settled();
      const { differences } = await differencesAfter(PATIENCE_MS, { simulator, app });
      expect(differences).toEqual([]);
      const text = await (await fetch(`${other}/metrics`)).text();
      for (const clock of ['database', 'vendor']) {
        const skew = new RegExp(`clock_skew_seconds\\{of="${clock}"\\} (.*)`).exec(text)?.[1];
        expect(Math.abs(Number(skew) - Number.parseInt(offset))).toBeLessThan(1.5);
      }
      const { body } = await app.http.get('/groups');
      for (const { lastCallbackAt } of body.data) {
        expect(Date.parse(lastCallbackAt)).toBeLessThanOrEqual(Date.now());
      }
    } finally {
      second.child.kill('SIGKILL');
      await second.ended;
      await app.close();
      await simulator.close();
      await database.drop();
    }
  });
});

unless('a process whose clock is far ahead (needs libfaketime)', () => {
  it('neither removes what is not old, nor gives it up', async () => {
    const backend = await Backend.start();
    const env = { RELAY_URL: backend.url, JOURNAL_RETENTION_DAYS: '30' };
    const database = await createDatabase();
    const app = await startApp(env, database);
    await postCallback(app.http, createTopicBody({ GroupId: 'first' })).expect(200, OK);
    await until(() => backend.accepted.length === 1);
    await app.close();
    await database.query(`update relay set position = 0, callback_id = '${LAST_ID}'`);
    const old = callbackId((Date.now() - 31 * DAY_MS) * 1000);
    await database.query(
      `insert into callbacks (id, query, body, outcome, position) values ('${old}', '', '', 'unknown', 0)`,
    );
    const second = startService({ ...env, DATABASE_URL: database.url, ...clockOffBy('+400d') });
    try {
      const url = await second.url;
      const journal = () => database.query<{ id: string }>('select id::text from callbacks');
      await until(async () => (await journal()).every(({ id }) => id !== old));
      await until(() => backend.accepted.length === 2);
      expect(await journal()).toHaveLength(1);
      const { data } = (await (await fetch(`${url}/changes?after=0`)).json()) as {
        data: unknown[];
      };
      expect(data.length).toBeGreaterThan(0);
      expect(await (await fetch(`${url}/metrics`)).text()).toMatch(
        /^topicmirror_relay_given_up_total 0$/m,
      );
    } finally {
      second.child.kill('SIGKILL');
      await second.ended;
      await backend.close();
      await database.drop();
    }
  });
});

async function states(app: TestApp): Promise<string[]> {
  const { body } = await app.http.get('/groups');
  const found = body.data.map(({ state }: { state: string }) => state);
  return found.length === GROUPS ? found : ['not all are known'];
}
