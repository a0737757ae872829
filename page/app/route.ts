import { Store, useStore } from './store.js';

/** A view and what it shows, as the address's fragment says it: each can be shared. */
export interface Route {
  /** Decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

const route = new Store<Route>(parse(location.hash));
addEventListener('hashchange', () => route.set(parse(location.hash)));

export function useRoute(): Route {
  return useStore(route);
}

export function href(path: readonly string[], query?: URLSearchParams): string {
  const text = query?.toString() ?? '';
  return `#/${path.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

/** Another query of the same view, in place of the one before: typing a filter is no step back. */
export function replaceQuery(query: URLSearchParams): void {
  const { path } = route.value;
  history.replaceState(null, '', href(path, query));
  route.set({ path, query });
}

/** The query with one parameter set, or without it. */
export function withParameter(
  query: URLSearchParams,
  name: string,
  value: string | null,
): URLSearchParams {
  const next = new URLSearchParams(query);
  if (value === null || value === '') next.delete(name);
  else next.set(name, value);
  return next;
}

function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  return {
    path: path.split('/').filter(Boolean).map(decode),
    query: new URLSearchParams(query),
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // An address that was cut or typed.
    return part;
  }
}
