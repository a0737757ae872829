const WINDOW_MS = 1_000;
const MAX_LINES = 10;

interface Kind {
  readonly since: number;
  lines: number;
}

/** Lets only so many log lines of a kind through in a second: no flood of requests becomes one of the log. */
export class LineLimit {
  private readonly kinds = new Map<string, Kind>();

  /**
   * Whether another line of this kind may be written now.
   * @param kind of a small set.
   * @param summarise is called at the end of a second in which lines were left out, with their number.
   */
  admits(kind: string, summarise: (suppressed: number) => void): boolean {
    const now = performance.now();
    const found = this.kinds.get(kind);
    if (found === undefined || now - found.since >= WINDOW_MS) {
      this.kinds.set(kind, { since: now, lines: 1 });
      return true;
    }
    found.lines += 1;
    if (found.lines <= MAX_LINES) return true;
    if (found.lines === MAX_LINES + 1) {
      const leftMs = WINDOW_MS - (now - found.since);
      setTimeout(() => summarise(found.lines - MAX_LINES), leftMs).unref();
    }
    return false;
  }
}
