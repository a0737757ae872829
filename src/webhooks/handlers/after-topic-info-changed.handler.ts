import type { Change } from '../../topics/domain/change.js';
import { type Callback, dateOf } from '../callback.js';
import { topicFields } from '../fields.js';
import { idsOf } from '../wire.js';

/**
 * `Group.CallbackAfterTopicInfoChanged`: name, introduction, notification or picture of a topic
 * changed; only what changed is sent. No version of the page names a TopicId, so it may be absent, or
 * stand in GroupId; without one the group becomes stale.
 * Source: documents 1047/49466.
 */
export function afterTopicInfoChanged(callback: Callback): readonly Change[] {
  const { body } = callback;
  const { at, precision } = dateOf(callback);
  const { groupId, topicId } = idsOf(body);
  if (topicId === null)
    return [{ subject: 'group', kind: 'unspecific', groupId, at, precision, fields: {} }];
  return [
    {
      subject: 'topic',
      kind: 'updated',
      groupId,
      topicId,
      at,
      precision,
      fields: topicFields(body),
    },
  ];
}
