import type { GroupAnswer, TopicAnswer } from '../tencent/answers.js';
import { VendorCallError } from '../tencent/errors.js';
import type { RestClient } from '../tencent/rest-client.js';
import type { ChangeSet, Verification } from '../topics/change.js';
import { idProblem } from '../topics/id.js';

/** What a look at one group of the vendor's came to. */
export type Look =
  /** The whole truth, of the moment before it was asked for. */
  | { readonly kind: 'told'; readonly verification: Verification }
  /** Two answers agree that the group does not exist. */
  | { readonly kind: 'gone'; readonly verification: Verification }
  /** Nothing that could be relied on. */
  | { readonly kind: 'untold'; readonly groupId: string; readonly reason: string };

// The one type of group that can have topics.
const COMMUNITY = 'Community';

export interface LookOptions {
  readonly client: RestClient;
  /** Living topics that the mirror has of the group. */
  readonly topicCount: number | null;
  readonly signal?: AbortSignal;
}

/** The moment before the vendor is asked, by the database, and how far the answer is to be believed. */
export type Question = Pick<Verification, 'at' | 'asked' | 'caution'>;

/** Asks for the topics of a group whose own answer is there, and judges both. */
export async function look(
  info: GroupAnswer,
  question: Question,
  { client, topicCount, signal }: LookOptions,
): Promise<Look> {
  const { groupId } = info;
  try {
    if (info.kind === 'failed') return untold(groupId, `get_group_info: error ${info.vendorCode}`);
    const mayHaveTopics = info.kind === 'gone' || (info.fields.type ?? COMMUNITY) === COMMUNITY;
    if (!mayHaveTopics && (topicCount ?? 0) === 0) {
      return { kind: 'told', verification: verificationOf(groupId, question, info, []) };
    }
    const answer = await client.getTopics(groupId, signal);
    if (info.kind === 'gone') {
      return answer.kind === 'gone'
        ? { kind: 'gone', verification: verificationOf(groupId, question, null, []) }
        : untold(groupId, 'one answer says that the group is gone, the other does not');
    }
    switch (answer.kind) {
      case 'topics':
        if (
          !answer.isComplete ||
          answer.topics.some(({ topicId }) => idProblem(topicId) !== null)
        ) {
          return untold(groupId, `${answer.failed.length} topics came with errors`);
        }
        return {
          kind: 'told',
          verification: verificationOf(groupId, question, info, answer.topics),
        };
      case 'without topics':
        // The code also comes when the whole feature is off: that must not empty the mirror.
        if ((topicCount ?? 0) > 0) return untold(groupId, 'error 11000, though topics are known');
        return { kind: 'told', verification: verificationOf(groupId, question, info, []) };
      case 'gone':
      case 'bad id':
        return untold(groupId, `get_topic says: ${answer.kind}`);
    }
  } catch (error) {
    if (error instanceof VendorCallError) return untold(groupId, error.message);
    throw error;
  }
}

/** An answer as the writer takes it. */
export function setOf(verification: Verification): ChangeSet {
  return {
    changes: [verification],
    origin: 'reconcile',
    arrivedAt: verification.at,
    operatorAccount: null,
    platform: null,
  };
}

function verificationOf(
  groupId: string,
  question: Question,
  info: Extract<GroupAnswer, { kind: 'group' }> | null,
  topics: readonly TopicAnswer[],
): Verification {
  const { type, ownerAccount } = info?.fields ?? {};
  // What a topic has of its group is told with the group only.
  const inherited = {
    ...(type === undefined ? {} : { type }),
    ...(ownerAccount === undefined ? {} : { ownerAccount }),
  };
  return {
    subject: 'verification',
    groupId,
    ...question,
    group: info?.fields ?? null,
    topics: topics.map((topic) => ({ ...topic, fields: { ...inherited, ...topic.fields } })),
  };
}

function untold(groupId: string, reason: string): Look {
  return { kind: 'untold', groupId, reason };
}
