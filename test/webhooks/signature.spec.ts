import { describe, expect, it } from '@jest/globals';
import { signatureOf } from '../../src/tencent/signature.js';
import { refusalOf } from '../../src/webhooks/signature.js';

// The vendor's own vector; some copies of the page print the token wrongly as "xxxyyy".
const VECTOR = {
  token: 'xxxxyyyy',
  requestTime: '1669872112',
  sign: '17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061',
};
const at = (seconds: number): Date => new Date(seconds * 1000);
const given = { sdkAppId: '1', sign: VECTOR.sign, requestTime: VECTOR.requestTime };
const expected = { sdkAppId: '1', tokens: [VECTOR.token], windowSeconds: 60 };

describe("the vendor's signature", () => {
  it('is the hex SHA-256 of token and RequestTime', () => {
    expect(signatureOf(VECTOR.token, VECTOR.requestTime)).toBe(VECTOR.sign);
  });

  it.each([
    [1669872112, null],
    [1669872112 + 60, null],
    [1669872112 - 60, null],
    [1669872112 + 61, 'RequestTime is outside the window'],
    [1669872112 - 61, 'RequestTime is outside the window'],
  ])('is valid for 60 s around its time (now %d)', (now, refusal) => {
    expect(refusalOf(given, expected, at(now))).toBe(refusal);
  });

  it.each([
    '+669872112',
    ' 669872112',
    '1669872112.0',
    '1e9',
    '01669872112',
    '１６６９８７２１１２',
    '',
  ])('is refused with the RequestTime %j', (requestTime) => {
    const sign = signatureOf(VECTOR.token, requestTime);
    const refusal = refusalOf({ ...given, sign, requestTime }, expected, at(1669872112));
    expect(refusal).toBe('RequestTime is outside the window');
  });
});
