// The fields of topics and groups in the vendor's words. Every callback may carry any of them:
// documented is not all that is sent, and what is sent is said.
import type { GroupFields, TopicFields } from '../topics/topic.js';
import type { CallbackBody } from './callback.js';
import { list, named, text } from '../tencent/wire.js';
import { flag } from './wire.js';

/** An empty text means cleared, a missing one says nothing. */
export function topicFields(body: CallbackBody): Partial<TopicFields> {
  return named({
    name: text(body, 'Name'),
    type: text(body, 'Type'),
    ownerAccount: text(body, 'Owner_Account'),
    operatorAccount: text(body, 'Operator_Account'),
    introduction: text(body, 'Introduction'),
    notification: text(body, 'Notification'),
    faceUrl: text(body, 'FaceUrl'),
    customString: text(body, 'CustomString'),
    muteAllMember: flag(body, 'MuteAllMember'),
    userDefinedDataList: list(body, 'UserDefinedDataList'),
  });
}

export function groupFields(body: CallbackBody): Partial<GroupFields> {
  return named({
    name: text(body, 'Name'),
    type: text(body, 'Type'),
    ownerAccount: text(body, 'Owner_Account'),
  });
}

/** Switches are shared by all types of groups, but only communities have topics. */
export function isCommunity(body: CallbackBody): boolean {
  return (text(body, 'Type') ?? 'community').toLowerCase() === 'community';
}
