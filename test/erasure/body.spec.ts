import { expect, it } from '@jest/globals';
import { inBody } from '../../src/erasure/replacement.js';

const replacement = { account: 'ada', pseudonym: 'erased-1' };

it('replaces texts that are the account, however they are escaped, and nothing else', () => {
  const body = Buffer.from('{"a": "ada", "b": ["\\u0061da", "adam"], "ada": 1}');
  expect(inBody(body, replacement).toString()).toBe(
    '{"a": "erased-1", "b": ["erased-1", "adam"], "ada": 1}',
  );
});

it('reads a text without an end once, not once for each of its quotes', () => {
  const body = Buffer.from(`"${'\\"'.repeat(256 * 1024)}`);
  expect(inBody(body, replacement).equals(body)).toBe(true);
});

it.each([
  [
    '10086',
    '{"a": 10086, "b": [10086.0, -10086, 100860, 1.10086], "c": "10086"}',
    '{"a": "erased-1", "b": ["erased-1", -10086, 100860, 1.10086], "c": "erased-1"}',
  ],
  ['13800138000138001380', '{"a":13800138000138001380}', '{"a":"erased-1"}'],
  ['true', '{"a":true,"b":false}', '{"a":"erased-1","b":false}'],
  ['a\uFFFD', '{"a":"a\\u0000"}', '{"a":"erased-1"}'],
  [
    '1',
    '{"EventTime":1,"MuteAllMember":1,"GroupID":1,"TopicIdList":["1"],"Owner_Account":1}',
    '{"EventTime":1,"MuteAllMember":1,"GroupID":1,"TopicIdList":["1"],"Owner_Account":"erased-1"}',
  ],
])('replaces what is read as the account %j', (account, body, replaced) => {
  expect(inBody(Buffer.from(body), { ...replacement, account }).toString()).toBe(replaced);
});
