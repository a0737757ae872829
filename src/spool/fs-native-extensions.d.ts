// The package has no types of its own.
declare module 'fs-native-extensions' {
  /**
   * Locks the whole file for this open file, on Linux with `F_OFD_SETLK`; the kernel lets go when it is closed.
   * @returns whether nobody else holds it.
   */
  export function tryLock(fd: number): boolean;
}
