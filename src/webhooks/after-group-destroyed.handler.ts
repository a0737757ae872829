import type { Change } from '../topics/change.js';
import { type Callback, dateOf } from './callback.js';
import { isCommunity } from './fields.js';
import { requiredId } from './wire.js';

/**
 * `Group.CallbackAfterGroupDestroyed`: a group was disbanded, and with it its topics; nothing says
 * that they are reported one by one. Source: documents 1047/34377.
 */
export function afterGroupDestroyed(callback: Callback): readonly Change[] {
  const { body } = callback;
  const groupId = requiredId(body, 'GroupId');
  if (!isCommunity(body)) return [];
  const { at, precision } = dateOf(callback);
  return [{ subject: 'group', kind: 'destroyed', groupId, at, precision, fields: {} }];
}
