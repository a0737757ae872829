import { inflateSync } from 'node:zlib';
import { describe, expect, it, jest } from '@jest/globals';
import { Api } from 'tls-sig-api-v2/TLSSigAPIv2.js';
import { claimsSignature, createUserSig, UserSigSource } from '../../src/tencent/usersig.js';

const ACCOUNT = { sdkAppId: '1400000000', userId: 'administrator', secretKey: 'not-a-real-key' };
const VALIDITY = { issuedAt: 1_700_000_000, expireSeconds: 86_400 };
const SIGNATURE = 'zdOi7WBDzJwYSLg90QT7qSPR1KoBMmdTbkZjA94U8Xw=';
const DAY_MS = 86_400_000;

describe('a UserSig', () => {
  it('signs its claims as the vendor does', () => {
    expect(claimsSignature(ACCOUNT, VALIDITY)).toBe(SIGNATURE);
  });

  it('is the compressed claims in letters that need no encoding', () => {
    const userSig = createUserSig(ACCOUNT, VALIDITY);
    expect(userSig).toMatch(/^[\w*-]+$/);
    expect(claimsOf(userSig)).toEqual({
      'TLS.ver': '2.0',
      'TLS.identifier': 'administrator',
      'TLS.sdkappid': 1_400_000_000,
      'TLS.expire': 86_400,
      'TLS.time': 1_700_000_000,
      'TLS.sig': SIGNATURE,
    });
  });

  it.each([
    ['1400000000', 'administrator', 86_400],
    ['1600000001', 'admin_2', 15_552_000],
    ['20000001', 'übersicht "1"', 172_800],
    ['4294967295', 'a\\b:c', 1],
  ])(
    'is the one that the library of the vendor makes: %s %s',
    (sdkAppId, userId, expireSeconds) => {
      const secretKey = 'a key that is none';
      for (const issuedAt of [1, 1_700_000_000, 4_102_444_800]) {
        const now = jest.spyOn(Date, 'now').mockReturnValue(issuedAt * 1000);
        const vendors = new Api(Number(sdkAppId), secretKey).genUserSig(userId, expireSeconds);
        now.mockRestore();
        const ours = createUserSig({ sdkAppId, userId, secretKey }, { issuedAt, expireSeconds });
        expect(claimsOf(ours)).toEqual(claimsOf(vendors));
      }
    },
  );

  it('is made anew when half of its life is over, and when the clock was set back', () => {
    let now = Date.UTC(2026, 0);
    const source = new UserSigSource(ACCOUNT, () => now);
    const first = source.current();
    const { 'TLS.expire': life } = claimsOf(first);
    expect(life).toBeGreaterThanOrEqual(DAY_MS / 1000);

    now += (life * 1000) / 2 - 1000;
    expect(source.current()).toBe(first);
    now += 1000;
    const second = source.current();
    expect(claimsOf(second)['TLS.time']).toBe(now / 1000);

    now -= DAY_MS;
    expect(claimsOf(source.current())['TLS.time']).toBe(now / 1000);
  });

  it('is made anew when the vendor calls it expired, once for all who were told', () => {
    let now = Date.UTC(2026, 0);
    const source = new UserSigSource(ACCOUNT, () => now);
    const expired = source.current();
    now += 1000;
    source.discard(expired);
    const renewed = source.current();
    expect(renewed).not.toBe(expired);
    source.discard(expired);
    expect(source.current()).toBe(renewed);
  });
});

function claimsOf(userSig: string): Record<string, number> & { 'TLS.expire': number } {
  const base64 = userSig.replaceAll('*', '+').replaceAll('-', '/').replaceAll('_', '=');
  return JSON.parse(inflateSync(Buffer.from(base64, 'base64')).toString());
}
