import { groupFields } from '../../tencent/fields.js';
import type { Change } from '../../topics/domain/change.js';
import type { Callback } from '../callback.js';
import { aboutCommunity } from './community.js';

/**
 * `Group.CallbackAfterGroupInfoChanged`: name, introduction, notification or picture of a group
 * changed; only what changed is sent. The mirror stores the name.
 * Source: documents 1047/34378.
 */
export function afterGroupInfoChanged(callback: Callback): readonly Change[] {
  return aboutCommunity(callback, 'updated', groupFields(callback.body));
}
