/**
 * Waits for `work` for a limited time; it continues after that.
 * @returns whether it ended by then; rejects as it does.
 */
export function atMost(ms: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(false), ms);
    work.finally(() => clearTimeout(timer)).then(() => resolve(true), reject);
  });
}
