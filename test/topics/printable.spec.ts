import { expect, it } from '@jest/globals';
import { printable } from '../../src/journal/printable.js';

it.each([
  ['Group.CallbackAfterCreateTopic', 'Group.CallbackAfterCreateTopic'],
  ['', '""'],
  ['Evil\n0 entries: ok', '"Evil\\n0 entries: ok"'],
  ['\u001b[31mred', '"\\u001b[31mred"'],
  ['\u009b\u2028', '"\\u009b\\u2028"'],
])('a text %j of a sender is printed on one line, without control characters', (text, printed) => {
  expect(printable(text)).toBe(printed);
});
