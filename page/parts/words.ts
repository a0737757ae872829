// What the API's names mean, in the words of docs/glossary.md.
import type { ChangeKind, Group, Outcome, StaleReason, SyncState } from '../api/types.js';

export const STATES: Readonly<Record<SyncState, string>> = {
  verified: 'verified',
  hooked: 'from callbacks',
  stale: 'stale',
  destroyed: 'destroyed',
};

const STALE_REASONS: Readonly<Record<StaleReason, string>> = {
  unspecific_callback: 'a callback said that something changed, but not what',
  ambiguous_order: 'dates do not tell which of two changes came last',
  concurrent_callback: 'a callback came while the vendor was asked',
  contradiction: 'the vendor denies what a callback has just said',
  deletions_held: 'the vendor no longer lists topics that no callback deleted',
};

/** What a state means for readers of the topics of a group. */
export function stateInWords({ state, staleReason }: Group): string {
  switch (state) {
    case 'verified':
      return 'Compared with Tencent Cloud Chat; every change since is known from callbacks.';
    case 'hooked':
      return 'Known from callbacks alone: never compared with Tencent Cloud Chat, so topics from before the first callback may be missing.';
    case 'stale': {
      const reason =
        staleReason === null
          ? 'something happened that a callback cannot tell'
          : STALE_REASONS[staleReason];
      return `May be wrong: ${reason}. The next reconciliation compares it with Tencent Cloud Chat.`;
    }
    case 'destroyed':
      return 'The group was destroyed, and its topics with it.';
  }
}

export const OUTCOMES: Readonly<Record<Outcome | 'spooled' | 'failed', string>> = {
  applied: 'applied',
  unchanged: 'no difference',
  stale: 'group made stale',
  ignored: 'not mirrored',
  unknown: 'unknown command',
  invalid: 'invalid',
  spooled: 'on disk, applied later',
  failed: 'not stored',
};

const COMMANDS: Readonly<Record<string, string>> = {
  AfterCreateTopic: 'Topic created',
  AfterTopicInfoChanged: 'Topic changed',
  AfterTopicDestroyed: 'Topics deleted',
  AfterCreateGroup: 'Group created',
  AfterGroupInfoChanged: 'Group changed',
  AfterChangeGroupOwner: 'Owner changed',
  AfterGroupDestroyed: 'Group destroyed',
};

export const MIRRORED_COMMANDS = Object.keys(COMMANDS).map((name) => `Group.Callback${name}`);

/** A command of the vendor in words, or its name without what all have. */
export function commandInWords(command: string | null): string {
  if (command === null) return 'no command';
  const name = command.replace(/^Group\.Callback/, '');
  return COMMANDS[name] ?? name;
}

/** What a callback led to. */
export function outcomeInWords(outcome: Outcome, command: string | null): string {
  const isMirrored = command !== null && MIRRORED_COMMANDS.includes(command);
  return outcome === 'ignored' && isMirrored ? 'the group is no community' : OUTCOMES[outcome];
}

export const KINDS: Readonly<Record<ChangeKind, string>> = {
  created: 'created',
  updated: 'changed',
  deleted: 'deleted',
  restored: 'restored',
};

export const ORIGINS = { callback: 'callback', reconcile: 'reconciliation' } as const;

export const TOPIC_FIELDS: Readonly<Record<string, string>> = {
  name: 'Name',
  ownerAccount: 'Owner',
  operatorAccount: 'Last operator',
  introduction: 'Introduction',
  notification: 'Notice',
  muteAllMember: 'All members muted',
  userDefinedDataList: 'Custom fields',
  customString: 'Custom string',
  faceUrl: 'Address of its picture',
  type: 'Type',
  createdAt: 'Created',
  updatedAt: 'Last change',
  deletedAt: 'Deleted',
};
