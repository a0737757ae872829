import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { GroupTopics } from '../../src/tencent/answers.js';
import { readGroupPage, readGroups, readTopics } from '../../src/tencent/answers.js';
import { isWire, parseExact, type Wire } from '../../src/tencent/wire.js';
import type { RestFault } from '../../tools/simulator/mischief.js';
import { fixture } from '../support/callbacks.js';
import { createClient, SECRET_KEY, startVendor, type TestVendor } from '../support/vendor.js';

const GROUP = '@TGS#_club/1 %+';
const TOPIC = `${GROUP}@TOPIC#_news`;

let vendor: TestVendor;
beforeAll(async () => {
  vendor = await startVendor();
});
afterAll(() => vendor.simulator.close());
afterEach(() => {
  for (const groupId of vendor.simulator.vendor.groups.keys()) {
    vendor.simulator.vendor.destroyGroup(groupId);
  }
});

describe('the topics of a group', () => {
  it('are told in the words of the mirror', async () => {
    const { vendor: state } = vendor.simulator;
    state.createGroup({ groupId: GROUP });
    state.createTopic(GROUP, {
      topicId: TOPIC,
      name: 'News 新闻',
      introduction: 'intro',
      notification: '',
      faceUrl: 'http://face',
      customString: '\0{"a":1}',
      createTime: 1_658_839_448,
    });
    state.changeTopic(GROUP, TOPIC, { muteAllMember: true });
    const before = Date.now() * 1000;
    const answer = await vendor.client.getTopics(GROUP);
    expect(answer).toEqual({
      kind: 'topics',
      requestedAt: expect.any(Number),
      isComplete: true,
      failed: [],
      topics: [
        {
          topicId: TOPIC,
          createdAt: 1_658_839_448_000_000,
          fields: {
            name: 'News 新闻',
            introduction: 'intro',
            notification: '',
            faceUrl: 'http://face',
            customString: '\uFFFD{"a":1}',
            muteAllMember: true,
          },
        },
      ],
    });
    expect(answer.requestedAt).toBeGreaterThanOrEqual(before);
    expect(answer.requestedAt).toBeLessThanOrEqual(Date.now() * 1000);
  });

  it('are read from the documented answer', () => {
    const groupId = '@TGS#_@TGS#cQVLVHIM62CJ';
    const { topics, isComplete } = readTopics(wireOf('rest_get_topic_resp_full'), groupId, 7);
    expect(isComplete).toBe(true);
    expect(topics[0]?.fields).toMatchObject({ name: 'TestTopicName', muteAllMember: false });
  });

  it('are read from the older form too', async () => {
    create(2, { muteAllMember: true });
    vendor.simulator.fault('get_topic', { kind: 'old form' });
    const { topics } = topicsOf(await vendor.client.getTopics(GROUP));
    expect(topics.map((topic) => topic.fields.muteAllMember)).toEqual([true, true]);
  });

  it('are not complete when an item has an error of its own', async () => {
    create(4);
    vendor.simulator.fault('get_topic', { kind: 'partial', code: 10002 });
    const answer = topicsOf(await vendor.client.getTopics(GROUP));
    expect(answer).toMatchObject({ isComplete: false });
    expect(answer.topics).toHaveLength(2);
    expect(answer.failed).toEqual([
      { topicId: null, vendorCode: 10002 },
      { topicId: null, vendorCode: 10002 },
    ]);
  });

  it('are complete without those that the vendor calls deleted', async () => {
    create(4);
    vendor.simulator.fault('get_topic', { kind: 'partial', code: 110003 });
    const answer = topicsOf(await vendor.client.getTopics(GROUP));
    expect(answer).toMatchObject({ isComplete: true, failed: [] });
    expect(answer.topics).toHaveLength(2);
  });

  it.each([
    ['the list is missing', {}],
    ['an item is of another group', { TopicAndSelfInfo: [item({ GroupID: 'other' })] }],
    ['an item has no id', { TopicAndSelfInfo: [item({ TopicId: undefined })] }],
    ['an item is no object', { TopicAndSelfInfo: [item({}), 7] }],
    ['a topic is told twice', { TopicAndSelfInfo: [item({}), item({ TopicName: 'other' })] }],
    [
      'a topic that is told is called deleted',
      { TopicAndSelfInfo: [{ ...item({ TopicName: 'here' }), ErrorCode: 110003 }] },
    ],
  ])('are not complete when %s', (_, wire) => {
    expect(readTopics(wire, GROUP, 7).isComplete).toBe(false);
  });

  it('come in parts when they are more than one answer holds', async () => {
    create(130, { customString: '\u0001'.repeat(2000) });
    const { topics, isComplete } = topicsOf(await vendor.client.getTopics(GROUP));
    expect(isComplete).toBe(true);
    expect(new Set(topics.map((topic) => topic.topicId))).toEqual(
      new Set(vendor.simulator.vendor.group(GROUP).topics.keys()),
    );
    expect(topics.every((topic) => topic.fields.customString?.length === 2000)).toBe(true);
  });

  it('come in halves when a portion is more than one answer holds', async () => {
    create(130);
    const tooLarge = { kind: 'error', code: 10018 } as const;
    const fine = { kind: 'old form' } as const;
    // The whole, the ids, the first portion and its first half.
    vendor.simulator.fault('get_topic', tooLarge, fine, tooLarge, tooLarge);
    const { topics, isComplete } = topicsOf(await vendor.client.getTopics(GROUP));
    expect(isComplete).toBe(true);
    expect(topics).toHaveLength(130);
  });

  it('are not complete when a part is not', async () => {
    create(130, { customString: '\u0001'.repeat(2000) });
    const good = { kind: 'old form' } as const;
    vendor.simulator.fault('get_topic', good, good, { kind: 'partial', code: 10002 });
    expect(topicsOf(await vendor.client.getTopics(GROUP)).isComplete).toBe(false);
  });

  it('do not exist in a community without them, in a group that is gone, under a bad id', async () => {
    vendor.simulator.vendor.createGroup({ groupId: GROUP, supportsTopics: false });
    expect(await vendor.client.getTopics(GROUP)).toMatchObject({ kind: 'without topics' });
    vendor.simulator.vendor.destroyGroup(GROUP);
    expect(await vendor.client.getTopics(GROUP)).toMatchObject({ kind: 'gone' });
    expect(await vendor.client.getTopics('ü')).toMatchObject({ kind: 'bad id' });
  });
});

