import { Store } from '../app/store.js';

const NAME = 'topic-mirror.key';

/** Whether data may be asked for: `missing` and `wrong` are what the service said of the key. */
export type Access = 'open' | 'missing' | 'wrong';

export const access = new Store<Access>('open');

/** The API key, until the browser's tab is closed. */
export const apiKey = new Store<string | null>(sessionStorage.getItem(NAME));

export function enterKey(key: string): void {
  // No key has other characters, and a header may not have them.
  if (!/^[\x21-\x7e]+$/.test(key)) return access.set('wrong');
  sessionStorage.setItem(NAME, key);
  apiKey.set(key);
  access.set('open');
}

export function forgetKey(): void {
  sessionStorage.removeItem(NAME);
  apiKey.set(null);
  // Where no key is needed the next answer says so.
  access.set('missing');
}

/** The service refused a request that was sent with `key`. */
export function refuse(key: string | null): void {
  if (key !== apiKey.value) return;
  access.set(key === null ? 'missing' : 'wrong');
}
