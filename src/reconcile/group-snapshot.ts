import type { VendorGroup, VendorTopic } from '../tencent/answers.js';
import { VendorCallError } from '../tencent/errors.js';
import type { RestClient } from '../tencent/rest-client.js';
import type { ChangeSet, VendorSnapshot } from '../topics/domain/change.js';
import { idProblem } from '../topics/domain/id.js';

/** One group as the vendor answered for it. */
export type GroupSnapshot =
  /** All of it, as of the moment before the request. */
  | { readonly kind: 'complete'; readonly vendorSnapshot: VendorSnapshot }
  /** Two answers agree that the group does not exist. */
  | { readonly kind: 'missing'; readonly vendorSnapshot: VendorSnapshot }
  /** Not reliable. */
  | { readonly kind: 'inconclusive'; readonly groupId: string; readonly reason: string };

// The one type of group that can have topics.
const COMMUNITY = 'Community';

export interface SnapshotOptions {
  readonly client: RestClient;
  /** Topics of the group in the mirror that are not deleted. */
  readonly topicCount: number | null;
  readonly signal?: AbortSignal;
}

/** The moment before the request, by the database, and how far the answer is trusted. */
export type SnapshotRequest = Pick<VendorSnapshot, 'at' | 'requestBatch' | 'caution'>;

/** Requests the topics of a group, and judges them together with the answer for the group itself. */
export async function fetchGroupSnapshot(
  group: VendorGroup,
  request: SnapshotRequest,
  { client, topicCount, signal }: SnapshotOptions,
): Promise<GroupSnapshot> {
  const { groupId } = group;
  try {
    if (group.kind === 'failed')
      return inconclusive(groupId, `get_group_info: error ${group.vendorCode}`);
    const mayHaveTopics = group.kind === 'gone' || (group.fields.type ?? COMMUNITY) === COMMUNITY;
    if (!mayHaveTopics && (topicCount ?? 0) === 0) {
      return { kind: 'complete', vendorSnapshot: vendorSnapshotOf(groupId, request, group, []) };
    }
    const answer = await client.getTopics(groupId, signal);
    if (group.kind === 'gone') {
      return answer.kind === 'gone'
        ? { kind: 'missing', vendorSnapshot: vendorSnapshotOf(groupId, request, null, []) }
        : inconclusive(groupId, 'one answer says that the group is gone, the other does not');
    }
    switch (answer.kind) {
      case 'topics':
        if (
          !answer.isComplete ||
          answer.topics.some(({ topicId }) => idProblem(topicId) !== null)
        ) {
          const { length } = answer.failed;
          return inconclusive(
            groupId,
            `${length} ${length === 1 ? 'topic' : 'topics'} came with errors`,
          );
        }
        return {
          kind: 'complete',
          vendorSnapshot: vendorSnapshotOf(groupId, request, group, answer.topics),
        };
      case 'without topics':
        // The code also comes when the whole feature is off: that must not empty the mirror.
        if ((topicCount ?? 0) > 0)
          return inconclusive(groupId, 'error 11000, though topics are known');
        return { kind: 'complete', vendorSnapshot: vendorSnapshotOf(groupId, request, group, []) };
      case 'gone':
      case 'bad id':
        return inconclusive(groupId, `get_topic says: ${answer.kind}`);
    }
  } catch (error) {
    if (error instanceof VendorCallError) return inconclusive(groupId, error.message);
    throw error;
  }
}

/** A snapshot as a change set. */
export function changeSetOf(vendorSnapshot: VendorSnapshot): ChangeSet {
  return {
    changes: [vendorSnapshot],
    origin: 'reconcile',
    arrivedAt: vendorSnapshot.at,
    operatorAccount: null,
    platform: null,
  };
}

function vendorSnapshotOf(
  groupId: string,
  request: SnapshotRequest,
  group: Extract<VendorGroup, { kind: 'group' }> | null,
  topics: readonly VendorTopic[],
): VendorSnapshot {
  const { type, ownerAccount } = group?.fields ?? {};
  // Topics inherit these from their group, whose answer alone names them.
  const inherited = {
    ...(type === undefined ? {} : { type }),
    ...(ownerAccount === undefined ? {} : { ownerAccount }),
  };
  return {
    subject: 'snapshot',
    groupId,
    ...request,
    group: group?.fields ?? null,
    topics: topics.map((topic) => ({ ...topic, fields: { ...inherited, ...topic.fields } })),
  };
}

function inconclusive(groupId: string, reason: string): GroupSnapshot {
  return { kind: 'inconclusive', groupId, reason };
}