describe('the communities of the app', () => {
  it('come page by page, though Next is larger than a double holds', async () => {
    const { vendor: state } = vendor.simulator;
    const made = Array.from({ length: 5 }, () => state.createGroup().groupId);
    state.createGroup({ type: 'Public' });
    const seen: string[] = [];
    const nexts: bigint[] = [];
    let next = 0n;
    do {
      const page = await vendor.client.listCommunities({ next, limit: 2 });
      expect(page.total).toBe(5);
      seen.push(...page.groupIds);
      nexts.push((next = page.next));
    } while (next !== 0n);
    expect(seen).toEqual(made);
    expect(nexts[0]).toBeGreaterThan(2n ** 63n);
    expect(nexts).toHaveLength(3);
  });

  it('are read from the documented answer', () => {
    expect(readGroupPage(wireOf('rest_get_appid_group_list_resp'))).toEqual({
      groupIds: ['@TGS#2J4SZEAEL', '@TGS#2C5SZEAEF'],
      next: 4_454_685_361n,
      total: 2,
    });
  });

  it.each([
    ['{"GroupIdList":[{"GroupId":"a"}]}', ['a']],
    ['{"GroupIdList":[{"GroupId":"a"}],"Next":null}', ['a']],
    ['{"Next":0}', []],
    ['{"GroupIdList":null,"Next":0,"TotalCount":0}', []],
    ['{"TotalCount":0}', []],
  ])('are read from %s as far as it goes', (json, groupIds) => {
    expect(readGroupPage(JSON.parse(json))).toMatchObject({ groupIds, next: 0n });
  });

  it.each(['{"GroupIdList":7,"Next":0}', '{"Next":"x"}', '{"GroupIdList":[{}],"Next":0}'])(
    'are not taken from %s',
    (json) => {
      expect(readGroupPage(JSON.parse(json))).toBeNull();
    },
  );

  it('are asked for in smaller pages when the answer is too large', async () => {
    const { groupId } = vendor.simulator.vendor.createGroup();
    vendor.simulator.fault('get_appid_group_list', { kind: 'error', code: 10018 });
    const page = await vendor.client.listCommunities({ next: 0n, limit: 4 });
    expect(page.groupIds).toEqual([groupId]);
  });
});

