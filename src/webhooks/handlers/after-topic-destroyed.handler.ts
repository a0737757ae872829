import { FIELDS } from '../../tencent/fields.js';
import type { Change } from '../../topics/domain/change.js';
import { type Callback, dateOf } from '../callback.js';
import { operatorOf } from '../fields.js';
import { groupOf, idList, requiredId } from '../wire.js';

/**
 * `Group.CallbackAfterTopicDestroyed`: topics were deleted, as many as one call named. Without a list it
 * may mean all of them, and an id that cannot be one hides which topic it was: the group becomes stale.
 * Source: documents 1047/49465.
 */
export function afterTopicDestroyed(callback: Callback): readonly Change[] {
  const { body } = callback;
  const { at, precision } = dateOf(callback);
  const { ids, hasBadOnes } = idList(body, FIELDS.topicIds);
  // One that names its topics says the group in its own field, as it was sent.
  const groupId = ids.length > 0 ? requiredId(body, FIELDS.groupId) : groupOf(body).groupId;
  const deletion: Change = {
    subject: 'topics',
    kind: 'deleted',
    groupId,
    topicIds: ids,
    at,
    precision,
    fields: operatorOf(body),
  };
  if (!hasBadOnes && ids.length > 0) return [deletion];
  return [deletion, { subject: 'group', kind: 'unspecific', groupId, at, precision, fields: {} }];
}
