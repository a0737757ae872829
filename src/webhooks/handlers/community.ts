// What the handlers of callbacks about groups have in common.
import type { GroupChange } from '../../topics/domain/change.js';
import { type Callback, dateOf } from '../callback.js';
import { isCommunity } from '../fields.js';
import { groupOf } from '../wire.js';

/**
 * What a callback says about a community; nothing for other types of groups, which have no topics. One
 * that names a topic where the group should stand leaves open what happened: the group becomes stale.
 */
export function aboutCommunity(
  callback: Callback,
  kind: GroupChange['kind'],
  fields: GroupChange['fields'],
): readonly GroupChange[] {
  const { groupId, topicId } = groupOf(callback.body);
  if (!isCommunity(callback.body)) return [];
  const { at, precision } = dateOf(callback);
  if (topicId !== null)
    return [{ subject: 'group', kind: 'unspecific', groupId, at, precision, fields: {} }];
  return [{ subject: 'group', kind, groupId, at, precision, fields }];
}
