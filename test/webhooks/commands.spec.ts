import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import {
  type Body,
  createTopicBody,
  fixture,
  groupPath,
  OK,
  postCallback,
  topicPath,
} from '../support/callbacks.js';

const COMMUNITY = '@TGS#_@TGS#cQVLVHIM62CJ';
let mirror: TestApp;
beforeAll(async () => (mirror = await startApp()));
afterAll(() => mirror.close());

async function say(command: string, body: Body): Promise<void> {
  const answer = await postCallback(mirror.http, {
    CallbackCommand: `Group.Callback${command}`,
    Type: 'Community',
    ...body,
  });
  expect(`${answer.status} ${answer.text}`).toBe(`200 ${OK}`);
}

async function create(GroupId: string, TopicId: string, more: Body = {}): Promise<void> {
  await say('AfterCreateTopic', createTopicBody({ GroupId, TopicId, ...more }));
}

const topic = async (groupId: string, topicId: string): Promise<Body> =>
  (await mirror.http.get(topicPath(groupId, topicId)).expect(200)).body;
const group = async (groupId: string): Promise<Body> =>
  (await mirror.http.get(groupPath(groupId)).expect(200)).body;

describe('AfterTopicInfoChanged', () => {
  it('changes what it names and leaves the rest', async () => {
    await create('info', 't', { Name: 'before' });
    await say('AfterTopicInfoChanged', {
      GroupId: 'info',
      TopicId: 't',
      Operator_Account: 'editor',
      Introduction: 'intro',
      FaceUrl: '',
    });
    expect(await topic('info', 't')).toMatchObject({
      name: 'before',
      introduction: 'intro',
      faceUrl: '',
      notification: null,
      operatorAccount: 'editor',
      ownerAccount: 'leckie',
    });
    expect(await group('info')).toMatchObject({ state: 'hooked' });
  });

  it('finds the topic id inside GroupId', async () => {
    const topicId = '@TGS#_inside@TOPIC#_one';
    await create('@TGS#_inside', topicId);
    await say('AfterTopicInfoChanged', { GroupId: topicId, Name: 'renamed' });
    expect(await topic('@TGS#_inside', topicId)).toMatchObject({ name: 'renamed' });
  });

  it('marks the group stale when no topic is named', async () => {
    await create('@TGS#2J4SZEAEL', 't', { Name: 'before' });
    const answer = await mirror.http
      .post('/webhooks/im?SdkAppid=1400000000')
      .send(fixture('cb_after_topic_info_changed'));
    expect(answer.text).toBe(OK);
    expect(await topic('@TGS#2J4SZEAEL', 't')).toMatchObject({ name: 'before' });
    expect(await group('@TGS#2J4SZEAEL')).toMatchObject({ state: 'stale' });
  });

  it('tells a topic that nobody announced', async () => {
    await say('AfterTopicInfoChanged', { GroupId: 'early', TopicId: 't', Name: 'first heard' });
    expect(await topic('early', 't')).toMatchObject({ name: 'first heard', createdAt: null });
  });
});

describe('AfterTopicDestroyed', () => {
  it('leaves a tombstone of every topic of the list, also of one never seen', async () => {
    await create(COMMUNITY, `${COMMUNITY}@TOPIC#_TestTopic`);
    await mirror.http
      .post('/webhooks/im?SdkAppid=1400000000')
      .send(fixture('cb_after_topic_destroyed'))
      .expect(200, OK);
    for (const name of ['TestTopic', 'TestTopic_1']) {
      expect((await topic(COMMUNITY, `${COMMUNITY}@TOPIC#_${name}`)).deletedAt).not.toBeNull();
    }
    const list = await mirror.http.get(`${groupPath(COMMUNITY)}/topics`).expect(200);
    expect(list.body.data).toEqual([]);
    expect(await group(COMMUNITY)).toMatchObject({ topicCount: 0 });
  });

  it('takes 200 ids, repeated ones and a single text', async () => {
    const ids = Array.from({ length: 200 }, (_, index) => `t${index}`);
    await say('AfterTopicDestroyed', { GroupId: 'many', TopicIdList: [...ids, 't0', 't0'] });
    await say('AfterTopicDestroyed', { GroupId: 'many', TopicIdList: 'single' });
    const rows = await mirror.database.query<{ count: number }>(
      `select count(*)::int as count from topics where group_id = 'many' and deleted_at is not null`,
    );
    expect(rows[0]?.count).toBe(201);
  });

  it('asks for a second look when it names no topic, or one that cannot be', async () => {
    await say('AfterTopicDestroyed', { GroupId: 'none', TopicIdList: [] });
    await say('AfterTopicDestroyed', { GroupId: 'some', TopicIdList: [5, '', 'good'] });
    expect(await group('none')).toMatchObject({ state: 'stale' });
    expect(await group('some')).toMatchObject({ state: 'stale' });
    expect((await topic('some', 'good')).deletedAt).not.toBeNull();
  });
});

