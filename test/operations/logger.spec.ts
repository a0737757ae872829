import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger, prettyLines } from '../../src/http/logger.js';
import { startApp, type TestApp } from '../support/app.js';
import { callbackQuery, createTopicBody, OK } from '../support/callbacks.js';

const CREATE = 'Group.CallbackAfterCreateTopic';

describe('the log', () => {
  let mirror: TestApp;
  beforeAll(async () => (mirror = await startApp()));
  afterAll(() => mirror.close());

  /** @returns the line that tells of this answer. */
  async function posted(command: string, body: object, query: object = {}) {
    const answer = await mirror.http
      .post('/webhooks/im')
      .query({ ...callbackQuery(command), ...query })
      .send(JSON.stringify({ ...body, CallbackCommand: command }));
    const requestId = String(answer.headers['x-request-id']);
    const lines = mirror.log.filter((line) => line.requestId === requestId);
    return { answer, requestId, lines };
  }

  it('has one line for each callback at debug, which tells what became of it', async () => {
    const topic = createTopicBody({
      GroupId: 'logged',
      TopicId: 't',
      EventTime: 1_700_000_000_000,
    });
    const outcomes: unknown[] = [];
    for (const [command, body] of [
      [CREATE, topic],
      [CREATE, topic],
      ['Group.CallbackBeforeCreateTopic', { GroupId: 'logged', Type: 'Community' }],
      ['C2C.CallbackAfterSendMsg', {}],
      ['Group.CallbackOfTomorrow', { GroupId: 'logged' }],
    ] as const) {
      const { answer, lines } = await posted(command, body);
      expect(answer.text).toBe(OK);
      expect(lines).toEqual([
        expect.objectContaining({
          level: 'debug',
          msg: 'answered',
          route: '/webhooks/im',
          status: 200,
          callback: expect.objectContaining({ id: expect.stringMatching(/^[\da-f-]{36}$/) }),
        }),
      ]);
      outcomes.push(lines[0]?.callback);
    }
    expect(outcomes).toMatchObject([
      { command: CREATE, groupId: 'logged', outcome: 'applied' },
      { command: CREATE, groupId: 'logged', outcome: 'unchanged' },
      { command: 'Group.CallbackBeforeCreateTopic', outcome: 'ignored' },
      { command: 'C2C.*', outcome: 'ignored' },
      { command: 'other', outcome: 'unknown' },
    ]);
  });

  it('tells of one that was refused that it was answered', async () => {
    const { answer, lines } = await posted(CREATE, { GroupId: 'logged' }, { SdkAppid: '1' });
    expect(answer.status).toBe(403);
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'answered', status: 403 }));
    expect(lines.filter(({ callback }) => callback !== undefined)).toEqual([]);
  });

  it('has one line for each batch at info', async () => {
    const before = mirror.log.length;
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        posted(CREATE, createTopicBody({ GroupId: 'batched', TopicId: `t${index}` })),
      ),
    );
    const batches = mirror.log.slice(before).filter(({ msg }) => msg === 'committed');
    expect(batches.length).toBeLessThan(40);
    for (const batch of batches) {
      expect(batch).toMatchObject({ level: 'info', context: 'Topics', ms: expect.any(Number) });
      expect(batch.changes).toBe(batch.sets);
    }
    expect(batches.reduce((total, { sets }) => total + Number(sets), 0)).toBe(40);
    const [topic] = await mirror.database.query<{ seq: string }>(
      'select max(seq) as seq from topics',
    );
    expect(batches.at(-1)?.seq).toBe(Number(topic?.seq));
  });
});

describe('the log on a terminal', () => {
  it('is made for people, and nobody can forge a line of it', async () => {
    let shown = '';
    const screen = new Writable({
      write(chunk, _encoding, done) {
        shown += String(chunk);
        done();
      },
    });
    const logger = createLogger({ logLevel: 'debug' }, await prettyLines(screen));
    logger.info({ context: 'Topics', sets: 3 }, 'committed');
    const forged = 'x\n[12:00:00.000] FATAL: \u001b[2Jforged';
    logger.debug({ callback: { groupId: forged }, key: forged }, 'answered');
    expect(shown).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: Topics: committed \{"sets":3\}\n\[/);
    expect(shown).not.toMatch(/^\[12:00/m);
    expect(shown).not.toContain('\u001b[2J');
  });
});
