import { useEffect } from 'preact/hooks';
import { Store, useStore } from '../app/store.js';

const PAUSE_MS = 5_000;

const announcement = new Store('');
let lastAt = -Infinity;
let waiting: string | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says something to a screen reader; under load the latest, once every few seconds. */
export function announce(text: string): void {
  waiting = text;
  timer ??= setTimeout(say, Math.max(0, lastAt + PAUSE_MS - performance.now()));
}

function say(): void {
  timer = undefined;
  lastAt = performance.now();
  announcement.set(waiting ?? '');
}

export function LiveRegion() {
  const text = useStore(announcement);
  useEffect(() => () => clearTimeout(timer), []);
  return (
    <div class="hidden" aria-live="polite">
      {text}
    </div>
  );
}
