import { FIELDS, groupFields } from '../../tencent/fields.js';
import { named } from '../../tencent/wire.js';
import type { Change } from '../../topics/domain/change.js';
import { type Callback, dateOf } from '../callback.js';
import { topicFields } from '../fields.js';
import { idsOf, requiredId } from '../wire.js';

/**
 * `Group.CallbackAfterCreateTopic`: a topic was made by a client or by REST create_topic. The
 * vendor's own sample has a TopicId that does not begin with its GroupId: both are taken as sent.
 * Source: documents 1047/49464.
 */
export function afterCreateTopic(callback: Callback): readonly Change[] {
  const { body } = callback;
  const { at, precision } = dateOf(callback);
  const ids = idsOf(body);
  const { groupId } = ids;
  const topicId = ids.topicId ?? requiredId(body, FIELDS.topicId);
  const { type, ownerAccount } = groupFields(body);
  // The creation of a topic proves that its group exists, and names its owner.
  const group = named({ type, ownerAccount });
  return [
    { subject: 'group', kind: 'created', groupId, at, precision, fields: group },
    {
      subject: 'topic',
      kind: 'created',
      groupId,
      topicId,
      at,
      precision,
      fields: topicFields(body),
    },
  ];
}