describe('callbacks about groups', () => {
  it('keep name and owner of a community', async () => {
    await say('AfterCreateGroup', { GroupId: 'c', Owner_Account: 'one', Name: 'Community' });
    await say('AfterGroupInfoChanged', { GroupId: 'c', Name: 'Renamed' });
    expect(await group('c')).toMatchObject({ name: 'Renamed', ownerAccount: 'one', topicCount: 0 });
  });

  it.each([
    'cb_after_create_group',
    'cb_after_group_info_changed',
    'cb_after_group_destroyed',
    'cb_after_change_group_owner',
  ])('leave other types of groups alone: %s', async (name) => {
    const body: Body = JSON.parse(fixture(name));
    const GroupId = `other-${name}`;
    await postCallback(mirror.http, { ...body, GroupId }).expect(200, OK);
    await mirror.http.get(groupPath(GroupId)).expect(404);
  });

  it('end every topic with their group', async () => {
    await create('@TGS#_ends', 'a');
    await create('@TGS#_ends', 'b');
    await say('AfterGroupDestroyed', { GroupId: '@TGS#_ends' });
    expect(await group('@TGS#_ends')).toMatchObject({ state: 'destroyed', topicCount: 0 });
    expect((await topic('@TGS#_ends', 'a')).deletedAt).not.toBeNull();
    const list = await mirror.http.get(`${groupPath('@TGS#_ends')}/topics`).expect(200);
    expect(list.body).toMatchObject({ data: [], group: { state: 'destroyed' } });
  });

  it('hand every topic over with their group', async () => {
    await create('handed', 'a');
    await say('AfterChangeGroupOwner', {
      GroupId: 'handed',
      OldOwner_Account: 'leckie',
      NewOwner_Account: 'heir',
    });
    expect(await topic('handed', 'a')).toMatchObject({ ownerAccount: 'heir' });
    expect(await group('handed')).toMatchObject({ ownerAccount: 'heir' });
  });

  it.each([1670574414123, '1670574414123'])('are dated by EventTime %p', async (EventTime) => {
    const GroupId = `dated-${typeof EventTime}`;
    await say('AfterGroupInfoChanged', { GroupId, Name: 'new' });
    await say('AfterGroupInfoChanged', { GroupId, Name: 'old', EventTime });
    expect(await group(GroupId)).toMatchObject({ name: 'new' });
  });
});

describe('deletion and return', () => {
  it('a late update revives nothing', async () => {
    await create('gone', 't');
    await say('AfterTopicDestroyed', { GroupId: 'gone', TopicIdList: ['t'] });
    await say('AfterTopicInfoChanged', { GroupId: 'gone', TopicId: 't', Name: 'late' });
    expect((await topic('gone', 't')).deletedAt).not.toBeNull();
  });

  it('a later creation revives an id the app chose, without its former fields', async () => {
    await create('back', 't', { Name: 'first', UserDefinedDataList: [{ Key: 'k', Value: 'v' }] });
    await say('AfterTopicDestroyed', { GroupId: 'back', TopicIdList: ['t'] });
    await create('back', 't', { Name: 'second' });
    expect(await topic('back', 't')).toMatchObject({
      name: 'second',
      userDefinedDataList: null,
      deletedAt: null,
    });
    expect(await group('back')).toMatchObject({ state: 'stale', topicCount: 1 });
  });

  it('a later creation does not revive an id the vendor made', async () => {
    const id = '@TGS#_@TGS#x@TOPIC#_@TOPIC#y';
    await create('@TGS#_@TGS#x', id);
    await say('AfterTopicDestroyed', { GroupId: '@TGS#_@TGS#x', TopicIdList: [id] });
    await create('@TGS#_@TGS#x', id);
    expect((await topic('@TGS#_@TGS#x', id)).deletedAt).not.toBeNull();
  });
});

describe('the history of a topic', () => {
  it('has one change for each thing that could be seen, with what was before and after', async () => {
    await create('history', 't', { Name: 'one' });
    await create('history', 't', { Name: 'one' });
    await say('AfterTopicInfoChanged', {
      GroupId: 'history',
      TopicId: 't',
      Operator_Account: 'editor',
      Name: 'two',
    });
    await say('AfterTopicDestroyed', { GroupId: 'history', TopicIdList: ['t'] });
    const rows = await mirror.database.query<Body>(
      `select kind, origin, operator_account, platform, before, after from changes
        where group_id = 'history' order by seq`,
    );
    expect(rows).toMatchObject([
      {
        kind: 'created',
        origin: 'callback',
        platform: 'RESTAPI',
        before: {},
        after: { name: 'one' },
      },
      {
        kind: 'updated',
        operator_account: 'editor',
        before: { name: 'one', operatorAccount: 'group_root' },
        after: { name: 'two', operatorAccount: 'editor' },
      },
      { kind: 'deleted', before: { deletedAt: null }, after: { deletedAt: expect.any(String) } },
    ]);
    expect(Object.keys(rows[1]?.after as object)).toEqual(['name', 'operatorAccount']);
  });
});
