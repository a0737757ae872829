import type { Change } from '../../topics/domain/change.js';
import type { Callback } from '../callback.js';
import { aboutCommunity } from './community.js';

/**
 * `Group.CallbackAfterGroupDestroyed`: a group was disbanded, and with it its topics; nothing says
 * that they are reported one by one. Source: documents 1047/34377.
 */
export function afterGroupDestroyed(callback: Callback): readonly Change[] {
  return aboutCommunity(callback, 'destroyed', {});
}
