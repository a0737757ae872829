import type { Change } from '../topics/change.js';
import { type Callback, dateOf } from './callback.js';
import { groupFields, isCommunity } from './fields.js';
import { requiredId } from './wire.js';

/** `Group.CallbackAfterCreateGroup`: a group was made. Source: documents 1047/34369. */
export function afterCreateGroup(callback: Callback): readonly Change[] {
  const { body } = callback;
  const groupId = requiredId(body, 'GroupId');
  if (!isCommunity(body)) return [];
  const { at, precision } = dateOf(callback);
  return [{ subject: 'group', kind: 'created', groupId, at, precision, fields: groupFields(body) }];
}
