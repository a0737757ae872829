// A change set that cannot be reduced is its own fault: those beside it are committed.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { ChangeSet } from '../../src/topics/domain/change.js';
import { TopicsService } from '../../src/topics/write/topics.service.js';
import { NO_CAUTION } from '../support/caution.js';
import { startApp, type TestApp } from '../support/app.js';
import { createTopicBody, OK, postCallback, topicPath } from '../support/callbacks.js';

// Beyond what a Date can hold, as is a date of 15 digits of seconds.
const NO_DATE = 999_999_999_999_999 * 1e6;

let mirror: TestApp;
let topics: TopicsService;
beforeAll(async () => {
  mirror = await startApp();
  topics = mirror.app.get(TopicsService);
});
afterAll(() => mirror.close());

function faultyAnswer(groupId: string): ChangeSet {
  const at = Date.now() * 1000;
  return {
    changes: [
      {
        subject: 'snapshot',
        groupId,
        at,
        requestBatch: 0,
        caution: NO_CAUTION,
        group: { name: 'of the vendor' },
        topics: [{ topicId: 'undated', createdAt: NO_DATE, fields: { name: 'x' } }],
      },
    ],
    origin: 'reconcile',
    arrivedAt: at,
    operatorAccount: null,
    platform: null,
  };
}

function faultyCallback(topicId: string): ChangeSet & { readonly entry: { readonly id: string } } {
  const at = Date.now() * 1000;
  return {
    changes: [
      {
        subject: 'topic',
        kind: 'created',
        groupId: 'f',
        topicId,
        at: -NO_DATE,
        precision: 1,
        fields: {},
      },
    ],
    origin: 'callback',
    arrivedAt: at,
    operatorAccount: null,
    platform: null,
    entry: {
      id: randomUUID(),
      command: 'Group.CallbackAfterCreateTopic',
      groupId: 'f',
      query: '',
      body: Buffer.from('{}'),
      otherwise: 'unchanged',
    },
  };
}

const post = (TopicId: string) =>
  postCallback(mirror.http, createTopicBody({ GroupId: 'f', TopicId })).expect(200, OK);

it('an answer of the vendor that cannot be reduced fails alone', async () => {
  for (let round = 0; round < 5; round += 1) {
    const faulty = topics.apply(faultyAnswer(`g${round}`)).then(
      () => 'applied',
      (error: { code?: string }) => error.code,
    );
    await Promise.all(Array.from({ length: 20 }, (_, index) => post(`t${round}-${index}`)));
    expect(await faulty).toBe('ITEM_FAULT');
  }
  const [row] = await mirror.database.query(
    `select count(*)::int as topics from topics where group_id = 'f'`,
  );
  expect(row).toEqual({ topics: 100 });
});

it('a callback that cannot be reduced is journalled as invalid, also while another process writes', async () => {
  const faulty = Array.from({ length: 3 }, (_, index) => faultyCallback(`faulty${index}`));
  const applied = await Promise.all([
    ...faulty.map((set) => topics.apply(set)),
    ...Array.from({ length: 10 }, (_, index) => post(`beside${index}`)),
  ]);
  expect(applied.slice(0, 3)).toEqual(faulty.map(() => ({ outcome: 'invalid', seqs: null })));
  // A batch of another process.
  await mirror.database.query('update sequencer set batch = batch + 1');
  const [alone] = await Promise.all([topics.apply(faultyCallback('alone')), post('beside-alone')]);
  expect(alone?.outcome).toBe('invalid');
  const rows = await mirror.database.query(
    `select outcome from callbacks where id = any ($1::uuid[])`,
    [faulty.map(({ entry }) => entry.id)],
  );
  expect(rows).toEqual(faulty.map(() => ({ outcome: 'invalid' })));
  await mirror.http.get(topicPath('f', 'beside9')).expect(200);
  await mirror.http.get(topicPath('f', 'beside-alone')).expect(200);
  await mirror.http.get(topicPath('f', 'faulty0')).expect(404);
});

it('what is previewed or compared leaves out what cannot be reduced', async () => {
  await post('previewed');
  const good = { ...faultyCallback('x').changes[0], topicId: 'new', at: Date.now() * 1000 };
  const { entry: _, ...set } = faultyCallback('y');
  const sets = [set, { ...set, changes: [good] }, set] as ChangeSet[];
  const { changes } = await topics.preview(sets);
  expect(changes.map(({ topicId }) => topicId)).toEqual(['new']);
  const compared = await topics.compare(sets);
  expect(compared.compared).toBe(1);
});
