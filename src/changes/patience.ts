/** A wait that ends after `ms`, or when the asker has gone. */
export interface Patience {
  readonly over: Promise<void>;
  readonly isOver: () => boolean;
  readonly clear: () => void;
}

// Not AbortSignal.any and AbortSignal.timeout: Node 20 may collect them before they fire.
export function patience(ms: number, gone: AbortSignal): Patience {
  let isOver = false;
  let end: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    end = () => {
      isOver = true;
      resolve();
    };
  });
  const timer = setTimeout(end, ms);
  gone.addEventListener('abort', end, { once: true });
  return { over, isOver: () => isOver, clear: () => clearTimeout(timer) };
}
