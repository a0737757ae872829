import { Store, useStore } from '../app/store.js';

const second = new Store(Date.now());
setInterval(() => second.set(Date.now()), 1000);

const DAY = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short' });
const CLOCK = new Intl.DateTimeFormat('sv-SE', { timeStyle: 'medium' });

/** A moment in local time; the title has it in UTC. */
export function Time({ at, withMs = false }: { at: string | null; withMs?: boolean }) {
  if (at === null) return <span class="none">never</span>;
  const date = new Date(at);
  const ms = withMs ? `.${at.slice(20, 23)}` : '';
  return (
    <time dateTime={at} title={at}>
      {DAY.format(date)} {CLOCK.format(date)}
      {ms}
    </time>
  );
}

/** How long ago something was, as time goes on. */
export function Ago({ at }: { at: string | null }) {
  const now = useStore(second);
  if (at === null) return <span class="none">never</span>;
  return (
    <time dateTime={at} title={at}>
      {ago(now - Date.parse(at))}
    </time>
  );
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

function ago(ms: number): string {
  const [unit, length] = UNITS.find(([, size]) => ms >= size) ?? ['second', 1000];
  const count = Math.floor(ms / length);
  return count <= 0 ? 'just now' : RELATIVE.format(-count, unit);
}
