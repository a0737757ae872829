import type { Change } from '../topics/change.js';
import { type Callback, dateOf } from './callback.js';
import { list, named, requiredId, text } from './wire.js';

/**
 * `Group.CallbackAfterCreateTopic`: a topic was made by a client or by REST create_topic. The
 * vendor's own sample has a TopicId that does not begin with its GroupId: both are taken as sent.
 * Source: documents 1047/49464.
 */
export function afterCreateTopic(callback: Callback): readonly Change[] {
  const { body } = callback;
  const at = dateOf(callback);
  const groupId = requiredId(body, 'GroupId');
  const topicId = requiredId(body, 'TopicId');
  const type = text(body, 'Type');
  const ownerAccount = text(body, 'Owner_Account');
  return [
    // Whoever creates a topic proves that its group exists, and tells its owner.
    { subject: 'group', kind: 'created', groupId, at, fields: named({ type, ownerAccount }) },
    {
      subject: 'topic',
      kind: 'created',
      groupId,
      topicId,
      at,
      fields: named({
        name: text(body, 'Name'),
        type,
        ownerAccount,
        operatorAccount: text(body, 'Operator_Account'),
        userDefinedDataList: list(body, 'UserDefinedDataList'),
      }),
    },
  ];
}
