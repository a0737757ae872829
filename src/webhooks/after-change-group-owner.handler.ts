import { text } from '../tencent/wire.js';
import type { Change } from '../topics/change.js';
import { type Callback, dateOf } from './callback.js';
import { isCommunity } from './fields.js';
import { requiredId } from './wire.js';

/**
 * `Group.CallbackAfterChangeGroupOwner`: a group was handed over, and its topics with it.
 * Source: documents 1047/60396.
 */
export function afterChangeGroupOwner(callback: Callback): readonly Change[] {
  const { body } = callback;
  const groupId = requiredId(body, 'GroupId');
  if (!isCommunity(body)) return [];
  const { at, precision } = dateOf(callback);
  const ownerAccount = text(body, 'NewOwner_Account');
  if (ownerAccount === undefined) {
    return [{ subject: 'group', kind: 'doubted', groupId, at, precision, fields: {} }];
  }
  return [{ subject: 'group', kind: 'updated', groupId, at, precision, fields: { ownerAccount } }];
}
