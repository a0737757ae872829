import { apiKey, forgetKey } from '../api/session.js';
import { connection } from './connection.js';
import { href, type Route } from './route.js';
import { useStore } from './store.js';

const VIEWS = [
  ['status', 'Status'],
  ['groups', 'Groups'],
  ['activity', 'Activity'],
] as const;

const CONNECTIONS = {
  connecting: 'Connecting…',
  live: 'Live',
  lost: 'Connection lost, trying again…',
  paused: 'Paused',
} as const;

export function Header({ route }: { route: Route }) {
  const key = useStore(apiKey);
  const state = useStore(connection);
  const current = route.path[0] ?? 'status';
  return (
    <header>
      <a class="brand" href={href(['status'])}>
        topic-mirror
      </a>
      <nav aria-label="Views">
        {VIEWS.map(([name, title]) => (
          <a key={name} href={href([name])} aria-current={name === current ? 'page' : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <span class="spacer" />
      <span class={`connection ${state ?? ''}`} role="status">
        {state && CONNECTIONS[state]}
      </span>
      {key !== null && (
        <button type="button" class="quiet" onClick={forgetKey}>
          Forget the key
        </button>
      )}
      <a class="quiet" href="docs">
        API
      </a>
    </header>
  );
}
