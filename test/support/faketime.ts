import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** libfaketime of Debian, if it is there: it gives a process another clock. */
export const faketime = ((): string | undefined => {
  if (!existsSync('/usr/lib')) return undefined;
  return readdirSync('/usr/lib')
    .map((name) => join('/usr/lib', name, 'faketime/libfaketime.so.1'))
    .find((path) => existsSync(path));
})();

/** The environment of a process whose clock is off by so much, such as `-3s`; as it is without libfaketime. */
export function clockOffBy(offset: string): Record<string, string> {
  if (faketime === undefined) return {};
  return { LD_PRELOAD: faketime, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}
