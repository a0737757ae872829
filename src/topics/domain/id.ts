/**
 * Ids of groups and topics are compared byte-wise. The vendor documents printable ASCII of at
 * most 96 bytes; the bound here leaves room and keeps every key inside a btree page.
 */
export const MAX_ID_BYTES = 256;

/** What all ids of the vendor are. */
const DOCUMENTED = /^[\x20-\x7e]{1,96}$/;

/** Why a text cannot be an id of a group or topic, or `null` when it can. */
export function idProblem(id: string): string | null {
  if (DOCUMENTED.test(id)) return null;
  if (id === '') return 'must not be empty';
  if (Buffer.byteLength(id) > MAX_ID_BYTES) return `must not be longer than ${MAX_ID_BYTES} bytes`;
  // Replacing what PostgreSQL cannot hold would let two ids become one.
  if (id.includes('\0') || id.includes('\uFFFD') || !id.isWellFormed()) {
    return 'must be text without U+0000 and in valid UTF-8';
  }
  return null;
}

/**
 * Whether an app chose the id itself. The vendor never uses an id of its own making again, so only
 * a custom one can be deleted and made anew (S-GS: own topics `…@TOPIC#_@TOPIC#…`, own communities
 * `@TGS#_@TGS#…`, other own groups `@TGS#…`).
 */
export function isCustomTopicId(topicId: string): boolean {
  return !topicId.includes('@TOPIC#_@TOPIC#');
}

export function isCustomGroupId(groupId: string): boolean {
  if (groupId.startsWith('@TGS#_')) return !groupId.startsWith('@TGS#_@TGS#');
  return !groupId.startsWith('@TGS#');
}
