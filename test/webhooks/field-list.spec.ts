// The one list of fields against the database, the history, the feed and the reading of both sides of the vendor.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readTopics } from '../../src/tencent/answers.js';
import type { Micros } from '../../src/topics/domain/event-time.js';
import {
  type FieldDeclaration,
  type FieldType,
  TOPIC_FIELDS,
} from '../../src/topics/domain/fields.js';
import { TopicsService } from '../../src/topics/write/topics.service.js';
import { startApp, type TestApp } from '../support/app.js';
import { postCallback, topicPath } from '../support/callbacks.js';
import { NO_CAUTION } from '../support/caution.js';

interface Sample {
  /** As the vendor sends it, as the column holds it, and as the API shows it. */
  readonly sent: unknown;
  readonly stored: unknown;
  readonly shown: unknown;
}

const plain = (value: string): Sample => ({ sent: value, stored: value, shown: value });
const list = (Value: string): Sample => ({
  sent: [{ Key: 'k', Value }],
  stored: [{ Key: 'k', Value }],
  shown: [{ key: 'k', value: Value }],
});
/** Of each type, what a callback says and what get_topic answers. */
const SAMPLES: Readonly<Record<FieldType, readonly [callback: Sample, answer: Sample]>> = {
  text: [plain('of a callback'), plain('of an answer')],
  groupType: [{ ...plain('Community'), sent: 'community' }, plain('Public')],
  boolean: [
    { sent: 'On', stored: true, shown: true },
    { sent: 'Off', stored: false, shown: false },
  ],
  customFields: [list('of a callback'), list('of an answer')],
};

const GROUP = '@TGS#_list';
let mirror: TestApp;
beforeAll(async () => (mirror = await startApp()));
afterAll(() => mirror.close());

const declarations = Object.entries<FieldDeclaration>(TOPIC_FIELDS);
const told = declarations.flatMap(([name, declaration]) =>
  declaration.vendorKeys.map((key) => ({ ...declaration, name, key })),
);

it('has a column of its own for each field', () => {
  const columns = declarations.map(([, { column }]) => column);
  expect(new Set(columns).size).toBe(columns.length);
});

describe.each(told)('$name, sent as $key', ({ name, column, type, key }) => {
  const topicId = `${name}-${key}`;
  const [callback, answer] = SAMPLES[type];

  it('is stored, and shows in the history and in the feed', async () => {
    await postCallback(mirror.http, {
      CallbackCommand: 'Group.CallbackAfterCreateTopic',
      GroupId: GROUP,
      TopicId: topicId,
      [key]: callback.sent,
    }).expect(200);
    expect(await storedIn(column, topicId)).toEqual(callback.stored);
    const { body: history } = await mirror.http.get(`${topicPath(GROUP, topicId)}/history`);
    expect(history.data[0].after).toMatchObject({ [name]: callback.shown });
    const { body: feed } = await mirror.http
      .get('/changes')
      .query({ after: history.data[0].seq - 1 });
    expect(feed.data[0].after).toMatchObject({ [name]: callback.shown });
  });

  it('is corrected by get_topic', async () => {
    await verify(topicId, { [key]: answer.sent });
    expect(await storedIn(column, topicId)).toEqual(answer.stored);
    const { body } = await mirror.http.get(`${topicPath(GROUP, topicId)}/history`);
    expect(body.data[0]).toMatchObject({
      origin: 'reconcile',
      before: { [name]: callback.shown },
      after: { [name]: answer.shown },
    });
  });
});

async function storedIn(column: string, topicId: string): Promise<unknown> {
  const [row] = await mirror.database.query<{ value: unknown }>(
    `select ${column} as value from topics where topic_id = $1`,
    [topicId],
  );
  return row?.value;
}

/** Applies an answer of get_topic about one topic. */
async function verify(topicId: string, info: Readonly<Record<string, unknown>>): Promise<void> {
  const at: Micros = Date.now() * 1000;
  const TopicInfo = { TopicId: topicId, ...info };
  const { topics } = readTopics({ TopicAndSelfInfo: [{ TopicInfo }] }, GROUP, at);
  const [row] = await mirror.database.query<{ batch: number }>('select batch::int from sequencer');
  await mirror.app.get(TopicsService).apply({
    changes: [
      {
        subject: 'snapshot',
        groupId: GROUP,
        at,
        requestBatch: row?.batch ?? 0,
        caution: NO_CAUTION,
        group: {},
        topics,
        only: new Set([topicId]),
      },
    ],
    origin: 'reconcile',
    arrivedAt: at,
    operatorAccount: null,
    platform: null,
  });
}
