import { named } from '../tencent/wire.js';
import type { Change } from '../topics/change.js';
import { type Callback, dateOf } from './callback.js';
import { topicFields } from './fields.js';
import { idList, requiredId } from './wire.js';

/**
 * `Group.CallbackAfterTopicDestroyed`: topics were deleted, as many as one call named. An id that
 * cannot be one hides which topic it was.
 * Source: documents 1047/49465.
 */
export function afterTopicDestroyed(callback: Callback): readonly Change[] {
  const { body } = callback;
  const { at, precision } = dateOf(callback);
  const groupId = requiredId(body, 'GroupId');
  const { ids, hasBadOnes } = idList(body, 'TopicIdList');
  const { operatorAccount } = topicFields(body);
  const deletion: Change = {
    subject: 'topics',
    kind: 'deleted',
    groupId,
    topicIds: ids,
    at,
    precision,
    fields: named({ operatorAccount }),
  };
  if (!hasBadOnes && ids.length > 0) return [deletion];
  return [deletion, { subject: 'group', kind: 'doubted', groupId, at, precision, fields: {} }];
}
