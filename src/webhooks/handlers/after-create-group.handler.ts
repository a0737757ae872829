import { groupFields } from '../../tencent/fields.js';
import type { Change } from '../../topics/domain/change.js';
import type { Callback } from '../callback.js';
import { aboutCommunity } from './community.js';

/** `Group.CallbackAfterCreateGroup`: a group was made. Source: documents 1047/34369. */
export function afterCreateGroup(callback: Callback): readonly Change[] {
  return aboutCommunity(callback, 'created', groupFields(callback.body));
}
