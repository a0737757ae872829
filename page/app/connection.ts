import { Store } from './store.js';

/** Of the view that is shown, to what it follows; `null`: it follows nothing. */
export const connection = new Store<'connecting' | 'live' | 'lost' | 'paused' | null>(null);
