import { href } from '../app/route.js';
import { useTitle } from '../app/title.js';
import { CallbacksTab } from './callbacks-tab.js';
import { ChangesTab } from './changes-tab.js';
import { RefusedTab } from './refused-tab.js';

const TABS = [
  ['callbacks', 'Callbacks'],
  ['refused', 'Refused callbacks'],
  ['changes', 'Changes'],
] as const;

export function ActivityView({ tab, query }: { tab: string; query: URLSearchParams }) {
  useTitle(TABS.find(([name]) => name === tab)?.[1] ?? 'Activity');
  return (
    <>
      <h1>Activity</h1>
      <nav class="tabs" aria-label="Kinds of activity">
        {TABS.map(([name, title]) => (
          <a
            key={name}
            href={href(['activity', name])}
            aria-current={name === tab ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      {tab === 'changes' && <ChangesTab />}
      {tab === 'refused' && <RefusedTab />}
      {tab !== 'changes' && tab !== 'refused' && <CallbacksTab query={query} />}
    </>
  );
}
