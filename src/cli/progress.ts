// What a long command shows while it works: a bar on a terminal, elsewhere a line now and then.

const LINE_MS = 10_000;
const REDRAW_MS = 100;
const BAR = 30;
const ERASE_LINE = '\r\u001b[K';

export class Progress {
  private bar = '';
  private shownAt = performance.now();

  /** @param terminal draws on a terminal; `null` where there is none. */
  constructor(
    private readonly print: (line: string) => void,
    private readonly terminal: ((text: string) => void) | null,
  ) {}

  /**
   * @param total `null` where it is not known.
   * @param unit what is counted, in the plural.
   */
  report(done: number, total: number | null, unit: string): void {
    const now = performance.now();
    const isEnd = done === total;
    if (now - this.shownAt < (this.terminal ? REDRAW_MS : LINE_MS) && !isEnd) return;
    this.shownAt = now;
    const text = total === null ? `${done} ${unit}` : `${done} of ${total} ${unit}`;
    if (this.terminal === null) {
      if (!isEnd) this.print(text);
      return;
    }
    const filled = total === null ? '' : barOf(total === 0 ? 1 : done / total);
    this.bar = `${filled}${text}`;
    this.terminal(`${ERASE_LINE}${this.bar}`);
  }

  /** Writes lines with the bar out of the way. */
  around(write: () => void): void {
    if (this.bar === '' || this.terminal === null) return write();
    this.terminal(ERASE_LINE);
    write();
    this.terminal(this.bar);
  }

  /** Removes the bar. */
  end(): void {
    if (this.bar !== '') this.terminal?.(ERASE_LINE);
    this.bar = '';
  }
}

function barOf(share: number): string {
  return `[${'#'.repeat(Math.round(share * BAR)).padEnd(BAR, '.')}] `;
}
