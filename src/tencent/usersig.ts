import { createHmac } from 'node:crypto';
import { deflateSync } from 'node:zlib';

/** Who signs: an administrator account of the app and the secret key of the console. */
export interface Account {
  /** Decimal. */
  readonly sdkAppId: string;
  readonly userId: string;
  readonly secretKey: string;
}

/** How long a UserSig holds; times in whole seconds since 1970. */
export interface Validity {
  readonly issuedAt: number;
  readonly expireSeconds: number;
}

/**
 * A UserSig of version 2: the claims and their signature, compressed, in an alphabet that needs no
 * encoding in a URL. Source: documents 1047/34385 and the vendor's tls-sig-api-v2 libraries.
 */
export function createUserSig(account: Account, validity: Validity): string {
  // Written by hand: the SDKAppID must stand as a number, and may be larger than a double holds.
  const claims = `{${[
    '"TLS.ver":"2.0"',
    `"TLS.identifier":${JSON.stringify(account.userId)}`,
    `"TLS.sdkappid":${account.sdkAppId}`,
    `"TLS.expire":${validity.expireSeconds}`,
    `"TLS.time":${validity.issuedAt}`,
    `"TLS.sig":"${claimsSignature(account, validity)}"`,
  ].join(',')}}`;
  return deflateSync(claims)
    .toString('base64')
    .replaceAll('+', '*')
    .replaceAll('/', '-')
    .replaceAll('=', '_');
}

/** The signature inside a UserSig: base64 of the HMAC-SHA-256 over its claims. */
export function claimsSignature(account: Account, validity: Validity): string {
  const content =
    `TLS.identifier:${account.userId}\nTLS.sdkappid:${account.sdkAppId}\n` +
    `TLS.time:${validity.issuedAt}\nTLS.expire:${validity.expireSeconds}\n`;
  return createHmac('sha256', account.secretKey).update(content).digest('base64');
}

// The vendor advises not less than a day (S-ERR).
const EXPIRE_SECONDS = 2 * 86_400;
const RENEW_AFTER_SECONDS = EXPIRE_SECONDS / 2;

/** The UserSig to send now: kept for half of its life, then made anew. */
export class UserSigSource {
  private kept: { readonly userSig: string; readonly issuedAt: number } | null = null;

  constructor(
    private readonly account: Account,
    private readonly nowMs: () => number = Date.now,
  ) {}

  current(): string {
    const now = Math.floor(this.nowMs() / 1000);
    const age = this.kept === null ? Infinity : now - this.kept.issuedAt;
    // A clock that was set back would leave a UserSig that is not valid yet.
    if (this.kept === null || age < 0 || age >= RENEW_AFTER_SECONDS) {
      const userSig = createUserSig(this.account, { issuedAt: now, expireSeconds: EXPIRE_SECONDS });
      this.kept = { userSig, issuedAt: now };
    }
    return this.kept.userSig;
  }

  /** The vendor says that this one expired; a newer one, made since, is kept. */
  discard(userSig: string): void {
    if (this.kept?.userSig === userSig) this.kept = null;
  }
}