describe('long integers', () => {
  it.each([
    ['{"Next":18446744073709551615}', { Next: '18446744073709551615' }],
    ['{"a":"Next\\":12345678901234567890"}', { a: 'Next":12345678901234567890' }],
    ['[12345678901234567890,1.5,-3e2,7]', ['12345678901234567890', 1.5, -300, 7]],
  ])('keep their digits in %s', (json, value) => {
    expect(parseExact(json)).toEqual(value);
  });
});

describe('groups', () => {
  it('are told 50 a call, one answer for each that was asked for', async () => {
    const { vendor: state } = vendor.simulator;
    const ids = Array.from({ length: 60 }, (_, n) => {
      return state.createGroup({ name: `G${n}`, ownerAccount: 'ada' }).groupId;
    });
    state.destroyGroup(ids[55] ?? '');
    const calls = vendor.simulator.calls.get_group_info ?? 0;
    const answers = await vendor.client.getGroups([...ids, 'ü']);
    expect(vendor.simulator.calls.get_group_info).toBe(calls + 2);
    expect(answers.map((answer) => answer.groupId)).toEqual([...ids, 'ü']);
    expect(answers[0]).toEqual({
      kind: 'group',
      groupId: ids[0],
      createdAt: expect.any(Number),
      fields: { name: 'G0', type: 'Community', ownerAccount: 'ada' },
    });
    expect(answers[55]).toEqual({ kind: 'gone', groupId: ids[55] });
    expect(answers[60]).toEqual({ kind: 'failed', groupId: 'ü', vendorCode: 10015 });
  });

  it('that an answer calls gone and tells all the same are not called gone', () => {
    const told = { GroupId: GROUP, ErrorCode: 10010, Name: 'here', Type: 'Community' };
    expect(readGroups({ GroupInfo: [told] }, [GROUP])).toMatchObject([{ kind: 'failed' }]);
    const twice = [
      { GroupId: GROUP, Name: 'a' },
      { GroupId: GROUP, ErrorCode: 10010 },
    ];
    expect(readGroups({ GroupInfo: twice }, [GROUP])).toMatchObject([{ kind: 'failed' }]);
  });

  it('that an answer lacks are not called gone', async () => {
    const { groupId } = vendor.simulator.vendor.createGroup();
    vendor.simulator.fault('get_group_info', { kind: 'omitted' });
    expect(await vendor.client.getGroups([groupId])).toEqual([
      { kind: 'failed', groupId, vendorCode: null },
    ]);
  });
});

