import type { Change } from '../topics/change.js';
import { type Callback, dateOf } from './callback.js';
import { groupFields, isCommunity } from './fields.js';
import { requiredId } from './wire.js';

/**
 * `Group.CallbackAfterGroupInfoChanged`: name, introduction, notification or picture of a group
 * changed; only what changed is sent. Of these the mirror keeps the name.
 * Source: documents 1047/34378.
 */
export function afterGroupInfoChanged(callback: Callback): readonly Change[] {
  const { body } = callback;
  const groupId = requiredId(body, 'GroupId');
  if (!isCommunity(body)) return [];
  const { at, precision } = dateOf(callback);
  return [{ subject: 'group', kind: 'updated', groupId, at, precision, fields: groupFields(body) }];
}
