import { hash } from 'node:crypto';

/** `Sign` of a callback: the hex SHA-256 of token and `RequestTime`. Source: 1047/34354, "Webhook authentication". */
export function signatureOf(token: string, requestTime: string): string {
  return hash('sha256', token + requestTime);
}

/** The decoded name of `name=value`, in lower case. */
export function parameterName(pair: string): string {
  const name = pair.split('=', 1)[0] ?? '';
  try {
    return decodeURIComponent(name).toLowerCase();
  } catch {
    // Broken percent-encoding: no name that anybody reads.
    return '';
  }
}