describe('a call', () => {
  it.each<[string, RestFault]>([
    ['the vendor says try again', { kind: 'error', code: 10002 }],
    ['the vendor timed out', { kind: 'error', code: 60008 }],
    ['a proxy answers 502', { kind: 'status', status: 502 }],
    ['the answer is cut short', { kind: 'truncated' }],
    ['the connection breaks', { kind: 'cut' }],
    ['nobody answers', { kind: 'silent' }],
    ['the answer says FAIL, without an error', { kind: 'fail' }],
  ])('is made again when %s', async (_, fault) => {
    create(1);
    const client = createClient(vendor.simulator.url, { retry: { timeoutMs: 300 } });
    const calls = topicCalls();
    vendor.simulator.fault('get_topic', fault, fault);
    expect(topicsOf(await client.getTopics(GROUP)).topics).toHaveLength(1);
    expect(topicCalls()).toBe(calls + 3);
  });

  it('ends in an error when patience does', async () => {
    const client = createClient(vendor.simulator.url, { retry: { attempts: 3 } });
    const calls = topicCalls();
    const fault: RestFault = { kind: 'error', code: 10002 };
    vendor.simulator.fault('get_topic', fault, fault, fault);
    await expect(client.getTopics(GROUP)).rejects.toMatchObject({
      code: 'VENDOR_UNAVAILABLE',
      command: 'get_topic',
      attempts: 3,
      message: expect.stringContaining('error 10002'),
    });
    expect(topicCalls()).toBe(calls + 3);
  });

  it('is made with a new UserSig, once, when the vendor calls it expired', async () => {
    create(1);
    const client = createClient(vendor.simulator.url);
    vendor.simulator.fault('get_topic', { kind: 'error', code: 70001 });
    expect(topicsOf(await client.getTopics(GROUP)).topics).toHaveLength(1);

    const calls = topicCalls();
    const expired: RestFault = { kind: 'error', code: 70001 };
    vendor.simulator.fault('get_topic', expired, expired);
    await expect(client.getTopics(GROUP)).rejects.toMatchObject({ code: 'VENDOR_ALARM' });
    expect(topicCalls()).toBe(calls + 2);
  });

  it.each([10006, 60007, 60011, 60018, 60019])(
    'waits, and lets all others wait, when the vendor says %i: too many',
    async (code) => {
      create(1);
      vendor.simulator.fault('get_topic', { kind: 'error', code });
      const startedAt = performance.now();
      await Promise.all([vendor.client.getTopics(GROUP), vendor.client.getTopics(GROUP)]);
      expect(performance.now() - startedAt).toBeGreaterThan(45);
    },
  );

  it.each([
    [70009, /IM_SECRET_KEY/],
    [70050, /wait a minute/],
    [60010, /IM_ADMIN_USER_ID/],
    [60006, /IM_SDK_APP_ID.*IM_API_HOST/],
    [60021, /address of this machine/],
  ])('stops at error %i with the way out, and asks no more', async (vendorCode, advice) => {
    const client = createClient(vendor.simulator.url);
    const calls = topicCalls();
    vendor.simulator.fault('get_topic', { kind: 'error', code: vendorCode });
    const alarm = { code: 'VENDOR_ALARM', vendorCode, message: expect.stringMatching(advice) };
    await expect(client.getTopics(GROUP)).rejects.toMatchObject(alarm);
    await expect(client.getTopics(GROUP)).rejects.toMatchObject(alarm);
    await expect(client.getGroups([GROUP])).rejects.toMatchObject(alarm);
    expect(topicCalls()).toBe(calls + 1);
  });

  it.each([60003, 10004, 4711])(
    'fails at once at error %i, which others need not',
    async (code) => {
      create(1);
      const calls = topicCalls();
      vendor.simulator.fault('get_topic', { kind: 'error', code });
      await expect(vendor.client.getTopics(GROUP)).rejects.toMatchObject({
        code: 'VENDOR_CALL_FAILED',
        vendorCode: code,
      });
      expect(topicsOf(await vendor.client.getTopics(GROUP)).topics).toHaveLength(1);
      expect(topicCalls()).toBe(calls + 2);
    },
  );

  it('with a wrong key is refused by the vendor itself', async () => {
    const client = createClient(vendor.simulator.url, { secretKey: 'wrong' });
    await expect(client.getTopics(GROUP)).rejects.toMatchObject({ vendorCode: 70009 });
  });

  it('follows no redirect', async () => {
    vendor.simulator.fault('get_topic', { kind: 'status', status: 302 });
    await expect(vendor.client.getTopics(GROUP)).rejects.toMatchObject({
      code: 'VENDOR_CALL_FAILED',
      message: expect.stringContaining('HTTP status 302'),
    });
    expect(vendor.simulator.calls.elsewhere).toBeUndefined();
  });

  it('ends when its caller gives up', async () => {
    const abort = new AbortController();
    const held = vendor.simulator.hold('get_topic');
    const call = vendor.client.getTopics(GROUP, abort.signal);
    await held.arrived;
    abort.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    held.release();
  });

  it('tells how far the clocks differ', async () => {
    await vendor.client.getTopics(GROUP);
    expect(Math.abs(vendor.client.clockSkewMs ?? Infinity)).toBeLessThan(2000);
  });

  it('keeps to the rate it was given', async () => {
    // The vendor counts what arrives: after a pause of the process, calls of one second and of the
    // pause arrive together. Half the limit leaves room for a pause of a second.
    const limited = await startVendor({ limits: { get_topic: 80 } }, { rates: { get_topic: 40 } });
    limited.simulator.vendor.createGroup({ groupId: GROUP });
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 120 }, () => limited.client.getTopics(GROUP)));
    const seconds = (performance.now() - startedAt) / 1000;
    await limited.simulator.close();
    expect(limited.outcomes.map(([, outcome]) => outcome)).toEqual(Array(120).fill('ok'));
    expect(120 / seconds).toBeGreaterThan(15);
  });
});

