// The reduction of callbacks to rows without a database: revival, the end of a group, its owner, the diff.
import { describe, expect, it } from '@jest/globals';
import type { Change, ChangeSet } from '../../src/topics/domain/change.js';
import { reduce } from '../../src/topics/domain/reducer.js';
import { topicState } from '../../src/topics/domain/state.js';
import type { TopicFields } from '../../src/topics/domain/fields.js';

const S = 1_000_000;
const GROUP = '@TGS#_group';
const CUSTOM = 'custom';
const GENERATED = `${GROUP}@TOPIC#_@TOPIC#made`;
type Kind = 'created' | 'updated' | 'deleted';

const topic = (
  kind: Kind,
  seconds: number,
  topicId = CUSTOM,
  fields: Partial<TopicFields> = {},
): Change => ({
  subject: 'topic',
  kind,
  groupId: GROUP,
  topicId,
  at: seconds * S,
  precision: 1000,
  fields,
});
const group = (
  kind: 'created' | 'updated' | 'destroyed',
  seconds: number,
  fields: { readonly ownerAccount?: string } = {},
): Change => ({ subject: 'group', kind, groupId: GROUP, at: seconds * S, precision: 1000, fields });

function run(...changes: readonly Change[]) {
  const sets = changes.map((change): ChangeSet => ({
    changes: [change],
    origin: 'callback',
    arrivedAt: 100 * S,
    operatorAccount: null,
    platform: null,
  }));
  const empty = { groups: [], topics: [], seq: 0, batch: 0 };
  const reduced = reduce(sets, empty, new Date(100_000));
  const states = reduced.topics.map((row) => topicState(row.topic, row.group));
  return {
    reduced,
    state: states[0],
    kinds: reduced.changes.map(({ kind }) => kind),
    group: reduced.groups[0],
  };
}

describe('a deletion', () => {
  it('is not undone by a late update', () => {
    const { state, kinds } = run(topic('created', 1), topic('deleted', 3), topic('updated', 2));
    expect(state?.deletedAt).toBe(3 * S);
    expect(kinds).toEqual(['created', 'deleted']);
  });

  it('is not undone by a later update either', () => {
    expect(run(topic('deleted', 3), topic('updated', 4)).state?.deletedAt).toBe(3 * S);
  });

  it('is undone by a later creation where the app chose the id, without the earlier fields', () => {
    const { state, kinds } = run(
      topic('created', 1, CUSTOM, { introduction: 'old' }),
      topic('deleted', 3),
      topic('created', 5, CUSTOM, { name: 'new' }),
    );
    expect(state).toMatchObject({
      name: 'new',
      introduction: null,
      createdAt: 5 * S,
      deletedAt: null,
    });
    expect(kinds).toEqual(['created', 'deleted', 'restored']);
  });

  it('takes the fields of the earlier life along where dates cannot tell them apart', () => {
    const restored = { ...topic('created', 5), precision: S } as Change;
    const { state } = run(
      topic('updated', 5.2, CUSTOM, { introduction: 'old' }),
      topic('deleted', 5.3),
      restored,
    );
    expect(state).toMatchObject({ introduction: null, deletedAt: null });
  });

  it('is final where the vendor made the id', () => {
    const { state } = run(topic('deleted', 3, GENERATED), topic('created', 5, GENERATED));
    expect(state?.deletedAt).toBe(3 * S);
  });

  it('precedes a creation that arrives late', () => {
    expect(run(topic('deleted', 3), topic('created', 1)).state?.deletedAt).toBe(3 * S);
  });
});

describe('a group', () => {
  it('ends its topics, but not one that was created after it', () => {
    const { state, group: row } = run(topic('created', 1), group('destroyed', 2));
    expect([state?.deletedAt, row?.topicCount]).toEqual([2 * S, 0]);
    const again = run(group('destroyed', 2), group('created', 3), topic('created', 4));
    expect([again.state?.deletedAt, again.group?.topicCount]).toEqual([null, 1]);
  });

  it('gives its topics its new owner, unless theirs is later', () => {
    const owned = (seconds: number) => topic('created', seconds, CUSTOM, { ownerAccount: 'p' });
    const handover = group('updated', 2, { ownerAccount: 'q' });
    expect(run(owned(1), handover).state?.ownerAccount).toBe('q');
    expect(run(handover, owned(1)).state?.ownerAccount).toBe('q');
    expect(run(owned(3), handover).state?.ownerAccount).toBe('p');
  });

  it('is stale where dates cannot tell what came last', () => {
    const name = (value: string) => topic('updated', 1, CUSTOM, { name: value });
    expect(run(name('a'), name('b')).group).toMatchObject({
      staleSince: 100 * S,
      group: { staleReason: 'ambiguous_order' },
    });
    expect(run(name('a'), name('a')).group?.staleSince).toBeNull();
  });
});

describe('a repeated callback', () => {
  it('takes no seq', () => {
    const { reduced } = run(topic('created', 1), topic('created', 1));
    expect(reduced.seq).toBe(1);
    expect(reduced.applied.map(({ outcome }) => outcome)).toEqual(['applied', 'unchanged']);
  });
});

describe('a change', () => {
  it('holds the fields that changed, and no others', () => {
    const { reduced } = run(
      topic('created', 1, CUSTOM, { name: 'a', userDefinedDataList: [{ Key: 'k', Value: '1' }] }),
      topic('updated', 2, CUSTOM, { name: 'b', muteAllMember: true }),
    );
    expect(reduced.changes[1]).toMatchObject({
      seq: 2,
      before: { name: 'a', muteAllMember: null },
      after: { name: 'b', muteAllMember: true },
    });
    expect(Object.keys(reduced.changes[1]?.after ?? {})).toEqual(['name', 'muteAllMember']);
    expect(reduced.changes[0]?.after).toMatchObject({
      userDefinedDataList: [{ key: 'k', value: '1' }],
      createdAt: new Date(1000).toISOString(),
    });
  });
});
