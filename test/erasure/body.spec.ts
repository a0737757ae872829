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