describe('an error', () => {
  it('holds neither key nor UserSig nor URL, whatever the vendor repeats', async () => {
    const info = `usersig=${'eJ'.padEnd(200, 'x*-_')} key=${SECRET_KEY}\n`;
    const faults = [70009, 10004, 4711].map((code) => ({ kind: 'error', code, info }) as const);
    const failures: unknown[] = [];
    for (const fault of faults) {
      vendor.simulator.fault('get_topic', fault);
      failures.push(await failureOf(createClient(vendor.simulator.url).getTopics(GROUP)));
    }
    const impatient = { retry: { attempts: 1 } };
    vendor.simulator.fault('get_topic', { kind: 'error', code: 10002, info }, { kind: 'cut' });
    for (let turn = 0; turn < 2; turn += 1) {
      failures.push(
        await failureOf(createClient(vendor.simulator.url, impatient).getTopics(GROUP)),
      );
    }
    // Nobody listens on the port of a closed server.
    const closed = await startVendor();
    await closed.simulator.close();
    failures.push(await failureOf(createClient(closed.simulator.url, impatient).getTopics(GROUP)));

    const told = inspect(failures, { depth: 10 });
    expect(told).toMatch(/70009[^]*4711[^]*10002[^]*ECONNREFUSED/);
    expect(told).not.toContain(SECRET_KEY);
    expect(told).not.toMatch(/eJ[\w*-]{20}|usersig=e|identifier=|http:\/\/|\\n.*key/);
  });
});

function create(topics: number, fields: { customString?: string; muteAllMember?: boolean } = {}) {
  const { vendor: state } = vendor.simulator;
  state.createGroup({ groupId: GROUP });
  for (let topic = 0; topic < topics; topic += 1) {
    const { topicId } = state.createTopic(GROUP);
    state.changeTopic(GROUP, topicId, fields);
  }
}

function topicCalls(): number {
  return vendor.simulator.calls.get_topic ?? 0;
}

function topicsOf(answer: GroupTopics) {
  if (answer.kind !== 'topics') throw new Error(`the vendor said: ${answer.kind}`);
  return answer;
}

function item(info: Record<string, unknown>) {
  return { ErrorCode: 0, TopicInfo: { TopicId: TOPIC, GroupID: GROUP, ...info } };
}

function wireOf(name: string): Wire {
  const parsed = parseExact(fixture(name));
  if (!isWire(parsed)) throw new Error(`${name} is no object`);
  return parsed;
}

function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => {
      throw new Error('the call did not fail');
    },
    (error: unknown) => error,
  );
}
