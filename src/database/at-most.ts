/**
 * Waits for something, but not for ever: it goes on unwatched after that time.
 * @returns whether it was over by then; rejects as it does.
 */
export function atMost(ms: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(false), ms);
    work.finally(() => clearTimeout(timer)).then(() => resolve(true), reject);
  });
}
