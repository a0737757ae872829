import { FIELDS, read } from '../../tencent/fields.js';
import type { Change } from '../../topics/domain/change.js';
import type { Callback } from '../callback.js';
import { aboutCommunity } from './community.js';

/**
 * `Group.CallbackAfterChangeGroupOwner`: a group was handed over, and its topics with it.
 * Source: documents 1047/60396.
 */
export function afterChangeGroupOwner(callback: Callback): readonly Change[] {
  const ownerAccount = read(callback.body, FIELDS.newOwnerAccount);
  return ownerAccount === undefined
    ? aboutCommunity(callback, 'unspecific', {})
    : aboutCommunity(callback, 'updated', { ownerAccount });
}
