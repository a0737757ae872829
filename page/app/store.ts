import { useEffect, useReducer } from 'preact/hooks';

/** A value that components follow. */
export class Store<Value> {
  private readonly listeners = new Set<() => void>();

  constructor(private current: Value) {}

  get value(): Value {
    return this.current;
  }

  set(value: Value): void {
    if (Object.is(value, this.current)) return;
    this.current = value;
    for (const listener of this.listeners) listener();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

export function useStore<Value>(store: Store<Value>): Value {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const { value } = store;
  useEffect(() => {
    const unsubscribe = store.subscribe(() => redraw(undefined));
    // What changed since this was drawn had no subscriber.
    if (!Object.is(value, store.value)) redraw(undefined);
    return unsubscribe;
  }, [store]);
  return value;
}
