// What callbacks say of topics and groups. Every callback may carry any field: documented is not all
// that is sent, and what is sent counts.
import { COMMUNITY, FIELDS, read, topicFields as fieldsOf } from '../tencent/fields.js';
import { named } from '../tencent/wire.js';
import type { TopicFields } from '../topics/domain/fields.js';
import type { CallbackBody } from './callback.js';

export function topicFields(body: CallbackBody): Partial<TopicFields> {
  return { ...fieldsOf(body), ...operatorOf(body) };
}

/** The account that did it, where the callback names one. */
export function operatorOf(body: CallbackBody): Partial<TopicFields> {
  return named({ operatorAccount: read(body, FIELDS.operatorAccount) });
}

/** Switches are shared by all types of groups, but only communities have topics. */
export function isCommunity(body: CallbackBody): boolean {
  return (read(body, FIELDS.type) ?? COMMUNITY) === COMMUNITY;
}
