const TIMEOUT_MS = 30_000;
const POLL_MS = 20;

/** Resolves with the first value of `look` that is not false, null or undefined. */
export async function until<T>(
  look: () => Promise<T | false | null | undefined> | T | false | null | undefined,
  timeoutMs = TIMEOUT_MS,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== false && found !== null && found !== undefined) return found;
    if (performance.now() > deadline) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
