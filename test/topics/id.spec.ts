import { expect, it } from '@jest/globals';
import {
  idProblem,
  isCustomGroupId,
  isCustomTopicId,
  MAX_ID_BYTES,
} from '../../src/topics/domain/id.js';

it.each(['@TGS#2J4SZEAEL', ' ', 'x'.repeat(MAX_ID_BYTES), 'ü'.repeat(MAX_ID_BYTES / 2)])(
  'takes %j as an id',
  (id) => expect(idProblem(id)).toBeNull(),
);

it.each([
  ['', 'empty'],
  ['x'.repeat(MAX_ID_BYTES + 1), 'bytes'],
  [`${'ü'.repeat(MAX_ID_BYTES / 2)}x`, 'bytes'],
  ['a\0', 'U\\+0000'],
  ['a\uFFFD', 'UTF-8'],
  ['a\uD800', 'UTF-8'],
])('refuses %j: %s', (id, problem) => expect(idProblem(id)).toMatch(new RegExp(problem)));

it.each([
  ['@TGS#_@TGS#abc', false],
  ['@TGS#abc', false],
  ['@TGS#_own', true],
  ['own', true],
])('knows whether the app chose the group id %s', (id, isCustom) =>
  expect(isCustomGroupId(id)).toBe(isCustom),
);

it.each([
  ['@TGS#_g@TOPIC#_@TOPIC#abc', false],
  ['@TGS#_g@TOPIC#_own', true],
])('knows whether the app chose the topic id %s', (id, isCustom) =>
  expect(isCustomTopicId(id)).toBe(isCustom),
);
