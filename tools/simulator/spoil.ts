import { status } from './commands.js';
import type { RestFault } from './mischief.js';
import { CODE, Refusal } from './state.js';

/** Spoils the items of an answer; the rest of it looks as good as before. */
export function spoil(answer: Record<string, unknown>, fault: RestFault): void {
  if (fault.kind === 'no next') delete answer.Next;
  if (fault.kind === 'gone' && !('GroupInfo' in answer)) throw new Refusal(CODE.groupGone, 'gone');
  if (fault.kind === 'fail') answer.ActionStatus = 'FAIL';
  for (const [name, items] of Object.entries(answer)) {
    if (fault.kind !== 'no list' || !Array.isArray(items)) continue;
    if (fault.asNull) answer[name] = null;
    else delete answer[name];
  }
  for (const [name, items] of Object.entries(answer)) {
    if (Array.isArray(items)) answer[name] = spoilItems(items, fault);
  }
}

function spoilItems(items: readonly Record<string, unknown>[], fault: RestFault): unknown[] {
  switch (fault.kind) {
    case 'empty':
    case 'fail':
      return [];
    case 'gone':
      return items.map(({ GroupId }) => ({ GroupId, ...status(CODE.groupGone) }));
    case 'omitted':
      return items.filter((_, index) => index % 2 === 1);
    case 'partial':
      return items.map((item, index) =>
        index % 2 === 0 ? { ...item, ...status(fault.code), TopicInfo: undefined } : item,
      );
    case 'old form':
      return items.map((item) => ({ ...item, TopicInfo: inOldForm(item.TopicInfo) }));
    default:
      return [...items];
  }
}

function inOldForm(info: unknown): unknown {
  if (typeof info !== 'object' || info === null || !('MuteAllMember' in info)) return info;
  const { MuteAllMember, ...others } = info;
  return { ...others, ShutUpAllFlag: MuteAllMember === 'On' ? 1 : 0 };
}
