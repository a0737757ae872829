import { useEffect, useRef } from 'preact/hooks';
import { ActivityView } from '../activity/activity-view.js';
import { CallbackView } from '../activity/callback-view.js';
import { access, apiKey } from '../api/session.js';
import { GroupView } from '../group/group-view.js';
import { GroupsView } from '../groups/groups-view.js';
import { LiveRegion } from '../parts/live-region.js';
import { StatusView } from '../status/status-view.js';
import { TopicView } from '../topic/topic-view.js';
import { KeyForm } from './key-form.js';
import { href, type Route, useRoute } from './route.js';
import { Header } from './header.js';
import { useStore } from './store.js';

export function App() {
  const route = useRoute();
  const isOpen = useStore(access) === 'open';
  const key = useStore(apiKey);
  const main = useRef<HTMLElement>(null);
  const view = route.path.join('\n');
  const isFirst = useRef(true);
  useEffect(() => {
    // A reader of the screen is where the view begins, as after a navigation.
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
    scrollTo(0, 0);
  }, [view]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <Header route={route} />
      <main id="main" tabIndex={-1} ref={main}>
        {isOpen ? <View key={`${key}\n${view}`} route={route} /> : <KeyForm />}
      </main>
      <footer>
        Times are in {Intl.DateTimeFormat().resolvedOptions().timeZone}. Nothing on this page
        changes anything: it only reads.
      </footer>
      <LiveRegion />
    </>
  );
}

function View({ route: { path, query } }: { route: Route }) {
  const [view = 'status', first, second, third] = path;
  if (view === 'status') return <StatusView />;
  if (view === 'groups') {
    if (first === undefined) return <GroupsView query={query} />;
    if (second === undefined) return <GroupView groupId={first} query={query} />;
    if (second === 'topics' && third !== undefined) {
      return <TopicView groupId={first} topicId={third} query={query} />;
    }
  }
  if (view === 'activity') {
    if (first === 'callbacks' && second !== undefined) return <CallbackView id={second} />;
    return <ActivityView tab={first ?? 'callbacks'} query={query} />;
  }
  return (
    <>
      <h1>No such view</h1>
      <p>
        The address leads nowhere on this page. <a href={href(['status'])}>Go to the status</a>.
      </p>
    </>
  );
}
