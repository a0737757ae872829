// What is done with each command of the vendor: mirrored by a handler, or acknowledged and left,
// for a reason. A command that is not in this table is acknowledged and counted as unknown.
import type { Change } from '../topics/domain/change.js';
import { afterChangeGroupOwner } from './handlers/after-change-group-owner.handler.js';
import { afterCreateGroup } from './handlers/after-create-group.handler.js';
import { afterCreateTopic } from './handlers/after-create-topic.handler.js';
import { afterGroupDestroyed } from './handlers/after-group-destroyed.handler.js';
import { afterGroupInfoChanged } from './handlers/after-group-info-changed.handler.js';
import { afterTopicDestroyed } from './handlers/after-topic-destroyed.handler.js';
import { afterTopicInfoChanged } from './handlers/after-topic-info-changed.handler.js';
import type { Callback } from './callback.js';

/**
 * Reads one command: what it says, as changes; none when it concerns no community. Throws
 * InvalidCallbackError, touches nothing.
 */
export type Handler = (callback: Callback) => readonly Change[];

export type Handling =
  | { readonly kind: 'mirrored'; readonly handler: Handler }
  | { readonly kind: 'ignored'; readonly reason: string };

const MEMBERS = ignored('members are not mirrored');
const MESSAGES = ignored('messages are not mirrored');
const BLOCKING = ignored('a blocking callback; ErrorCode 0 allows it');
const USERS = ignored('users are not mirrored');

const COMMANDS: ReadonlyMap<string, Handling> = new Map<string, Handling>([
  ['Group.CallbackAfterCreateTopic', mirrored(afterCreateTopic)],
  ['Group.CallbackAfterTopicInfoChanged', mirrored(afterTopicInfoChanged)],
  ['Group.CallbackAfterTopicDestroyed', mirrored(afterTopicDestroyed)],
  ['Group.CallbackAfterCreateGroup', mirrored(afterCreateGroup)],
  ['Group.CallbackAfterGroupInfoChanged', mirrored(afterGroupInfoChanged)],
  ['Group.CallbackAfterGroupDestroyed', mirrored(afterGroupDestroyed)],
  ['Group.CallbackAfterChangeGroupOwner', mirrored(afterChangeGroupOwner)],
  ['Group.CallbackBeforeCreateTopic', BLOCKING],
  ['Group.CallbackBeforeCreateGroup', BLOCKING],
  ['Group.CallbackBeforeApplyJoinGroup', BLOCKING],
  ['Group.CallbackBeforeInviteJoinGroup', BLOCKING],
  ['Group.CallbackBeforeSendMsg', BLOCKING],
  ['Group.CallbackAfterNewMemberJoin', MEMBERS],
  ['Group.CallbackAfterMemberExit', MEMBERS],
  ['Group.CallbackOnMemberStateChange', MEMBERS],
  ['Group.CallbackAfterMemberFieldChanged', MEMBERS],
  ['Group.CallbackAfterGroupFull', MEMBERS],
  ['Group.CallbackAfterSendMsg', MESSAGES],
  ['Group.CallbackSendMsgException', MESSAGES],
  ['Group.CallbackAfterRecallMsg', MESSAGES],
  ['Group.CallbackAfterReadReceipt', MESSAGES],
  ['Group.CallbackAfterGroupMsgExtension', MESSAGES],
  ['Group.CallbackAfterGroupAttrChanged', ignored('group attributes are not mirrored')],
  ['Group.CallbackOnDailyGroupQuotaAlarm', ignored('a quota, not a topic')],
  ['State.StateChange', USERS],
  ['Profile.CallbackPortraitSet', USERS],
  ['Follow.CallbackAfterFollowAdd', USERS],
  ['Follow.CallbackAfterFollowDelete', USERS],
  ['Bot.OnC2CMessage', MESSAGES],
  ['Bot.OnGroupMessage', MESSAGES],
  ['Chatbot.OnC2CSignalMessage', MESSAGES],
  ['ContentCallback.ResultNotify', ignored('content checks are not mirrored')],
  ['Push.OfflinePush', MESSAGES],
  ['Push.AllMemberPush', MESSAGES],
  ['Alert.RequestOverLimit', ignored('an alarm of the REST API, not a topic')],
]);

export const MIRRORED_COMMANDS: readonly string[] = [...COMMANDS].flatMap(([command, { kind }]) =>
  kind === 'mirrored' ? [command] : [],
);

// Families whose single commands the vendor's list does not name.
const FAMILIES: readonly (readonly [prefix: string, handling: Handling])[] = [
  ['Sns.', USERS],
  ['C2C.', MESSAGES],
  ['OfficialAccount.', MESSAGES],
];

/** How a command is handled, or `null` for an unknown one. */
export function handlingOf(command: string): Handling | null {
  return (
    COMMANDS.get(command) ?? FAMILIES.find(([prefix]) => command.startsWith(prefix))?.[1] ?? null
  );
}

/**
 * A command as a label: one of the known, its family (`Sns.*`), or `other`. The name itself comes
 * from outside and must not become a label.
 */
export function commandLabel(command: string): string {
  if (COMMANDS.has(command)) return command;
  const family = FAMILIES.find(([prefix]) => command.startsWith(prefix));
  return family ? `${family[0]}*` : 'other';
}

function mirrored(handler: Handler): Handling {
  return { kind: 'mirrored', handler };
}

function ignored(reason: string): Handling {
  return { kind: 'ignored', reason };
}
